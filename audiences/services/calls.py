"""Records the calls that are made for a run, and forgets them again.

A record is worth less than what it records: whatever goes wrong here is logged, and the delivery goes on.
"""

import logging
import time
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from audiences.models import Audience, Batch, Call, CallKind, Run
from audiences.states import RUN_ACTIVE
from pinconnect.pinterest.client import Exchange
from pinconnect.pinterest.oauth import TOKEN_PATH
from pinconnect.profiles.models import Profile
from pinconnect.queue.budget import TimeBudget

logger = logging.getLogger(__name__)

# Many calls are written by one statement, and whoever looks on sees them within a second.
SAVE_EVERY_S = 1.0
SAVE_FROM = 100
# While the database takes nothing, memory must not grow.
_MOST_WAITING = 1_000
# Of a run so many calls that went well are kept, the first and the last half each, and as many errors.
AT_ONCE = 2_000
BUDGET_S = 5.0
_ENDED_LATELY = timedelta(days=1)


class Recorder:
    """Collects what is told of a run's calls and writes it, many at a time. One thread may write, any may note.

    run_id None: there is no run, and nothing is recorded.
    """

    def __init__(self, run_id: int | None) -> None:
        self.run_id = run_id
        self._waiting: list[Call] = []
        self._saved_at = time.monotonic()

    def note(self, exchange: Exchange, *, batch: Batch | None = None, profile: Profile | None = None) -> None:
        """Remember one exchange; costs no statement."""
        if settings.CALL_KEEP_DAYS and self.run_id is not None and len(self._waiting) < _MOST_WAITING:
            self._waiting.append(_call(self.run_id, exchange, batch, profile))

    def save_if_due(self) -> None:
        """Write what waits if it is enough, old enough, or an error that somebody may be looking for."""
        waiting = self._waiting
        is_old = time.monotonic() - self._saved_at >= SAVE_EVERY_S
        if waiting and (is_old or len(waiting) >= SAVE_FROM or waiting[-1].is_error):
            self.save()

    def save(self) -> None:
        """Write what waits in one statement. Never raises; what cannot be written is dropped."""
        waiting, self._waiting = self._waiting, []
        self._saved_at = time.monotonic()
        if not waiting:
            return
        try:
            # Inside somebody's transaction a savepoint keeps a failure from spoiling the rest of it.
            with transaction.atomic():
                Call.objects.bulk_create(waiting)
        except Exception as problem:  # noqa: BLE001 -- no failure to record may reach the delivery
            logger.warning(
                "%s calls of run %s were not recorded (%s)", len(waiting), self.run_id, type(problem).__name__
            )


def of_audience(audience: Audience) -> Recorder:
    """For calls about a list after its run: they belong to the newest run that wrote to it."""
    newest = audience.runs.filter(is_dry_run=False).order_by("-pk").values_list("pk", flat=True).first()
    return Recorder(newest)


def prune(budget: TimeBudget | None = None) -> int:
    """Delete what is older than CALL_KEEP_DAYS, and the middle of runs with very many; returns how many went."""
    budget = budget or TimeBudget(BUDGET_S)
    return _prune_old(budget) + _prune_many(budget)


def _prune_old(budget: TimeBudget) -> int:
    """In the order of writing, which is that of age but for seconds: so no index on the time is needed."""
    oldest, gone = timezone.now() - timedelta(days=settings.CALL_KEEP_DAYS), 0
    while not budget.is_spent:
        first = Call.objects.order_by("pk").values_list("pk", "started_at")[:AT_ONCE]
        due = [pk for pk, started_at in first if started_at < oldest]
        gone += Call.objects.filter(pk__in=due).delete()[0] if due else 0
        if len(due) < AT_ONCE:
            break
    return gone


def _prune_many(budget: TimeBudget) -> int:
    gone = 0
    lately = timezone.now() - _ENDED_LATELY
    runs = Run.objects.filter(Q(state__in=RUN_ACTIVE) | Q(finished_at__gte=lately), is_dry_run=False)
    counted = Call.objects.filter(run__in=runs.values("pk")).order_by().values("run", "is_error")
    for found in counted.annotate(number=Count("pk")).filter(number__gt=settings.CALLS_PER_RUN):
        while not budget.is_spent and (deleted := _drop_middle(found["run"], found["is_error"])):
            gone += deleted
    return gone


def _drop_middle(run_id: int, is_error: bool) -> int:
    """Delete some calls that are neither among the first nor among the last of the run; returns how many."""
    half = settings.CALLS_PER_RUN // 2
    calls = Call.objects.filter(run=run_id, is_error=is_error)
    edge = calls.order_by("-started_at", "-pk").values_list("started_at", flat=True)[half : half + 1].first()
    if edge is None:
        return 0
    middle = calls.order_by("started_at", "pk").values_list("pk", "started_at")[half : half + AT_ONCE]
    due = [pk for pk, started_at in middle if started_at <= edge]
    with transaction.atomic():
        deleted: int = Call.objects.filter(pk__in=due).delete()[0] if due else 0
        if deleted:
            Run.objects.filter(pk=run_id).update(calls_left_out=F("calls_left_out") + deleted)
    return deleted


def _call(run_id: int, exchange: Exchange, batch: Batch | None, profile: Profile | None) -> Call:
    shape, rate = exchange.shape, exchange.rate
    return Call(
        run_id=run_id,
        batch_id=batch.pk if batch else None,
        profile_id=profile.pk if profile else None,
        kind=kind_of(exchange),
        started_at=exchange.started_at or timezone.now(),
        duration_ms=round(exchange.duration_s * 1000),
        method=exchange.method[:8],
        path=exchange.path[:200],
        query=exchange.query[:200],
        records=shape.records if shape else None,
        starts_with=shape.starts_with if shape else "",
        sent_bytes=exchange.sent_bytes,
        attempt=batch.attempts if batch else 0,
        repeat=exchange.repeat,
        host=_HOST,
        status=exchange.status,
        error=(exchange.error_class or "")[:60],
        is_error=exchange.error_class is not None,
        code=exchange.code,
        message=exchange.message[:300],
        request_id=(exchange.request_id or "")[:64],
        rate_limit=rate.limit if rate else None,
        rate_remaining=rate.remaining if rate else None,
        rate_reset_s=rate.reset_s if rate else None,
        answer=exchange.answer,
        answer_bytes=exchange.answer_bytes,
    )


def kind_of(exchange: Exchange) -> str:
    """What the call was for, as far as its address and its operation say."""
    if exchange.path == TOKEN_PATH:
        return CallKind.RENEW
    if exchange.method == "PUT":
        # Only the parts of a file are put, and into a bucket whose address is not told.
        return CallKind.SEND_FILE
    # /ad_accounts/1/customer_lists or /ad_accounts/1/customer_lists/2
    parts = exchange.path.strip("/").split("/")
    what = parts[2] if len(parts) > 2 else ""
    if parts[4:5] == ["uploads"]:
        # …/customer_lists/2/uploads, …/uploads/3 or …/uploads/3/run
        return _UPLOAD_KINDS.get((exchange.method, *parts[6:]), CallKind.OTHER)
    if what == "customer_lists" and exchange.method == "PATCH" and exchange.shape:
        return CallKind.REMOVE if exchange.shape.operation == "REMOVE" else CallKind.ADD
    return _KINDS.get((exchange.method, what, len(parts) > 3), CallKind.OTHER)


_KINDS: dict[tuple[str, str, bool], str] = {
    ("POST", "customer_lists", False): CallKind.CREATE_LIST,
    ("GET", "customer_lists", False): CallKind.FIND_LIST,
    ("GET", "customer_lists", True): CallKind.READ_LIST,
    ("POST", "audiences", False): CallKind.CREATE_AUDIENCE,
    ("GET", "audiences", False): CallKind.FIND_AUDIENCE,
    ("GET", "audiences", True): CallKind.READ_AUDIENCE,
}
# By method and what follows the upload's id.
_UPLOAD_KINDS: dict[tuple[str, ...], str] = {
    ("POST",): CallKind.CREATE_UPLOAD,
    ("POST", "run"): CallKind.START_UPLOAD,
    ("GET",): CallKind.READ_UPLOAD,
}
_HOST = settings.HOST_NAME[:60]
