"""Drives one run to its end in this process, with the same tasks, leases and limits as workers, and beside them."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.utils import timezone

from audiences import tasks
from audiences.messages import of_run
from audiences.models import Batch, Run
from audiences.pipeline.plan import Progress
from audiences.services import accounting, reporting, restoring
from audiences.states import DeliveryState, RunState
from pinconnect.alerts.models import Alert

_LONGEST_NAP_S = 1.0
_SHORTEST_NAP_S = 0.1
_SAY_EVERY_S = 2.0
_WORK: dict[str, Callable[[int], object]] = {
    RunState.QUEUED: tasks.prepare_run,
    RunState.PREPARING: tasks.prepare_run,
    RunState.UPLOADING: tasks.pump_run,
    RunState.SETTLING: tasks.settle_run,
}


def drive(run: Run, say: Callable[[str], None], *, sleep: Callable[[float], None] = time.sleep) -> Run:
    """Work on the run until it has ended or waits for a person; say hears about it every other second."""
    teller = _Teller(say)
    with reporting.listening(lambda progress: teller.tell(_preparing(run, progress))):
        while not run.is_finished and not waits_for_person(run):
            before = _position(run)
            _task(run)(run.pk)
            _refresh(run)
            teller.tell(describe(run), is_last=run.is_finished)
            if _position(run) == before:
                sleep(_nap_s(run))
                _refresh(run)
    return run


def _task(run: Run) -> Callable[[int], object]:
    """What a worker would be given now. Without its files a run can neither send nor settle."""
    return tasks.restore_run if run.files_lost_at else _WORK[run.state]


class _Teller:
    """Passes on a line if it is new and some time has passed since the last."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say, self._said, self._said_at = say, "", 0.0

    def tell(self, line: str, *, is_last: bool = False) -> None:
        if line == self._said or (time.monotonic() - self._said_at < _SAY_EVERY_S and not is_last):
            return
        self._said, self._said_at = line, time.monotonic()
        self._say(line)


def _refresh(run: Run) -> None:
    run.refresh_from_db()
    run.delivery.refresh_from_db()


def _preparing(run: Run, progress: Progress) -> str:
    share = "" if progress.fraction is None else f" {progress.fraction:.0%}"
    return f"Run {run.number}: preparing, {progress.step}{share}, {progress.rows:,} rows"


def waits_for_person(run: Run) -> bool:
    """Held for approval, its delivery paused, or its files gone for good: waiting longer would not help."""
    if run.state == RunState.HELD or _misses_files(run):
        return True
    is_paused = run.delivery.state == DeliveryState.PAUSED and not run.ending
    return run.state == RunState.UPLOADING and is_paused


def _misses_files(run: Run) -> bool:
    """Restoring was tried and is impossible. Once the next try is due it is worth it: they may have been put back."""
    if run.files_lost_at is None or not run.next_attempt_at or run.next_attempt_at <= timezone.now():
        return False
    said = Alert.objects.for_workspace(run.workspace).open().filter(kind=restoring.ALERT)
    return bool(said.filter(subject=f"run:{run.pk}").exists())


def describe(run: Run) -> str:
    """Where a run is, in one line."""
    name, words = f"Run {run.number}: {run.get_state_display().lower()}", of_run(run)
    why = f" ({words.title})" if words else ""
    if run.state == RunState.UPLOADING:
        fates = accounting.fates(run).values()
        total, ended = sum(fate.total for fate in fates), sum(fate.total - fate.waiting for fate in fates)
        return f"{name}, {ended:,} of {total:,} records{why}"
    return f"{name}{why}"


def _position(run: Run) -> tuple[object, ...]:
    attempts = Batch.objects.filter(run=run).values_list("state", "attempts").order_by("pk")
    # Preparing lost files again counts attempts anew, so that number may be what it was.
    return run.state, run.attempts, run.settled_version, run.files_lost_at, hash(tuple(attempts))


def _nap_s(run: Run) -> float:
    """Until the run may go on, or a little while if somebody else works on it."""
    due: datetime | None = run.next_attempt_at
    left = (due - timezone.now()).total_seconds() if due else _SHORTEST_NAP_S
    return min(_LONGEST_NAP_S, max(_SHORTEST_NAP_S, left))


@contextmanager
def explaining_interruption(say: Callable[[str], None]) -> Iterator[None]:
    """Ctrl-C loses nothing, and whoever pressed it should know."""
    try:
        yield
    except KeyboardInterrupt:
        say("Stopped waiting. Nothing is lost: a worker goes on with it, and so does this command when called again.")
        raise
