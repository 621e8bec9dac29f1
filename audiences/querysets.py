"""Reads by intent over deliveries, runs and batches."""

from typing import Self

from audiences.states import RUN_ACTIVE, DeliveryState
from pinconnect.workspaces.querysets import WorkspaceOwnedQuerySet


class DeliveryQuerySet(WorkspaceOwnedQuerySet):
    def not_archived(self) -> Self:
        return self.exclude(state=DeliveryState.ARCHIVED)


class RunQuerySet(WorkspaceOwnedQuerySet):
    def active(self) -> Self:
        return self.filter(state__in=RUN_ACTIVE)
