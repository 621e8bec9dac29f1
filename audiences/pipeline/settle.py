"""Ends a run: the ledger learns what Pinterest acknowledged, and the books are closed.

The new ledger is written beside the old one and switched to in the transaction that stores the counts. A crash before
that costs only time, and after it the rest is done again from there. Settling is never given up: without it the ledger
would not know what is on the list.
"""

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import close_old_connections, transaction
from django.db.models import F
from django.utils import timezone

from audiences import files, hinting, ledger, turns
from audiences.models import Audience, Mode, Run
from audiences.people import history
from audiences.pipeline.plan import BatchRange, is_disk_full
from audiences.services import access, accounting, calls, endings, rates, restoring
from audiences.states import BatchState, RunState
from pinconnect.pinterest.client import Exchange
from pinconnect.pinterest.errors import PinterestError
from pinconnect.profiles.tokens import ProfileUnusable
from pinconnect.queue import leases

logger = logging.getLogger(__name__)

LEASE_S = 30.0
# The audience is usually made right after the list; if not, a few tries are worth waiting for before the run ends.
AUDIENCE_ATTEMPTS = 4
AUDIENCE_WAIT_S = 10.0
LONGEST_WAIT_S = 900.0


def settle(run_id: int) -> str:
    """Claim the run and settle it; returns the state it is left in, "" when there was nothing to do."""
    token = leases.claim(
        Run.objects.to_settle(timezone.now()),
        pk=run_id,
        lease_s=LEASE_S,
        attempts=F("attempts") + 1,
        next_attempt_at=None,
    )
    if token is None:
        return ""
    run = Run.objects.select_related(
        "workspace", "delivery__profile", "delivery__standby", "delivery__workspace", "audience__ad_account"
    ).get(pk=run_id)
    with leases.Heartbeat(Run.objects.all(), run.pk, token, LEASE_S) as beat:
        try:
            _settle(run, token)
        except Exception as error:
            logger.exception("Settling run %s failed (%s)", run.pk, type(error).__name__)
            close_old_connections()
            if not beat.lost:
                _say_why(run, error)
                _later(run, token, min(LONGEST_WAIT_S, 5.0 * 2 ** min(run.attempts, 10)))
                if run.settled_version is None and not restoring.are_whole(run):
                    restoring.lost(run)
    run.refresh_from_db()
    return run.state


def _say_why(run: Run, error: Exception) -> None:
    """What a person can mend; a run that failed or was cancelled keeps the reason of that."""
    if is_disk_full(error) and not run.ending:
        Run.objects.filter(pk=run.pk, state=RunState.SETTLING, ending="").update(reason="disk_full")


def _settle(run: Run, token: str) -> None:
    if run.settled_version is None:
        _switch(run, token)
    if not _make_audience(run) and run.attempts < AUDIENCE_ATTEMPTS:
        _later(run, token, AUDIENCE_WAIT_S)
        return
    _end(run, token)


def _switch(run: Run, token: str) -> None:
    """Write the new ledger and make it the audience's, together with the final counts."""
    audience = run.audience
    assert audience is not None  # noqa: S101 -- only dry runs may lack one, and they never settle
    old = run.plan["ledger_version"]
    acknowledged = [
        BatchRange("ADD" if operation == "ADD" else "REMOVE", first, count, 0)
        for operation, first, count in run.batches.filter(state=BatchState.SENT)
        .values_list("operation", "first", "count")
        .iterator()
    ]
    version, members, changes = old, dict(audience.ledger_members), None
    if acknowledged:
        version, members, changes = _write_ledger(run, audience, acknowledged)
    counts = {**run.counts, "final": accounting.final(run, members)}
    if changes is not None and not files.holds(files.ledger_name(audience, version), ledger.MANIFEST):
        raise files.FilesLostError(f"Ledger {version} of audience {audience.pk} is not in storage.")
    with transaction.atomic():
        mine = Run.objects.filter(pk=run.pk, lease_token=token, state=RunState.SETTLING)
        if not mine.update(settled_version=version, counts=counts):
            raise leases.LeaseLostError(f"The lease on run {run.pk} went to somebody else.")
        if changes is not None:
            history.keep(audience, changes)
            now = timezone.now()
            switched = Audience.objects.filter(pk=audience.pk, ledger_version=old).update(
                ledger_version=version, ledger_members=members, settled_at=now, observe_at=now
            )
            if not switched:
                raise RuntimeError(f"The ledger of audience {audience.pk} is not the one that run {run.pk} began with.")
    run.refresh_from_db()
    audience.refresh_from_db()


def _write_ledger(
    run: Run, audience: Audience, acknowledged: list[BatchRange]
) -> tuple[int, dict[str, int], history.Written]:
    # Every attempt takes a number of its own, so that two workers never write to one folder.
    with transaction.atomic():
        Audience.objects.filter(pk=audience.pk).update(ledger_reserved=F("ledger_reserved") + 1)
        version = Audience.objects.values_list("ledger_reserved", flat=True).get(pk=audience.pk)
    name, workdir = files.ledger_name(audience, version), files.fetch(files.run_name(run, run.files_attempt))
    try:
        stats = ledger.advance(
            files.ledger(audience, run.plan["ledger_version"]),
            workdir,
            acknowledged,
            files.new_folder(name),
            memory_limit_mb=settings.ENGINE_MEMORY_MB,
            threads=settings.ENGINE_THREADS,
        )
        _write_gone(run, workdir, acknowledged, files.ledger(audience, run.plan["ledger_version"]), files.fetch(name))
        files.store(name)
        return version, dict(stats.members), history.write(run, audience, workdir, acknowledged, version)
    except Exception:
        # The next attempt takes another number, and on a full disk half a ledger is in its way.
        files.remove(name)
        raise


def _write_gone(run: Run, workdir: Path, acknowledged: list[BatchRange], old: Path | None, new: Path) -> None:
    """Inside the new ledger: who is gone, from the first run on that took out people without knowing them."""
    known = ledger.gone(old)
    if known is None and not run.plan.get("takes_strangers"):
        return
    ledger.advance(
        known,
        workdir,
        acknowledged,
        new / ledger.GONE,
        memory_limit_mb=settings.ENGINE_MEMORY_MB,
        threads=settings.ENGINE_THREADS,
        is_gone=True,
    )


def _make_audience(run: Run) -> bool:
    """Whether the list is an audience, or cannot be made one by trying again in a moment."""
    audience = run.audience
    if audience is None or not audience.customer_list_id or audience.audience_id or run.ending:
        return True
    if run.plan["mode"] == Mode.REMOVE:
        # Who only takes people out of somebody's list did not ask for an audience of it.
        return True
    recorder = calls.Recorder(run.pk)

    def note(exchange: Exchange) -> None:
        recorder.note(exchange, profile=voice.profile)
        rates.learn(voice.profile, exchange)

    voice = access.Voice(observe=note)
    try:
        voice.make_audience(run, audience)
    except access.LimitedError as limited:
        # No run is held up for a limit that lasts: whoever observes the list makes the audience when it is over.
        return limited.wait_s > AUDIENCE_WAIT_S
    except (access.NotYetError, PinterestError, ProfileUnusable) as problem:
        logger.info("Audience %s is not made yet: %s", audience.pk, type(problem).__name__)
        return False
    finally:
        recorder.save()
    return True


def _later(run: Run, token: str, wait_s: float) -> None:
    leases.release(
        Run.objects.all(), pk=run.pk, token=token, next_attempt_at=timezone.now() + timedelta(seconds=wait_s)
    )


def _end(run: Run, token: str) -> None:
    state = {"": RunState.DONE, "failed": RunState.FAILED, "cancelled": RunState.CANCELLED}[run.ending]
    changes: dict[str, Any] = {"state": state, "finished_at": timezone.now()}
    if state == RunState.DONE:
        changes["reason"] = _reason_of_done(run)
    with transaction.atomic():
        settling = Run.objects.filter(state=RunState.SETTLING)
        if leases.release(settling, pk=run.pk, token=token, **changes):
            run.refresh_from_db()
            endings.tell(run)
            # While others wait, the reconciler sees to it little by little.
            if run.audience is not None and not turns.is_crowded():
                hinting.observe(run.audience)


def _reason_of_done(run: Run) -> str:
    final = run.counts["final"]
    if final["rows"]["failed"] or final["removals"]["failed"]:
        return "some_refused"
    return "" if final["additions"]["sent"] or final["removals"]["sent"] else "up_to_date"
