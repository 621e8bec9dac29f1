"""Reads of datasets and snapshots, named by what they are for."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Count, Max, OuterRef, Q, Subquery, Sum

from pinconnect.queue import leases
from pinconnect.workspaces.querysets import WorkspaceOwnedQuerySet


class DatasetQuerySet(WorkspaceOwnedQuerySet):
    def current(self) -> Self:
        """Not archived."""
        return self.filter(archived_at__isnull=True)

    def matching(self, words: str) -> Self:
        """With these words in name or description."""
        return self.filter(Q(name__icontains=words) | Q(description__icontains=words)) if words else self

    def with_contents(self) -> Self:
        """Annotated with what a list shows: row_count of the rows in use, snapshot_count, and newest_at."""
        from pinconnect.datasets.models import Snapshot

        snapshots = Snapshot.objects.filter(dataset=OuterRef("pk")).order_by()
        in_use = snapshots.in_use(OuterRef("pk"))
        return self.annotate(
            row_count=Subquery(in_use.values("dataset").annotate(n=Sum("rows")).values("n")),
            snapshot_count=Subquery(in_use.values("dataset").annotate(n=Count("pk")).values("n")),
            newest_at=Subquery(in_use.values("dataset").annotate(n=Max("ready_at")).values("n")),
        )


class SnapshotQuerySet(WorkspaceOwnedQuerySet):
    def ready(self) -> Self:
        return self.filter(state="ready")

    def kept(self) -> Self:
        """Whose files are still stored."""
        return self.exclude(state="deleted")

    def to_examine(self, now: datetime) -> Self:
        """New, or corrected by a person, and in nobody's hands."""
        free = leases.is_free(now)
        return self.filter(Q(state="received") | Q(state__in=["ready", "refused"], correction__isnull=False), free)

    def in_use(self, dataset: Any) -> Self:
        """The ready snapshots of a dataset from its newest overwriting one on: together they are its rows."""
        # By the row's own dataset: an outer reference handed in would, one level further down, mean this row.
        newest = (
            self.model._default_manager.filter(dataset=OuterRef("dataset"), state="ready", mode="overwrite")
            .order_by("-number")
            .values("number")[:1]
        )
        after = Q(number__gte=Subquery(newest)) | ~models.Exists(newest)
        return self.filter(after, dataset=dataset, state="ready")
