"""Tells the queue which run wants attention; a hint may be lost, reconcile.py gives it again."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from audiences.models import Audience, Run
from pinconnect.queue import hints

# What is smaller goes to the workers for short tasks, so that no small delivery waits behind a large one.
SHORT_BYTES = 8_000_000
SHORT_MEMBERS = 200_000


@dataclass
class Carried:
    """A run that this task takes from step to step; path is the step that was asked for last, "" for none."""

    run_id: int
    path: str = ""


_carried: ContextVar[Carried | None] = ContextVar("carried", default=None)


@contextmanager
def carrying(run_id: int) -> Iterator[Carried]:
    """Note the next step of a small run instead of hinting it: whoever asked goes on with it, or hints it then."""
    carried = Carried(run_id)
    token = _carried.set(carried)
    try:
        yield carried
    finally:
        _carried.reset(token)


def prepare(run: Run) -> None:
    """A small run is taken through all its steps by one task."""
    cluster = cluster_of(run)
    task = "carry_run" if cluster == "short" else "prepare_and_send"
    hints.enqueue(f"audiences.tasks.{task}", run.pk, cluster=cluster)
    _note(run)


def pump(run: Run) -> None:
    _ask("audiences.tasks.pump_run", run, "short")
    _note(run)


def help_pump(run: Run, *, pumps: int) -> None:
    """Let so many others send batches of the run as well."""
    for _ in range(pumps):
        hints.enqueue("audiences.tasks.pump_run", run.pk)
    _note(run)


def settle(run: Run) -> None:
    _ask("audiences.tasks.settle_run", run, cluster_of(run))
    _note(run)


def restore(run: Run) -> None:
    hints.enqueue("audiences.tasks.restore_run", run.pk, cluster=cluster_of(run))
    _note(run)


def observe(audience: Audience) -> None:
    hints.enqueue("audiences.tasks.observe_audience", audience.pk)
    Audience.objects.filter(pk=audience.pk).update(hinted_at=timezone.now())


def cluster_of(run: Run) -> hints.Cluster:
    # A task that was cut off before gets the time of the other cluster.
    return "prepare" if run.is_large or run.attempts >= 2 else "short"


def is_large(plan: dict[str, Any], audience: Audience | None) -> bool:
    """Whether a run with this plan takes longer than a task for the short cluster may."""
    members = audience.member_count if audience else 0
    return plan.get("source_bytes", SHORT_BYTES + 1) > SHORT_BYTES or members > SHORT_MEMBERS


def _ask(path: str, run: Run, cluster: hints.Cluster) -> None:
    carried = _carried.get()
    if carried is not None and carried.run_id == run.pk and cluster == "short":
        carried.path = path
    else:
        hints.enqueue(path, run.pk, cluster=cluster)


def _note(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(hinted_at=timezone.now())
