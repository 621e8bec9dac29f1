"""Prepares a run: what the pinned data and the ledger say becomes files and batches, or a reason why not."""

import logging
import time
from datetime import timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, close_old_connections, transaction
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils import timezone

from audiences import files, hinting, pruning
from audiences.doctor import examine
from audiences.models import Batch, Delivery, Run
from audiences.people import tombstones
from audiences.pipeline import newcomers
from audiences.pipeline import prepare as engine
from audiences.pipeline.plan import Cancelled, Counts, MemoryShort, Prepared, RowCounts, SourceBroken, is_disk_full
from audiences.services import emptied, endings, file_uploads, inputs, restoring
from audiences.services.holding import hold_reason
from audiences.services.reporting import Reporter
from audiences.states import RUN_TERMINAL, DeliveryState, RunState
from pinconnect.queue import leases, stopping

logger = logging.getLogger(__name__)

LEASE_S = 30.0
FINISH_AGAIN_S = 1.0
# Begun so often, it was cut off each time; a mistake of ours is not worth as many attempts.
MAX_BEGUN = 8
MAX_ATTEMPTS = 4
BATCHES_AT_ONCE = 2_000


def prepare(run_id: int) -> str:
    """Claim the run and prepare it; returns the state it is left in, "" when there was nothing to do."""
    now = timezone.now()
    token = leases.claim(
        Run.objects.to_prepare(now),
        pk=run_id,
        lease_s=LEASE_S,
        # Counted before the work, so that work which kills its process is given up some time.
        attempts=F("attempts") + 1,
        state=RunState.PREPARING,
        started_at=Coalesce("started_at", now),
        next_attempt_at=None,
    )
    if token is None:
        return ""
    run = Run.objects.select_related("delivery", "audience", "workspace").get(pk=run_id)
    with leases.Heartbeat(Run.objects.all(), run.pk, token, LEASE_S) as beat:
        attempt = Attempt(run, token, beat)
        attempt.go()
    run.refresh_from_db()
    return run.state


class Attempt:
    """One attempt by whoever holds the run's lease; what it leaves is in a folder of its own until it is done."""

    def __init__(self, run: Run, token: str, beat: leases.Heartbeat) -> None:
        self.run, self.token, self.beat = run, token, beat
        self.reporter = Reporter(run, token, beat)
        self.number = run.attempts
        self.folder_name = files.run_name(run, self.number)
        self.symptoms: dict[str, Any] = {}
        self.sources: list[str] = []
        self.erased_up_to = 0
        self.mark = ""

    def go(self) -> None:
        self._try()
        if self._is_cancelled_late():
            self.cancelled()

    def _try(self) -> None:
        """Every way in which it may end, each with its state and reason."""
        if self.run.attempts > MAX_BEGUN:
            self.fail("gave_up")
            return
        has_work = self.run.plan["snapshots"] or tombstones.is_erasure(self.run) or emptied.is_emptied(self.run)
        if not has_work:
            self.end(RunState.DONE, "nothing_new", counts=_empty_counts())
            return
        try:
            self.finish_persistently(self.work())
        except Cancelled:
            self.cancelled()
        except SourceBroken as broken:
            problem = {"source": broken.source, "row": broken.row, "detail": broken.detail}
            self.fail(broken.reason, counts={"problem": problem})
        except MemoryShort:
            self.fail("memory_short")
        except Exception as error:
            if is_disk_full(error):
                self.fail("disk_full")
            else:
                logger.exception("Preparing run %s failed (%s)", self.run.pk, type(error).__name__)
                self.again()

    def work(self) -> Prepared:
        """Run the engine over local copies and store what it made."""
        pruning.sweep()
        if self.run.attempts > 1:
            # Whoever made those was killed, or has lost the lease and notices.
            pruning.drop_attempts(self.run, but=self.run.attempts)
        self.sources, self.erased_up_to = inputs.fingerprint(self.run), tombstones.newest(self.run)
        with files.scratch(self.run, self.run.attempts) as scratch:
            plan = inputs.local_plan(self.run, scratch, erased_up_to=self.erased_up_to)
            prepared = engine.prepare(
                plan,
                files.new_folder(self.folder_name),
                scratch=scratch / "engine",
                progress=self.reporter.progress,
                cancelled=self.reporter.should_stop,
            )
            if self.run.is_dry_run:
                self.symptoms = examine.for_counts(plan, scratch / "doctor", cancelled=self.reporter.should_stop)
        self.beat.check()
        files.keep_rejects(self.run, prepared.rejects)
        if not self.run.is_dry_run:
            self.mark = restoring.mark(self.folder_name)
            files.store(self.folder_name, but=newcomers.FOLDER)
        return prepared

    def finish_persistently(self, prepared: Prepared) -> None:
        """Try for as long as the lease is ours when the database goes away in the last moment.

        May be repeated: it is one transaction that moves the run on condition of the lease.
        """
        for _ in range(round(LEASE_S)):
            try:
                return self.finish(prepared)
            except (OperationalError, InterfaceError) as error:
                logger.warning("Run %s is prepared and cannot be noted yet (%s).", self.run.pk, type(error).__name__)
                close_old_connections()
                self.beat.check()
                time.sleep(FINISH_AGAIN_S)
        return self.finish(prepared)

    def finish(self, prepared: Prepared) -> None:
        """Batches, counts and the next state, in one transaction."""
        read = {"sources": self.sources, "erased_up_to": self.erased_up_to}
        counts = {**prepared.counts.to_json(), "batches": len(prepared.batches), **read}
        if self.run.is_dry_run:
            self.end(RunState.DONE, "", counts={**counts, **self.symptoms})
            self._discard()
        elif not prepared.batches:
            self._nothing_to_send(counts)
        else:
            self._begin_upload(prepared, {**counts, "mark": self.mark})

    def _begin_upload(self, prepared: Prepared, counts: dict[str, Any]) -> None:
        held = hold_reason(self.run, prepared.counts)
        changes: dict[str, Any] = {"files_attempt": self.run.attempts, "attempts": 0, "counts": counts}
        if held:
            changes |= {"reason": held}
        else:
            delivery = Delivery.objects.get(pk=self.run.delivery_id)
            is_paused = delivery.state == DeliveryState.PAUSED and not tombstones.is_erasure(self.run)
            changes |= {"reason": (delivery.pause_reason or "paused") if is_paused else ""}
            changes |= {"upload_started_at": timezone.now()}
        with transaction.atomic():
            if not self.move(RunState.HELD if held else RunState.UPLOADING, **changes):
                return
            Batch.objects.bulk_create(file_uploads.batches_of(self.run, prepared.batches), batch_size=BATCHES_AT_ONCE)
            if held:
                endings.raise_held(self.run, prepared.counts)
            else:
                hinting.pump(self.run)

    def _nothing_to_send(self, counts: dict[str, Any]) -> None:
        # Without a list and without anybody to put on it there is nothing that Pinterest could be asked for.
        if self.run.audience is not None and not self.run.audience.customer_list_id:
            self.fail("nothing_usable", counts=counts)
            return
        with transaction.atomic():
            if self.move(RunState.SETTLING, attempts=0, counts=counts, files_attempt=self.run.attempts):
                hinting.settle(self.run)

    def cancelled(self) -> None:
        """The engine stopped because it was asked to: by a person, by the worker's end, or by losing the lease."""
        if self.beat.lost:
            self._discard()
        elif stopping.is_asked() and not self.reporter.is_cancel_asked():
            # Before the move: whoever comes next takes the same number.
            self._discard()
            if self.move(RunState.PREPARING, attempts=F("attempts") - 1):
                hinting.prepare(self.run)
        else:
            self.end(RunState.CANCELLED, endings.cancel_code(self.run))
            self._discard()

    def again(self) -> None:
        """Something unforeseen: a few more attempts, later, then it is a failure."""
        close_old_connections()
        if not self.beat.lost and self.run.attempts >= MAX_ATTEMPTS:
            self.fail("internal_error")
        elif not self.beat.lost:
            wait = timedelta(seconds=5 * 3**self.run.attempts)
            self.move(RunState.PREPARING, next_attempt_at=timezone.now() + wait)
        self._discard()

    def fail(self, code: str, *, counts: dict[str, Any] | None = None) -> None:
        self.end(RunState.FAILED, code, counts=counts)
        self._discard()

    def _discard(self) -> None:
        """Remove the attempt's folder, unless its batches stand: a commit that failed to answer may have been made.

        Asked after the move away from preparing, which waits for such a commit, or after the lease was lost.
        """
        current = Run.objects.values_list("state", "files_attempt").get(pk=self.run.pk)
        is_in_use = current[0] not in (RunState.PREPARING, *RUN_TERMINAL) and current[1] == self.number
        if not is_in_use:
            files.remove(self.folder_name)

    def end(self, to: str, code: str, *, counts: dict[str, Any] | None = None) -> None:
        changes = {} if counts is None else {"counts": counts}
        with transaction.atomic():
            if self.move(to, reason=code, finished_at=timezone.now(), **changes):
                endings.tell(self.run)

    def move(self, to: str, **changes: Any) -> bool:
        """Give the lease back together with the move.

        False when the lease is not ours any more, and when somebody has cancelled: then it goes no further.
        """
        movable = Run.objects.filter(state=RunState.PREPARING)
        if to not in (RunState.PREPARING, RunState.CANCELLED):
            movable = movable.filter(cancel_asked_at=None)
        moved = leases.release(movable, pk=self.run.pk, token=self.token, state=to, **changes)
        if moved:
            self.run.refresh_from_db()
        return moved

    def _is_cancelled_late(self) -> bool:
        """Somebody cancelled after the engine had looked for the last time, so the run is still in our hands."""
        ours = Run.objects.filter(pk=self.run.pk, state=RunState.PREPARING, lease_token=self.token)
        return ours.filter(cancel_asked_at__isnull=False).exists()


def _empty_counts() -> dict[str, Any]:
    return {**Counts(rows=RowCounts(), kinds={}, columns=()).to_json(), "batches": 0}
