"""Reads by intent over app invites."""

from typing import Self

from django.utils import timezone

from invites.states import INVITE_OPEN
from pinconnect.workspaces.querysets import WorkspaceOwnedQuerySet


class AppInviteQuerySet(WorkspaceOwnedQuerySet):
    def not_archived(self) -> Self:
        return self.filter(archived_at=None)

    def usable(self) -> Self:
        return self.filter(state__in=INVITE_OPEN, expires_at__gt=timezone.now(), archived_at=None)
