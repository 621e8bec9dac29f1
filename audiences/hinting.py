"""Tells the queue which run wants attention; a hint may be lost, reconcile.py gives it again."""

from django.utils import timezone

from audiences.models import Audience, Run
from pinconnect.queue import hints

# What is smaller goes to the workers for short tasks, so that no small delivery waits behind a large one.
SHORT_BYTES = 8_000_000
SHORT_MEMBERS = 200_000


def prepare(run: Run) -> None:
    hints.enqueue("audiences.tasks.prepare_and_send", run.pk, cluster="short" if _is_small(run) else "prepare")
    _note(run)


def pump(run: Run, *, pumps: int = 1) -> None:
    for _ in range(pumps):
        hints.enqueue("audiences.tasks.pump_run", run.pk)
    _note(run)


def settle(run: Run) -> None:
    hints.enqueue("audiences.tasks.settle_run", run.pk, cluster="short" if _is_small(run) else "prepare")
    _note(run)


def restore(run: Run) -> None:
    hints.enqueue("audiences.tasks.restore_run", run.pk, cluster="short" if _is_small(run) else "prepare")
    _note(run)


def observe(audience: Audience) -> None:
    hints.enqueue("audiences.tasks.observe_audience", audience.pk)
    Audience.objects.filter(pk=audience.pk).update(hinted_at=timezone.now())


def _is_small(run: Run) -> bool:
    # A task that was cut off before gets the time of the other cluster.
    size = run.plan.get("source_bytes", SHORT_BYTES + 1)
    members = run.audience.member_count if run.audience else 0
    return run.attempts < 2 and size <= SHORT_BYTES and members <= SHORT_MEMBERS


def _note(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(hinted_at=timezone.now())
