"""Brings back the files of a run that has batches: without them it can neither send on nor settle its books.

The plan is pinned and preparing gives the same bytes, so it is prepared again. Where that is impossible, nothing is
guessed: a run of which Pinterest may hold records waits for its files and says so; any other run fails.
"""

import json
import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone
from django.utils.crypto import salted_hmac

from audiences import files, hinting
from audiences.ledger import LedgerBroken
from audiences.models import Run
from audiences.pipeline import newcomers, payloads
from audiences.pipeline import prepare as engine
from audiences.pipeline.plan import Cancelled, Prepared, SourceBroken
from audiences.services import endings, file_uploads, inputs
from audiences.states import BatchState, RunState
from pinconnect.alerts.services import raise_alert, resolve_alert
from pinconnect.queue import leases, stopping

logger = logging.getLogger(__name__)

LEASE_S = 30.0
LONGEST_WAIT_S = 900.0
ALERT = "audiences.files_lost"
_COMPARED = ("rows", "kinds", "adds", "removals", "ledger", "batches", "sources")
_KNOWN_TO_PINTEREST = (BatchState.SENT, BatchState.UNKNOWN, BatchState.SENDING)


class ImpossibleError(Exception):
    """What was prepared cannot be prepared again."""


def lost(run: Run) -> None:
    """The run's files are not in storage: nothing is sent or settled until they are back."""
    with transaction.atomic():
        found = Run.objects.filter(pk=run.pk, state__in=(RunState.UPLOADING, RunState.SETTLING), files_lost_at=None)
        if found.update(files_lost_at=timezone.now(), next_attempt_at=None):
            logger.warning("The files of run %s are not in storage; they are prepared again.", run.pk)
            hinting.restore(run)


def are_whole(run: Run) -> bool:
    """Whether storage has every record of the run's batches; a damaged copy here is fetched once more."""
    name = files.run_name(run, run.files_attempt)
    for fetch in (files.fetch, files.fetch_again):
        try:
            if payloads.are_whole(fetch(name), _totals(run)):
                return True
        except files.FilesLostError:
            return False
    return False


def restore(run_id: int) -> str:
    """Claim a run whose files are lost and bring them back; returns "restored", "waits", "failed" or ""."""
    token = leases.claim(
        Run.objects.to_restore(timezone.now()),
        pk=run_id,
        lease_s=LEASE_S,
        attempts=F("attempts") + 1,
        next_attempt_at=None,
    )
    if token is None:
        return ""
    run = Run.objects.select_related("workspace", "delivery", "audience").get(pk=run_id)
    with leases.Heartbeat(Run.objects.all(), run.pk, token, LEASE_S) as beat:
        try:
            return _restore(run, token, beat)
        except Exception as error:
            logger.exception("Restoring the files of run %s failed (%s)", run.pk, type(error).__name__)
            if not beat.lost:
                _release(run, token, next_attempt_at=_later(run))
            return "waits"


def _restore(run: Run, token: str, beat: leases.Heartbeat) -> str:
    # Storage that was only away for a while is back with everything in it.
    if are_whole(run):
        return _go_on(run, token)
    # Nobody has ever had a folder of this number: the attempts count on from the folder that was lost.
    attempt = run.files_attempt + run.attempts
    try:
        _prepare_again(run, attempt, beat)
    except Cancelled:
        _release(run, token)
        return "waits"
    except (ImpossibleError, SourceBroken, LedgerBroken, files.FilesLostError) as problem:
        files.remove(files.run_name(run, attempt))
        return _give_in(run, token, type(problem).__name__)
    return _go_on(run, token, files_attempt=attempt, attempts=0)


def _prepare_again(run: Run, attempt: int, beat: leases.Heartbeat) -> None:
    if run.counts.get("sources", inputs.fingerprint(run)) != inputs.fingerprint(run):
        raise ImpossibleError
    name = files.run_name(run, attempt)
    with files.scratch(run, run.attempts) as scratch:
        prepared = engine.prepare(
            # Who was erased since is in its batches; a run that was prepared before this was noted does not say.
            inputs.local_plan(run, scratch, erased_up_to=run.counts.get("erased_up_to")),
            files.new_folder(name),
            scratch=scratch / "engine",
            cancelled=lambda: beat.lost or stopping.is_asked(),
        )
    beat.check()
    if not _is_same(run, prepared) or not _has_mark(run, name):
        raise ImpossibleError
    files.store(name, but=newcomers.FOLDER)


def _is_same(run: Run, prepared: Prepared) -> bool:
    """Whether it is what the batches are ranges of: the same counts, and the same cuts."""
    counts = json.loads(json.dumps({**prepared.counts.to_json(), "batches": len(prepared.batches)}))
    stored = dict(run.counts)
    if "rows" in stored:
        # Runs that were prepared before there were filters do not count what one leaves out.
        stored["rows"] = {"left_out": 0, **stored["rows"]}
    if any(counts[name] != stored[name] for name in _COMPARED if name in counts and name in stored):
        return False
    batches = run.batches.filter(split_from=None).values_list("operation", "first", "count")
    return file_uploads.covers(batches, prepared.batches)


def mark(name: str) -> str:
    """By which it is known whether records prepared again, by another version perhaps, are those of the first time.

    It depends on a secret, so that nobody finds out from it whether a person is among a few.
    """
    return _mark(payloads.sample(files.fetch(name)), settings.SECRET_KEY)


def _has_mark(run: Run, name: str) -> bool:
    """Runs that were prepared before there were marks have none, and the secret may have been changed since."""
    known, sample = run.counts.get("mark"), payloads.sample(files.fetch(name))
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return known is None or any(_mark(sample, secret) == known for secret in secrets)


def _mark(sample: str, secret: str) -> str:
    return salted_hmac("audiences.run_mark", sample, secret=secret, algorithm="sha256").hexdigest()[:16]


def _totals(run: Run) -> dict[str, int]:
    sums = run.batches.filter(split_from=None).values_list("operation").annotate(records=Sum("count"))
    return dict(sums.order_by())


def _go_on(run: Run, token: str, **changes: Any) -> str:
    with transaction.atomic():
        if _release(run, token, files_lost_at=None, **changes):
            Run.objects.filter(pk=run.pk, reason="files_lost").update(reason="")
            resolve_alert(run.workspace, ALERT, f"run:{run.pk}")
            _hint(run)
    return "restored"


def _give_in(run: Run, token: str, why: str) -> str:
    """Wait for the files where the books need them; where nothing was sent, they are not needed."""
    logger.error("The files of run %s cannot be prepared again (%s).", run.pk, why)
    with transaction.atomic():
        if run.batches.filter(state__in=_KNOWN_TO_PINTEREST).exists():
            if _release(run, token, next_attempt_at=_later(run)):
                Run.objects.filter(pk=run.pk, ending="").update(reason="files_lost")
                raise_alert(run.workspace, ALERT, f"run:{run.pk}", **endings.context(run))
            return "waits"
        if _release(run, token, files_lost_at=None):
            endings.stop_sending(run, ending="failed", code="files_gone")
            _hint(run)
    return "failed"


def _hint(run: Run) -> None:
    run.refresh_from_db(fields=["state"])
    if run.state == RunState.SETTLING:
        hinting.settle(run)
    else:
        hinting.pump(run)


def _later(run: Run) -> Any:
    return timezone.now() + timedelta(seconds=min(LONGEST_WAIT_S, 5.0 * 2 ** min(run.attempts, 10)))


def _release(run: Run, token: str, **changes: Any) -> bool:
    mine = Run.objects.filter(state__in=(RunState.UPLOADING, RunState.SETTLING))
    return leases.release(mine, pk=run.pk, token=token, **changes)
