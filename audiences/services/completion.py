"""When an uploading run goes on, and when it has nothing left to send."""

from django.db import transaction
from django.utils import timezone

from audiences import hinting
from audiences.models import Batch, Run
from audiences.services import endings
from audiences.states import RUN_MOVES, BatchState, RunState
from pinconnect.lib import states


def hand_over(run_id: int) -> None:
    """After a task's time is up: settle the run if all its batches have ended, else ask for the next task."""
    run = Run.objects.filter(pk=run_id, state=RunState.UPLOADING).select_related("audience").first()
    if run is None:
        return
    if Run.objects.to_stop().filter(pk=run_id).exists() and endings.cancel(run, code=endings.cancel_code(run)):
        run.refresh_from_db()
    if not try_finish(run) and is_sendable(run):
        hinting.pump(run)


def try_finish(run: Run) -> bool:
    """Settle an uploading run if all its batches have ended. Waiting ones of a run that ends are skipped first.

    The skipping when the run was stopped did not see the batches that were under way and came back since.
    """
    if run.ending:
        endings.skip_waiting(run)
    return not Batch.objects.filter(run=run).open().exists() and finish_uploading(run)


def is_sendable(run: Run) -> bool:
    """Whether a worker would find something to send now."""
    now = timezone.now()
    if not Run.objects.to_pump(now).filter(pk=run.pk).exists():
        return False
    claimable = Batch.objects.filter(run=run).claimable(now)
    return bool((claimable.unsure() if run.ending else claimable).exists())


def finish_uploading(run: Run) -> bool:
    """Every batch has ended: on to settling. False when somebody else was faster."""
    with transaction.atomic():
        changes: dict[str, object] = {"attempts": 0, "trouble": 0, "next_attempt_at": None}
        if not run.ending:
            batches = run.batches.all()
            all_refused = not batches.filter(state=BatchState.SENT).exists()
            changes |= {"ending": "failed", "reason": "everything_refused"} if all_refused else {"reason": ""}
        unchanged = Run.objects.filter(pk=run.pk, ending=run.ending)
        if states.move(unchanged, frm=RunState.UPLOADING, to=RunState.SETTLING, table=RUN_MOVES, **changes):
            run.refresh_from_db()
            hinting.settle(run)
            return True
    # Stopped in the last moment: it ends as whoever stopped it said, and it is stopped only once.
    stopped = Run.objects.filter(pk=run.pk, state=RunState.UPLOADING).exclude(ending=run.ending).first()
    return stopped is not None and finish_uploading(stopped)
