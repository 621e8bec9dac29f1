"""What a partner does behind a link: look, start, come back, and later withdraw."""

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from invites.models import AppInvite, InviteCode
from invites.models.event import EventKind
from invites.services.sending import note
from invites.states import INVITE_MOVES, INVITE_OPEN, InviteState
from pinconnect.lib import states, tokens
from pinconnect.profiles.models import Profile
from pinconnect.workspaces import audit

# Attempts to open a link, in the window below, before an address or an invite has to wait.
ATTEMPTS_PER_ADDRESS = 60
STARTS_PER_INVITE = 30
WINDOW_S = 600


def find(code: str) -> AppInvite | None:
    """The invite behind a code. None for unknown, replaced and revoked codes alike, so a stranger learns nothing."""
    found = InviteCode.objects.select_related("invite__workspace", "invite__profile", "invite__created_by").filter(
        code_hash=tokens.hash_token(code), revoked_at=None
    )
    row = found.first()
    if row is None or row.invite.state == InviteState.REVOKED or row.invite.archived_at:
        return None
    return row.invite


def too_many(kind: str, who: str, limit: int) -> bool:
    """Count one attempt in the shared cache; True when the window's limit is passed."""
    key = f"invite-{kind}-{tokens.hash_token(who)[:24]}"
    if cache.add(key, 1, WINDOW_S):
        return False
    try:
        return int(cache.incr(key)) > limit
    except ValueError:
        # The window ended between the two calls; this attempt opens a new one.
        cache.add(key, 1, WINDOW_S)
        return False


def viewed(invite: AppInvite, *, origin: str) -> None:
    """Note that the page was opened. It leaves the invite as usable as before: mail scanners open links too."""
    AppInvite.objects.filter(pk=invite.pk, first_viewed_at=None).update(first_viewed_at=timezone.now())
    last = invite.events.order_by("-pk").first()
    if last is None or last.kind != EventKind.VIEWED or last.origin != origin:
        note(invite, EventKind.VIEWED, origin=origin)


def started(invite: AppInvite, *, origin: str) -> None:
    """The partner went to Pinterest."""
    _move(invite, InviteState.AUTHORISING)
    note(invite, EventKind.STARTED, origin=origin)


def failed(invite: AppInvite, *, code: str, origin: str) -> None:
    """The partner came back without success; the link still works."""
    if _move(invite, InviteState.FAILED, failure=code):
        note(invite, EventKind.FAILED, origin=origin, detail=code)


@transaction.atomic
def activated(invite: AppInvite, profile: Profile, *, origin: str) -> str | None:
    """Use the invite up: of several tabs, one wins. Returns the clear code of the partner's own page, or None."""
    page_code = tokens.new_token()
    changes = {
        "result": profile,
        "failure": "",
        "activated_at": timezone.now(),
        "partner_page_hash": tokens.hash_token(page_code),
    }
    if not _move(invite, InviteState.ACTIVE, **changes):
        return None
    note(invite, EventKind.ACTIVATED, origin=origin, detail=profile.username)
    audit.record("app_invite.activated", invite, workspace=invite.workspace, by=None, profile=profile.username)
    return page_code


def find_by_page(code: str) -> AppInvite | None:
    """The invite whose partner's own page has this code."""
    found = AppInvite.objects.select_related("workspace", "result").exclude(partner_page_hash="")
    return found.filter(partner_page_hash=tokens.hash_token(code), state=InviteState.ACTIVE).first()


def _move(invite: AppInvite, to: InviteState, **changes: object) -> bool:
    rows = AppInvite.objects.filter(pk=invite.pk)
    return any(states.move(rows, frm=state, to=to, table=INVITE_MOVES, **changes) for state in INVITE_OPEN)
