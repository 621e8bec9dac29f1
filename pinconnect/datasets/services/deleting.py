"""Deleting the rows of snapshots: when a person asks, and when their time is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from pinconnect.datasets.models import Dataset, Snapshot, SnapshotState
from pinconnect.datasets.services import stores
from pinconnect.datasets.services.datasets import current_snapshots
from pinconnect.datasets.services.examining import made_names
from pinconnect.workspaces import audit
from pinconnect.workspaces.models import User


def delete_snapshot(snapshot: Snapshot, *, by: User | None, reason: str = "asked") -> bool:
    """Delete its rows for good; what was counted stays in the history. False when they were gone already.

    Somebody who examines it meanwhile loses the lease and throws the result away.
    """
    with transaction.atomic():
        kept = Snapshot.objects.filter(pk=snapshot.pk).exclude(
            state__in=[SnapshotState.DELETED, SnapshotState.RECEIVING]
        )
        gone = {"state": SnapshotState.DELETED, "deleted_at": timezone.now(), "preview": [], "correction": None}
        if not kept.update(**gone, lease_token="", lease_until=None):
            return False
        audit.record(
            "snapshot.deleted", snapshot, workspace=snapshot.workspace, by=by, reason=reason, rows=snapshot.rows
        )
        transaction.on_commit(lambda: remove_files(snapshot.pk))
    snapshot.refresh_from_db()
    return True


def remove_files(snapshot_id: int) -> bool:
    """Take the files of a deleted snapshot out of the storage; False when that has to be tried again."""
    snapshot = Snapshot.objects.filter(pk=snapshot_id, state=SnapshotState.DELETED).first()
    if snapshot is None or not snapshot.storage_name:
        return False
    names = {*snapshot.stored_names, *made_names(snapshot, before=snapshot.reading + 1)}
    if not stores.remove(names):
        return False
    Snapshot.objects.filter(pk=snapshot_id).update(storage_name="", clean_name="", broken_rows_name="")
    return True


def rows_without(snapshot: Snapshot) -> list[Snapshot]:
    """Which snapshots would be the dataset's rows if this one were deleted, oldest first."""
    others = Snapshot.objects.ready().filter(dataset=snapshot.dataset_id).exclude(pk=snapshot.pk).order_by("number")
    found = list(others)
    starts = [at for at, other in enumerate(found) if other.mode == "overwrite"]
    return found[starts[-1] :] if starts else found


def consequences_of_deleting(snapshot: Snapshot) -> list[str]:
    """What deleting it means for the dataset, in sentences."""
    if snapshot.state != SnapshotState.READY:
        return ["It was never used, so nothing else changes."]
    remaining = rows_without(snapshot)
    if {other.pk for other in remaining} == {other.pk for other in current_snapshots(snapshot.dataset)}:
        return ["It is not in use any more, so the dataset keeps its rows."]
    if not remaining:
        return [
            "The dataset is then empty.",
            "Deliveries that mirror it would remove everybody at their next run; they stop and ask you first.",
        ]
    rows = sum(other.rows or 0 for other in remaining)
    numbers = ", ".join(str(other.number) for other in remaining)
    noun = "snapshot" if len(remaining) == 1 else "snapshots"
    return [
        f"The dataset then holds {rows:,} rows, of {noun} {numbers}.",
        "Deliveries that mirror it bring the audience to that state at their next run.",
    ]


def delete_outdated(now: datetime | None = None) -> int:
    """Delete rows that nothing uses any more, once they have been kept for SNAPSHOT_KEEP_DAYS; returns how many.

    Those are: replaced by a later overwriting snapshot, refused, or of an archived dataset. 0 days keeps them for ever.
    """
    if not settings.SNAPSHOT_KEEP_DAYS:
        return 0
    limit = (now or timezone.now()) - timedelta(days=settings.SNAPSHOT_KEEP_DAYS)
    return sum(delete_snapshot(snapshot, by=None, reason="outdated") for snapshot in _outdated(limit))


def _outdated(limit: datetime) -> list[Snapshot]:
    kept = Snapshot.objects.kept().select_related("dataset", "workspace")
    refused = kept.filter(state=SnapshotState.REFUSED, created_at__lt=limit)
    archived = kept.filter(state=SnapshotState.READY, dataset__archived_at__lt=limit)
    replaced: list[Snapshot] = []
    overwriting = Snapshot.objects.ready().filter(
        mode="overwrite", ready_at__lt=limit, dataset__archived_at__isnull=True
    )
    newest: dict[int, int] = {}
    for dataset_id, number in overwriting.values_list("dataset_id", "number"):
        newest[dataset_id] = max(number, newest.get(dataset_id, 0))
    for dataset_id, number in newest.items():
        replaced.extend(kept.filter(Q(state=SnapshotState.READY), dataset_id=dataset_id, number__lt=number))
    return [*refused, *archived, *replaced]


def bytes_kept(dataset: Dataset) -> int:
    """How much of the dataset's uploads is stored, in bytes."""
    return sum(Snapshot.objects.kept().filter(dataset=dataset).values_list("size_bytes", flat=True))
