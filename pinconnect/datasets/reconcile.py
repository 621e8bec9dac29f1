"""Brings on what a crash or a lost hint has left: unexamined snapshots, half-received ones, files of deleted ones."""

from datetime import timedelta

from django.utils import timezone

from pinconnect.datasets.models import Snapshot, SnapshotState
from pinconnect.datasets.services import deleting, receiving, stores
from pinconnect.queue import hints, holders, reconciler
from pinconnect.queue.budget import TimeBudget

# A large upload may take its time on the way to a remote storage; after this nobody is sending any more.
_RECEIVING_LIMIT = timedelta(hours=12)
_AT_ONCE = 100
_BUDGET_S = 30.0


def hint_unexamined() -> int:
    """Hint again at snapshots nobody has examined; returns how many."""
    waiting = Snapshot.objects.to_examine(timezone.now()).values_list("pk", flat=True)[:_AT_ONCE]
    for pk in waiting:
        hints.enqueue(receiving.EXAMINE_TASK, pk, cluster="prepare")
    return len(waiting)


def hint_clean_up() -> None:
    """Have a worker clean up: with storage far away it may take longer than the reconciler's thread has."""
    hints.enqueue("pinconnect.datasets.tasks.clean_up", 0)


def clean_up(budget: TimeBudget | None = None) -> int:
    """Remove what was never received in full, what is deleted but still stored, and what is outdated.

    Returns how many things went; what is left when the budget is spent comes next time.
    """
    budget = budget or TimeBudget(_BUDGET_S)
    done = stores.sweep()
    abandoned = Snapshot.objects.filter(state=SnapshotState.RECEIVING, created_at__lt=timezone.now() - _RECEIVING_LIMIT)
    half_deleted = Snapshot.objects.filter(state=SnapshotState.DELETED).exclude(storage_name="")
    for snapshot in abandoned[:_AT_ONCE]:
        done += not budget.is_spent and receiving.forget(snapshot)
    for pk in half_deleted.values_list("pk", flat=True)[:_AT_ONCE]:
        done += not budget.is_spent and deleting.remove_files(pk)
    return done + deleting.delete_outdated(budget=budget)


def register() -> None:
    holders.watch(Snapshot, freed=lambda _: hint_unexamined())
    holders.when_hints_are_lost(hint_unexamined)
    reconciler.register("datasets.examine", hint_unexamined, every_s=60)
    reconciler.register("datasets.clean_up", hint_clean_up, every_s=3600)
