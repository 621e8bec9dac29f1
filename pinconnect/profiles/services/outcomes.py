"""How a trip to Pinterest ended, for the page that says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.sessions.backends.base import SessionBase

from pinconnect.lib import tokens as random_tokens
from pinconnect.profiles import messages, scopes
from pinconnect.profiles.messages import Words
from pinconnect.profiles.models import OAuthState, Profile
from pinconnect.workspaces.models import Workspace

# Where a session keeps the random value that binds its trips to it.
BINDING = "pinterest_binding"


@dataclass(frozen=True)
class ConnectOutcome:
    """code: one of messages.CONNECT_CODES. profile: the connected one, None unless the trip succeeded.

    state_pk, workspace, user_pk (the member who went, None for a partner), profile_pk (whose token was to be updated)
    and next_url are set once the answer was proved to belong to this browser session. came_id is Pinterest's id of who
    came, where a trip only asked for that. A member chooses next_url freely, so it proves nothing.
    """

    code: str
    profile: Profile | None = None
    expected_username: str = ""
    came_username: str = ""
    missing_scopes: tuple[str, ...] = ()
    state_pk: int | None = None
    workspace: Workspace | None = None
    user_pk: int | None = None
    profile_pk: int | None = None
    next_url: str = ""
    came_id: str = ""
    ended_at: datetime | None = None

    @property
    def words(self) -> Words:
        missing = "; ".join(scopes.in_words(scope) for scope in self.missing_scopes)
        names = {"expected": self.expected_username, "came": self.came_username}
        return messages.connect_words(self.code, profile=str(self.profile or ""), missing=missing, **names)


def connect_outcome(session: SessionBase, pk: int) -> ConnectOutcome | None:
    """The end of a trip that this session made; None for the trips of others and those still under way."""
    state = OAuthState.objects.select_related("result", "profile", "workspace").filter(pk=pk).first()
    if state is None or not belongs_to(session, state) or state.used_at is None:
        return None
    return outcome_of(state)


def belongs_to(session: SessionBase, state: OAuthState) -> bool:
    """Whether this browser session started the trip."""
    binding = session.get(BINDING, "")
    return bool(binding) and random_tokens.same(random_tokens.hash_token(binding), state.binding_hash)


def outcome_of(state: OAuthState) -> ConnectOutcome:
    """What a used state says about its end."""
    return ConnectOutcome(
        code=state.outcome or "unfinished",
        profile=state.result,
        expected_username=expected_username(state),
        came_username=state.came_username,
        missing_scopes=tuple(state.missing_scopes),
        state_pk=state.pk,
        workspace=state.workspace,
        user_pk=state.user_id,
        profile_pk=state.profile_id,
        next_url=state.next_url,
        came_id=state.came_id,
        ended_at=state.used_at,
    )


def expected_username(state: OAuthState) -> str:
    """Whom the trip was made for, empty for anybody."""
    return state.profile.username if state.profile else state.expected_username
