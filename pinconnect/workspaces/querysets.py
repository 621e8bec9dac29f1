"""Reads that every workspace-owned model shares, and those of the workspaces app."""

from typing import Any, NoReturn, Self

from django.db import models
from django.utils import timezone


class WorkspaceOwnedQuerySet(models.QuerySet[Any]):
    """Start every read of a page here: whatever belongs to another workspace does not exist."""

    def for_workspace(self, workspace: Any) -> Self:
        return self.filter(workspace=workspace)


class InvitationQuerySet(WorkspaceOwnedQuerySet):
    def open(self) -> Self:
        """Neither accepted nor revoked; it may have expired."""
        return self.filter(accepted_at__isnull=True, revoked_at__isnull=True)

    def pending(self) -> Self:
        """Open, and its link still works."""
        return self.open().filter(expires_at__gt=timezone.now())


class AuditQuerySet(WorkspaceOwnedQuerySet):
    """Append only: what was written can be read, and nothing else."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise TypeError("An audit event is never changed.")

    def delete(self) -> NoReturn:
        raise TypeError("An audit event is never deleted.")
