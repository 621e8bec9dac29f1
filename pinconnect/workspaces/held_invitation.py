"""The invitation whose link a browser opened: kept in its session, so that the token leaves the address bar at once."""

from typing import Any

from django.http import HttpRequest

from pinconnect.workspaces.models import MemberInvitation

_KEY = "member_invitation"


def hold(request: HttpRequest, invitation: MemberInvitation) -> None:
    request.session[_KEY] = {"id": invitation.pk, "token_hash": invitation.token_hash}


def held(request: HttpRequest) -> MemberInvitation | None:
    """None as well when it was revoked or sent again since: a newer link has replaced the one that was opened."""
    kept: dict[str, Any] | None = request.session.get(_KEY)
    if not kept:
        return None
    found = MemberInvitation.objects.select_related("workspace", "invited_by").filter(
        pk=kept["id"], token_hash=kept["token_hash"], revoked_at__isnull=True
    )
    return found.first()


def pending_email(request: HttpRequest) -> str | None:
    """The address of the held invitation while it can still be accepted; its owner proved to read that mailbox."""
    invitation = held(request)
    return invitation.email.lower() if invitation and invitation.is_pending else None


def let_go(request: HttpRequest) -> None:
    request.session.pop(_KEY, None)
