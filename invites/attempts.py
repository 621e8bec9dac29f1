"""One try of a partner: the line of the timeline that began it, and the address at which it ends."""

from urllib.parse import parse_qs, urlsplit

from django.contrib.sessions.backends.base import SessionBase
from django.urls import reverse

from invites.models import InviteEvent
from invites.models.event import EventKind

# Where a browser's session keeps the numbers of the attempts it began, newest last.
IN_SESSION = "app_invite_attempts"
REMEMBERED = 20


def way_back(attempt: InviteEvent) -> str:
    """Where the trip to Pinterest ends."""
    return reverse("invites:finish", query={"attempt": attempt.pk})


def of_partner(way: str, *, user_pk: int | None, workspace_pk: int | None) -> InviteEvent | None:
    """The attempt that a partner's trip belongs to. A member can name any way back, but is no partner."""
    attempt = _of(way) if user_pk is None else None
    return attempt if attempt is not None and attempt.invite.workspace_id == workspace_pk else None


def _of(way: str) -> InviteEvent | None:
    """The attempt that a way back belongs to; None for the ways of others."""
    parts = urlsplit(way)
    numbers = parse_qs(parts.query).get("attempt", [])
    if parts.path != reverse("invites:finish") or not numbers or not numbers[0].isdecimal():
        return None
    found = InviteEvent.objects.filter(kind=EventKind.STARTED, pk=int(numbers[0]))
    related = ("invite__workspace", "invite__profile", "invite__created_by", "invite__result", "code")
    return found.select_related(*related).first()


def link_works(attempt: InviteEvent) -> bool:
    """Whether the link that it began with has not been replaced since."""
    return attempt.code is not None and attempt.code.revoked_at is None


def remember(session: SessionBase, attempt: InviteEvent) -> None:
    session[IN_SESSION] = [*session.get(IN_SESSION, []), attempt.pk][-REMEMBERED:]


def is_of(session: SessionBase, attempt: InviteEvent) -> bool:
    """Whether this browser began it."""
    return attempt.pk in session.get(IN_SESSION, [])
