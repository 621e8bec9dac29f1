"""Deleting the rows of snapshots: when a person asks, and when their time is over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from pinconnect.datasets import pins
from pinconnect.datasets.models import Dataset, Snapshot, SnapshotState
from pinconnect.datasets.services import stores
from pinconnect.datasets.services.datasets import current_snapshots
from pinconnect.datasets.services.examining import made_names
from pinconnect.queue.budget import TimeBudget
from pinconnect.workspaces import audit
from pinconnect.workspaces.models import User

AT_ONCE = 100


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
    if snapshot.pk in pins.pinned():
        reading = ["A run is reading it: it stops if it has not prepared its data yet, and cannot repair lost files."]
    else:
        reading = []
    return reading + _consequences_for_dataset(snapshot)


def _consequences_for_dataset(snapshot: Snapshot) -> list[str]:
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


def delete_outdated(now: datetime | None = None, *, budget: TimeBudget | None = None) -> int:
    """Delete rows that nothing uses any more, once they have been kept for SNAPSHOT_KEEP_DAYS; returns how many.

    Those are: replaced by a later overwriting snapshot, refused, or of an archived dataset. 0 days keeps them for ever.
    What somebody still reads waits, and so does what is more than a few at once, or comes when the budget is spent.
    """
    if not settings.SNAPSHOT_KEEP_DAYS:
        return 0
    limit = (now or timezone.now()) - timedelta(days=settings.SNAPSHOT_KEEP_DAYS)
    deleted = 0
    for snapshot in islice(_outdated(limit), AT_ONCE):
        if budget is not None and budget.is_spent:
            break
        deleted += delete_snapshot(snapshot, by=None, reason="outdated")
    return deleted


def _outdated(limit: datetime) -> Iterator[Snapshot]:
    kept = Snapshot.objects.kept().exclude(pk__in=pins.pinned()).select_related("dataset", "workspace")
    refused = kept.filter(state=SnapshotState.REFUSED, created_at__lt=limit)
    archived = kept.filter(state=SnapshotState.READY, dataset__archived_at__lt=limit)
    yield from refused[:AT_ONCE]
    yield from archived[:AT_ONCE]
    overwriting = Snapshot.objects.ready().filter(
        mode="overwrite", ready_at__lt=limit, dataset__archived_at__isnull=True
    )
    newest: dict[int, int] = {}
    for dataset_id, number in overwriting.values_list("dataset_id", "number"):
        newest[dataset_id] = max(number, newest.get(dataset_id, 0))
    for dataset_id, number in newest.items():
        yield from kept.filter(Q(state=SnapshotState.READY), dataset_id=dataset_id, number__lt=number)[:AT_ONCE]


def bytes_kept(dataset: Dataset) -> int:
    """How much of the dataset's uploads is stored, in bytes."""
    return sum(Snapshot.objects.kept().filter(dataset=dataset).values_list("size_bytes", flat=True))
