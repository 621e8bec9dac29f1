"""Reads of alerts by intent."""

from typing import Self

from pinconnect.workspaces.querysets import WorkspaceOwnedQuerySet


class AlertQuerySet(WorkspaceOwnedQuerySet):
    def open(self) -> Self:
        return self.filter(resolved_at__isnull=True)

    def resolved(self) -> Self:
        """The newest first."""
        return self.filter(resolved_at__isnull=False).order_by("-resolved_at", "-pk")
