"""Brings on what a crash or a lost hint has left: unexamined snapshots, half-received ones, files of deleted ones."""

from datetime import timedelta

from django.utils import timezone

from pinconnect.datasets.models import Snapshot, SnapshotState
from pinconnect.datasets.services import deleting, receiving, stores
from pinconnect.queue import hints, reconciler

# A large upload may take its time on the way to a remote storage; after this nobody is sending any more.
_RECEIVING_LIMIT = timedelta(hours=12)
_AT_ONCE = 100


def hint_unexamined() -> int:
    """Hint again at snapshots nobody has examined; returns how many."""
    waiting = Snapshot.objects.to_examine(timezone.now()).values_list("pk", flat=True)[:_AT_ONCE]
    for pk in waiting:
        hints.enqueue(receiving.EXAMINE_TASK, pk, cluster="prepare")
    return len(waiting)


def clean_up() -> int:
    """Remove what was never received in full, what is deleted but still stored, and what is outdated."""
    abandoned = Snapshot.objects.filter(state=SnapshotState.RECEIVING, created_at__lt=timezone.now() - _RECEIVING_LIMIT)
    half_deleted = Snapshot.objects.filter(state=SnapshotState.DELETED).exclude(storage_name="")
    return (
        sum(receiving.forget(snapshot) for snapshot in abandoned[:_AT_ONCE])
        + sum(deleting.remove_files(pk) for pk in half_deleted.values_list("pk", flat=True)[:_AT_ONCE])
        + deleting.delete_outdated()
        + stores.sweep()
    )


def register() -> None:
    reconciler.register("datasets.examine", hint_unexamined, every_s=60)
    reconciler.register("datasets.clean_up", clean_up, every_s=3600)
