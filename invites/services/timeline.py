"""The one way to add a line to an invite's timeline."""

from invites.models import AppInvite, InviteCode, InviteEvent
from invites.models.event import EventKind
from pinconnect.workspaces.models import User


def note(
    invite: AppInvite, kind: EventKind, *, origin: str = "", detail: str = "", code: InviteCode | None = None
) -> InviteEvent:
    return InviteEvent.objects.create(invite=invite, kind=kind, code=code, origin=origin[:80], detail=detail[:200])


def note_member(invite: AppInvite, kind: EventKind, by: User | None, *, detail: str = "") -> InviteEvent:
    """What a member did, or what PinConnect did by itself."""
    return note(invite, kind, origin=f"by {by}" if by else "by itself", detail=detail)
