"""States of an app invite and the moves it may make."""

from django.db import models


class InviteState(models.TextChoices):
    PENDING = "pending", "Pending"
    AUTHORISING = "authorising", "Authorising"  # the partner went to Pinterest and has not come back
    ACTIVE = "active", "Active"
    FAILED = "failed", "Failed"  # the last attempt failed; the link still works
    REVOKED = "revoked", "Revoked"


# An invite that can still be used by its partner. Whether it has expired is a matter of time, not a stored state.
INVITE_OPEN = frozenset({InviteState.PENDING, InviteState.AUTHORISING, InviteState.FAILED})
INVITE_MOVES: dict[str, frozenset[str]] = {
    InviteState.PENDING: frozenset(
        {InviteState.AUTHORISING, InviteState.ACTIVE, InviteState.FAILED, InviteState.REVOKED}
    ),
    InviteState.AUTHORISING: frozenset(
        {InviteState.AUTHORISING, InviteState.ACTIVE, InviteState.FAILED, InviteState.REVOKED}
    ),
    InviteState.FAILED: frozenset(
        {InviteState.AUTHORISING, InviteState.ACTIVE, InviteState.FAILED, InviteState.REVOKED}
    ),
    InviteState.ACTIVE: frozenset(),
    InviteState.REVOKED: frozenset(),
}
