"""What a partner does behind a link: look, go to Pinterest, and come back with or without success."""

from datetime import timedelta

from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.utils import timezone

from invites import attempts, emails
from invites.models import AppInvite, InviteCode, InviteEvent
from invites.models.event import EventKind
from invites.services.sending import require_usable
from invites.services.timeline import note
from invites.states import INVITE_MOVES, INVITE_OPEN, InviteState
from pinconnect.lib import states
from pinconnect.profiles import services as profiles
from pinconnect.profiles.models import OAuthState, Profile
from pinconnect.profiles.signals import GrantUnwanted
from pinconnect.workspaces import audit

# Looks that are noted: one per origin and hour, and no more than so many, because anybody can look.
LOOKS_NOTED = 30
SAME_LOOK = timedelta(hours=1)


def looked_at(invite: AppInvite, *, origin: str) -> None:
    """Note that the page was opened. Nothing else ever follows from it: programs that check e-mail open links too."""
    looks = invite.events.filter(kind=EventKind.VIEWED)
    is_repeated = looks.filter(origin=origin[:80], at__gt=timezone.now() - SAME_LOOK).exists()
    if is_repeated or looks.count() >= LOOKS_NOTED:
        return
    AppInvite.objects.filter(pk=invite.pk, first_viewed_at=None).update(first_viewed_at=timezone.now())
    note(invite, EventKind.VIEWED, origin=origin)


@transaction.atomic
def start(link: InviteCode, *, session: SessionBase, origin: str) -> str:
    """The partner agreed to go to Pinterest; returns the address there. Raises InviteRefusal and Refused."""
    invite = link.invite
    require_usable(invite)
    attempt = note(invite, EventKind.STARTED, origin=origin, code=link)
    _move(invite, InviteState.AUTHORISING, started_at=attempt.at)
    url = profiles.start_connect(
        invite.workspace,
        by=None,
        session=session,
        next_url=attempts.way_back(attempt),
        profile=invite.profile,
        expected_username="" if invite.profile else invite.expected_username,
    )
    attempts.remember(session, attempt)
    return url


def redeem(trip: OAuthState, profile: Profile) -> None:
    """Use the invite up in the transaction that stores the grant: of several tabs one wins, the others store nothing.

    Raises GrantUnwanted when the invite was used or revoked meanwhile, or the link replaced with which it began.
    """
    attempt = _attempt(trip)
    if attempt is None:
        return
    invite = attempt.invite
    changes = {"result": profile, "failure": "", "activated_at": timezone.now()}
    # Locked, so that nobody can replace it before the grant is stored.
    links = InviteCode.objects.select_for_update().filter(revoked_at=None)
    link = links.filter(pk=attempt.code_id).first() if attempt.code_id is not None else None
    is_open = link is not None and invite.archived_at is None and _move(invite, InviteState.ACTIVE, **changes)
    if not is_open:
        raise GrantUnwanted("no_longer_wanted")
    emails.drop(invite)
    emails.queue_granted(invite)
    note(invite, EventKind.ACTIVATED, origin=attempt.origin, detail=f"@{profile.username}")
    audit.record("app_invite.activated", invite, workspace=invite.workspace, by=None, profile=profile.username)


def ended(trip: OAuthState) -> None:
    """Note an attempt without success; the link still works."""
    attempt = _attempt(trip)
    if attempt is None or trip.result_id is not None:
        return
    if _move(attempt.invite, InviteState.FAILED, failure=trip.outcome):
        note(attempt.invite, EventKind.FAILED, origin=attempt.origin, detail=trip.outcome)


def _attempt(trip: OAuthState) -> InviteEvent | None:
    return attempts.of_partner(trip.next_url, user_pk=trip.user_id, workspace_pk=trip.workspace_id)


def _move(invite: AppInvite, to: InviteState, **changes: object) -> bool:
    rows = AppInvite.objects.filter(pk=invite.pk)
    return any(states.move(rows, frm=state, to=to, table=INVITE_MOVES, **changes) for state in INVITE_OPEN)
