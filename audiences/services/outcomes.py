"""What becomes of a batch after Pinterest answered, or did not.

A batch that Pinterest may have carried out without saying so is UNKNOWN until it is answered; only what Pinterest
certainly did not carry out goes back to PENDING. So the ledger never has to guess.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import uniform
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from audiences.models import Batch, Run
from audiences.services import endings
from audiences.states import BATCH_MOVES, BatchState
from pinconnect.alerts.services import raise_alert, resolve_alert
from pinconnect.lib.states import ForbiddenMoveError
from pinconnect.pinterest.client import Exchange
from pinconnect.pinterest.errors import PinterestError
from pinconnect.profiles.models import Profile
from pinconnect.queue import leases

# 5 s, 10 s, 20 s … at most 15 minutes apart: twenty in a row are about three hours.
FIRST_DELAY_S = 5.0
LONGEST_DELAY_S = 900.0
MAX_TROUBLE = 20
ALERT_AT_TROUBLE = 5
# An answer may be missing because of the batch itself; after so many attempts smaller ones are tried.
MAX_ATTEMPTS = 12
# Pinterest's silence, whatever the batch: smaller ones would get the same.
_SILENCE = ("ServerTrouble", "UnknownOutcome", "NotSent")
_PASSING_REASONS = (
    "rate_limited",
    "pinterest_trouble",
    "create_unanswered",
    "file_at_pinterest",
    "list_unknown",
    "app_refused",
    "disk_full",
    "storage_away",
)


@dataclass(frozen=True)
class Claimed:
    """A batch in the hands of one worker.

    was_unsure: Pinterest may have carried it out before. was_abandoned: its last sender went silent, killed perhaps.
    """

    batch: Batch
    token: str
    was_unsure: bool
    was_abandoned: bool = False

    @property
    def state_before(self) -> str:
        return BatchState.UNKNOWN if self.was_unsure else BatchState.PENDING


@dataclass(frozen=True)
class Answered:
    """A batch that Pinterest acknowledged, the call in which it did, and when."""

    claimed: Claimed
    exchange: Exchange | None
    at: datetime


def sent(run: Run, answered: Sequence[Answered], *, profile: Profile | None = None) -> int:
    """Pinterest acknowledged these batches, all claimed together; how many are still in our hands and so recorded.

    profile: in whose name they were sent.
    """
    changes: dict[int, dict[str, Any]] = {
        one.claimed.batch.pk: {
            "state": BatchState.SENT,
            "sent_at": one.at,
            "profile": profile and profile.pk,
            "next_attempt_at": None,
            "error": "",
            "pinterest_message": "",
            **_facts(one.exchange),
        }
        for one in answered
    }
    token = answered[0].claimed.token
    recorded = leases.release_each(Batch, token=token, changes=changes, only={"state": BatchState.SENDING})
    if run.trouble or run.reason in _PASSING_REASONS:
        Run.objects.filter(pk=run.pk).update(trouble=0)
        Run.objects.filter(pk=run.pk, reason__in=_PASSING_REASONS).update(reason="")
        resolve_alert(run.workspace, "audiences.pinterest_trouble", f"run:{run.pk}")
    return recorded


def give_back(claimed: Claimed, *, wait_s: float = 0.0, error: PinterestError | None = None) -> bool:
    """Not carried out, and not the batch's fault: this was no attempt."""
    again = timezone.now() + timedelta(seconds=wait_s) if wait_s else None
    facts = _error_facts(error) if error else {}
    return record(claimed, claimed.state_before, attempts=F("attempts") - 1, next_attempt_at=again, **facts)


def give_back_all(claimed: Sequence[Claimed]) -> int:
    """The same for fresh batches that were claimed together and not even begun; how many were still ours."""
    return leases.release_many(
        Batch.objects.filter(state=BatchState.SENDING),
        pks=[one.batch.pk for one in claimed],
        token=claimed[0].token,
        state=BatchState.PENDING,
        attempts=F("attempts") - 1,
    )


def trouble(run: Run, claimed: Claimed, error: PinterestError, *, is_unsure: bool) -> None:
    """No usable answer: try again later, all batches of the run more and more slowly while it lasts."""
    asked = getattr(error, "retry_after_s", None)
    wait_s = max(delay_s(claimed.batch.attempts), asked or 0.0)
    state = BatchState.UNKNOWN if is_unsure else claimed.state_before
    # The first answer after silence is one, however many tries the silence took.
    is_first_answer = claimed.batch.error in _SILENCE and type(error).__name__ not in _SILENCE
    changes: dict[str, Any] = {**_error_facts(error), **({"attempts": 1} if is_first_answer else {})}
    record(claimed, state, next_attempt_at=timezone.now() + timedelta(seconds=wait_s), **changes)
    slow_down(run)


def broken(run: Run, claimed: Claimed) -> None:
    """A mistake of ours, nobody knows how far the call went: try again later, and give up some time."""
    again = timezone.now() + timedelta(seconds=delay_s(claimed.batch.attempts))
    record(claimed, BatchState.UNKNOWN, next_attempt_at=again, error="InternalError")
    slow_down(run, code="internal_error")


def slow_down(run: Run, *, code: str = "pinterest_unavailable", waits: str = "pinterest_trouble") -> None:
    """Count one more call in a row without a usable answer; after hours of it, send nothing new, because of code.

    waits: what the run's page says until then.
    """
    Run.objects.filter(pk=run.pk).update(trouble=F("trouble") + 1)
    run.refresh_from_db(fields=["trouble"])
    again = timezone.now() + timedelta(seconds=delay_s(run.trouble))
    waiting = Run.objects.filter(pk=run.pk)
    waiting.update(next_attempt_at=again)
    _say(run, waits)
    if run.trouble >= ALERT_AT_TROUBLE:
        raise_alert(run.workspace, "audiences.pinterest_trouble", f"run:{run.pk}", **endings.context(run))
    if run.trouble >= MAX_TROUBLE and endings.stop_sending(run, ending="failed", code=code):
        # What is unsure is still cleared up, at the same slow pace.
        waiting.update(next_attempt_at=again, trouble=MAX_TROUBLE)


def wait(run: Run, seconds: float, code: str) -> None:
    """Let the whole run wait; a wait too short to notice is not worth a word on its page."""
    again = timezone.now() + timedelta(seconds=seconds)
    Run.objects.filter(pk=run.pk).update(next_attempt_at=again)
    if seconds > 5:
        _say(run, code)


def _say(run: Run, code: str) -> None:
    """What the run waits for, unless a person is asked for something: that stays until it is done."""
    Run.objects.filter(pk=run.pk, ending="", reason__in=("", *_PASSING_REASONS)).update(reason=code)


def delay_s(attempt: int) -> float:
    """How long to wait after the attempt of this number, with a little chance so that not all come back at once."""
    steady = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** max(0, min(attempt, 30) - 1))
    return steady * uniform(0.8, 1.2)  # noqa: S311 - spreads load, guards nothing


def is_worn_out(run: Run, claimed: Claimed) -> bool:
    """Whether the whole batch was tried often enough, so that smaller ones are worth a try.

    Not while a run that ends waits for Pinterest to answer again: every half would wait as long, and be halved in turn.
    Nor a single record while nothing else of the run is answered either: it might be on the list all the same.
    Nor a file that Pinterest works on: given up and applied later, it would bring back people who were taken off.
    One that Pinterest does not find (UploadMissing) is answered, and ends here once it was said so often enough.
    """
    batch = claimed.batch
    is_alone = batch.count == 1 and run.trouble >= MAX_ATTEMPTS
    is_general = bool(run.ending) or is_alone or bool(batch.upload_id)
    waits = is_general and batch.error in _SILENCE and not claimed.was_abandoned
    return batch.attempts > MAX_ATTEMPTS and not waits


def failed(claimed: Claimed, error: str, **facts: Any) -> bool:
    """Set apart: it is not tried again in this run."""
    return record(claimed, BatchState.FAILED, error=error, next_attempt_at=None, **facts)


def split(
    run: Run, claimed: Claimed, sizes: tuple[int, ...], error: PinterestError | None = None, *, because: str = ""
) -> bool:
    """Replace a batch by smaller ones of these sizes, in order; they are as unsure as the whole was.

    because: the class of an error that is known without a call. The pieces of a file are ordinary batches: nothing was
    said against their records.
    """
    batch = claimed.batch
    facts = _error_facts(error) if error else {"error": because} if because else {}
    with transaction.atomic():
        if not record(claimed, BatchState.SPLIT, next_attempt_at=None, **facts):
            return False
        parts, first = [], batch.first
        for size in sizes:
            parts.append(
                Batch(
                    run=run,
                    operation=batch.operation,
                    first=first,
                    count=size,
                    size_bytes=batch.size_bytes * size // batch.count,
                    state=claimed.state_before,
                    split_from=batch,
                    root_id=None if batch.is_file else batch.root_id or batch.pk,
                )
            )
            first += size
        Batch.objects.bulk_create(parts)
        return True


def record(claimed: Claimed, to: str, **changes: Any) -> bool:
    """Write the outcome and give the lease back; False when another worker has taken the batch over."""
    if to not in BATCH_MOVES[BatchState.SENDING]:
        raise ForbiddenMoveError(f"A batch may not go from sending to {to}.")
    mine = Batch.objects.filter(state=BatchState.SENDING)
    return leases.release(mine, pk=claimed.batch.pk, token=claimed.token, state=to, **changes)


def _facts(exchange: Exchange | None) -> dict[str, Any]:
    if exchange is None:
        return {"http_status": None, "request_id": "", "duration_ms": None}
    return {
        "http_status": exchange.status,
        "request_id": (exchange.request_id or "")[:60],
        "duration_ms": round(exchange.duration_s * 1000),
    }


def _error_facts(error: PinterestError) -> dict[str, Any]:
    return {
        "error": type(error).__name__,
        "http_status": error.status,
        "request_id": (error.request_id or "")[:60],
        "pinterest_message": error.pinterest_message[:200],
    }
