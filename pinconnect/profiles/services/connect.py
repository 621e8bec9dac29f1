"""The trip to Pinterest's consent page and back."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from pinconnect.lib import tokens as random_tokens
from pinconnect.pinterest import oauth, user_accounts
from pinconnect.pinterest.client import Client
from pinconnect.pinterest.errors import MissingScope, NotPermitted, PinterestError, Terminal, TokenRefused
from pinconnect.pinterest.types import PinterestUser, TokenPair
from pinconnect.profiles import messages
from pinconnect.profiles.models import OAuthState, Profile
from pinconnect.profiles.scopes import ASKED_FOR, TO_IDENTIFY
from pinconnect.profiles.services import grants
from pinconnect.profiles.services.outcomes import BINDING, ConnectOutcome, belongs_to, outcome_of
from pinconnect.profiles.signals import GrantUnwanted, grant_stored, trip_ended
from pinconnect.workspaces.models import Membership, User, Workspace
from pinconnect.workspaces.refusals import Refused
from pinconnect.workspaces.roles import Verb, allows

logger = logging.getLogger(__name__)

LIFETIME = timedelta(minutes=10)
KEPT = timedelta(days=7)


class _Ended(Exception):  # noqa: N818 -- it ends a trip, well or not
    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


def start_connect(
    workspace: Workspace,
    *,
    by: User | None,
    session: SessionBase,
    next_url: str = "",
    profile: Profile | None = None,
    expected_username: str = "",
) -> str:
    """Begin a trip and return the address at Pinterest to send the browser to.

    by: None for a partner without an account. next_url: a path of ours to end at, with ?connect=<number> appended.
    profile: only this one may come back. expected_username: only this Pinterest user may, for a new profile.
    Raises Refused when no Pinterest app is set up, ValueError for a next_url that leads elsewhere.
    """
    return _begin(
        session,
        next_url,
        ASKED_FOR,
        workspace=workspace,
        user=by,
        profile=profile,
        expected_username=expected_username.strip().removeprefix("@"),
    )


def may_lead_to(next_url: str) -> bool:
    """Whether a trip may end there: a path of this site that can be kept meanwhile."""
    longest = OAuthState._meta.get_field("next_url").max_length or 0
    is_kept = len(next_url) <= longest and "\0" not in next_url
    return is_kept and next_url.startswith("/") and url_has_allowed_host_and_scheme(next_url, allowed_hosts=None)


def start_identify(*, session: SessionBase, next_url: str) -> str:
    """Begin a trip that only finds out who somebody is at Pinterest: no profile is made or changed, no token is kept.

    The page at next_url reads came_id and came_username from connect_outcome. Raises as start_connect does.
    """
    return _begin(session, next_url, TO_IDENTIFY)


def _begin(session: SessionBase, next_url: str, scopes: tuple[str, ...], **facts: object) -> str:
    if not settings.PINTEREST_APP_ID:
        raise Refused(messages.NO_APP)
    if next_url and not may_lead_to(next_url):
        raise ValueError("next_url must be a path of this site.")
    state, binding = random_tokens.new_token(), session.setdefault(BINDING, random_tokens.new_token())
    now = timezone.now()
    OAuthState.objects.create(
        state_hash=random_tokens.hash_token(state),
        binding_hash=random_tokens.hash_token(binding),
        scopes=list(scopes),
        next_url=next_url,
        created_at=now,
        expires_at=now + LIFETIME,
        **facts,
    )
    return oauth.authorize_url(state=state, scopes=scopes, redirect_uri=settings.PINTEREST_REDIRECT_URI)


def finish_connect(
    params: Mapping[str, str], *, session: SessionBase, user: User | AnonymousUser | None
) -> ConnectOutcome:
    """Take Pinterest's answer, once, and only in the session that began the trip. Never raises for a bad one."""
    given = params.get("state", "")
    if not given:
        return ConnectOutcome("state_missing")
    found = OAuthState.objects.select_related("workspace", "profile", "result", "user")
    state = found.filter(state_hash=random_tokens.hash_token(given)).first()
    if state is None:
        return ConnectOutcome("state_unknown")
    if not belongs_to(session, state):
        return ConnectOutcome("other_browser")
    if state.user is not None and state.user != user:
        return ConnectOutcome("other_user")
    if not _use_up(state):
        return _replay(state)
    try:
        profile, is_new = _complete(state, params)
    except _Ended as end:
        return _note(state, end.code, **end.facts)
    return _note(state, "connected" if is_new else "updated", result=profile, came_username=profile.username)


def forget_old_states() -> int:
    """Delete trips that ended a week ago; returns how many."""
    return OAuthState.objects.filter(expires_at__lt=timezone.now() - KEPT).delete()[0]


def _use_up(state: OAuthState) -> bool:
    # One statement, so that of two answers that arrive together one loses.
    return OAuthState.objects.filter(pk=state.pk, used_at=None).update(used_at=timezone.now()) == 1


def _replay(state: OAuthState) -> ConnectOutcome:
    if state.next_url:
        # The page there looks the first answer up by its number, so going back does no harm.
        return outcome_of(state)
    return ConnectOutcome("replayed", state_pk=state.pk, workspace=state.workspace, profile_pk=state.profile_id)


def _note(state: OAuthState, code: str, **facts: object) -> ConnectOutcome:
    OAuthState.objects.filter(pk=state.pk).update(outcome=code, **facts)
    for name, value in {"outcome": code, **facts}.items():
        setattr(state, name, value)
    trip_ended.send(OAuthState, trip=state)
    return outcome_of(state)


def _complete(state: OAuthState, params: Mapping[str, str]) -> tuple[Profile, bool]:
    if state.expires_at <= timezone.now():
        raise _Ended("state_expired")
    if params.get("error"):
        raise _Ended("declined" if params["error"] == "access_denied" else "odd_answer")
    if not params.get("code"):
        raise _Ended("odd_answer")
    if state.user is not None and not _may_connect(state.workspace, state.user):
        raise _Ended("no_longer_allowed")
    pair, person = _ask_pinterest(state, params["code"])
    if state.workspace is None:
        raise _Ended("identified", came_username=person.username[:100], came_id=(person.id or "")[:30])
    if not grants.is_expected(person, profile=state.profile, username=state.expected_username):
        raise _Ended("wrong_account", came_username=person.username[:100])
    try:
        with transaction.atomic():
            profile, is_new = grants.store(state.workspace, person, pair, by=state.user, profile=state.profile)
            grant_stored.send(OAuthState, trip=state, profile=profile)
    except GrantUnwanted as no:
        raise _Ended(no.code) from no
    return profile, is_new


def _may_connect(workspace: Workspace | None, user: User) -> bool:
    membership = Membership.objects.filter(workspace=workspace, user=user).first()
    return membership is not None and allows(membership.role, Verb.OPERATE)


def _ask_pinterest(state: OAuthState, code: str) -> tuple[TokenPair, PinterestUser]:
    try:
        pair = oauth.exchange_code(code=code, redirect_uri=settings.PINTEREST_REDIRECT_URI)
        # Pinterest may leave the scopes out; then it granted what was asked for.
        granted = set(pair.scopes or state.scopes)
        missing = [scope for scope in state.scopes if scope not in granted]
        if missing:
            raise _Ended("missing_scopes", missing_scopes=missing)
        return pair, user_accounts.get(Client(pair.access_token))
    except MissingScope as refusal:
        raise _Ended("missing_scopes", missing_scopes=["user_accounts:read"]) from refusal
    except TokenRefused as refusal:
        raise _Ended(_blame(refusal)) from refusal
    except NotPermitted as refusal:
        raise _Ended("app_refused") from refusal
    except Terminal as refusal:
        raise _Ended("code_refused") from refusal
    except PinterestError as trouble:
        logger.warning("Connecting a profile failed: %s", trouble)
        raise _Ended("pinterest_down") from trouble


def _blame(refusal: TokenRefused) -> str:
    """A bad code and bad credentials of the app can be answered alike; ask about the app alone."""
    if refusal.status != 401:
        return "code_refused"
    try:
        return "code_refused" if oauth.app_is_accepted() else "app_refused"
    except PinterestError:
        return "code_refused"
