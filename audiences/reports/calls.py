"""The calls of a run as their page shows them: filtered, page by page, and what is missing from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from audiences.models import Batch, Call, CallKind, Delivery, Run
from audiences.querysets_calls import cursor
from audiences.states import RUN_ACTIVE, BatchState, RunState
from pinconnect.identifiers import kinds
from pinconnect.lib.texts import row_number, without_nul

PER_PAGE = 50
IN_FLIGHT_SHOWN = 5
NEWEST_ERRORS = 5
_RUNS_LOOKED_AT = 20
LONGEST_SEARCH = 100

SHOWN = (("", "All calls"), ("errors", "Errors only"), ("unanswered", "No answer"))
METHODS = ("GET", "POST", "PATCH", "PUT")
STATUSES: dict[str, tuple[str, Q]] = {
    "2xx": ("2xx: accepted", Q(status__gte=200, status__lt=300)),
    "429": ("429: rate limit", Q(status=429)),
    "4xx": ("4xx: refused", Q(status__gte=400, status__lt=500)),
    "5xx": ("5xx: Pinterest's trouble", Q(status__gte=500)),
}


@dataclass(frozen=True)
class Filter:
    """What the form asks for; what makes no sense is left out, so any address shows a page."""

    show: str = ""
    kind: str = ""
    method: str = ""
    status: str = ""
    search: str = ""
    batch: int | None = None

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> "Filter":
        def one_of(name: str, known: Any) -> str:
            return value if (value := asked.get(name, "")) in known else ""

        return cls(
            show=one_of("show", dict(SHOWN)),
            kind=one_of("kind", CallKind.values),
            method=one_of("method", METHODS),
            status=one_of("status", STATUSES),
            search=without_nul(asked.get("q", "")).strip()[:LONGEST_SEARCH],
            batch=row_number(asked.get("batch", "")),
        )

    @property
    def parameters(self) -> dict[str, str]:
        """Those that are set, as in an address."""
        batch = str(self.batch) if self.batch is not None else ""
        names = {"show": self.show, "kind": self.kind, "method": self.method, "status": self.status}
        return {name: value for name, value in {**names, "q": self.search, "batch": batch}.items() if value}

    def apply(self, run: Run) -> Any:
        """The calls of the run that fit."""
        found = Call.objects.filter(run=run)
        if self.show == "errors":
            found = found.errors()
        elif self.show == "unanswered":
            # Whatever was not answered is an error too, and of errors there is an index.
            found = found.errors().unanswered()
        exact = {"kind": self.kind, "method": self.method, "batch": self.batch}
        found = found.filter(**{name: value for name, value in exact.items() if value not in ("", None)})
        if self.status:
            found = found.filter(STATUSES[self.status][1])
        return found.matching(self.search) if self.search else found


@dataclass(frozen=True)
class InFlight:
    """A batch of which nobody has said yet what became of it. is_silent: its worker has not been heard of in time."""

    batch: Batch
    is_silent: bool
    since: datetime | None


@dataclass
class CallsPage:
    """One page of calls, newest first. older: the query of the next page; "" on the last."""

    run: Run
    wanted: Filter
    calls: list[Any]
    older: str
    is_first: bool
    in_flight: list[InFlight] = field(default_factory=list)
    more_in_flight: bool = False
    batch: Batch | None = None

    @property
    def is_live(self) -> bool:
        """Whether the page should look again by itself: only where new calls would appear."""
        return self.is_first and self.run.state in RUN_ACTIVE and self.run.state != RunState.HELD

    @property
    def is_filtered(self) -> bool:
        return bool(self.wanted.parameters)

    @property
    def left_out(self) -> str:
        """What is missing from the middle of a long run, in words; "" when nothing is."""
        if not self.run.calls_left_out:
            return ""
        kept, half = settings.CALLS_PER_RUN, settings.CALLS_PER_RUN // 2
        return (
            f"{self.run.calls_left_out:,} calls from the middle of this run are not kept: of calls that went well the "
            f"first and the last {half:,}, and up to {kept:,} errors are."
        )

    @property
    def is_expired(self) -> bool:
        """Whether the run's calls were old enough to be deleted."""
        return self.run.created_at < timezone.now() - timedelta(days=settings.CALL_KEEP_DAYS)

    @property
    def keep_days(self) -> int:
        return int(settings.CALL_KEEP_DAYS)


def page_of(run: Run, asked: Mapping[str, str]) -> CallsPage:
    """The page that an address asks for; the number of queries does not depend on how many calls there are."""
    wanted, before = Filter.of(asked), asked.get("before", "")
    found = wanted.apply(run).select_related("batch").defer("answer").newest(PER_PAGE + 1, before=before)
    calls, older = found[:PER_PAGE], ""
    if len(found) > PER_PAGE:
        older = urlencode({**wanted.parameters, "before": cursor(calls[-1])})
    page = CallsPage(run, wanted, calls, older, is_first=not before)
    if wanted.batch is not None:
        page.batch = Batch.objects.filter(run=run, pk=wanted.batch).first()
    if page.is_first:
        now = timezone.now()
        sending = list(Batch.objects.filter(run=run, state=BatchState.SENDING).order_by("pk")[: IN_FLIGHT_SHOWN + 1])
        page.more_in_flight = len(sending) > IN_FLIGHT_SHOWN
        page.in_flight = [_in_flight(batch, now) for batch in sending[:IN_FLIGHT_SHOWN]]
    return page


def _in_flight(batch: Batch, now: datetime) -> InFlight:
    is_silent = batch.lease_until is None or batch.lease_until <= now
    return InFlight(batch, is_silent, batch.lease_until if is_silent else None)


def newest_errors(delivery: Delivery) -> list[Any]:
    """The newest calls that did not go well, of the delivery's latest runs."""
    runs = Run.objects.filter(delivery=delivery).order_by("-pk").values_list("pk", flat=True)[:_RUNS_LOOKED_AT]
    found = Call.objects.of_runs(runs).errors().select_related("run", "batch").defer("answer")
    return list(found.newest(NEWEST_ERRORS))


def kinds_sent(run: Run) -> str:
    """The kinds of identifiers a run sends, in words."""
    codes = {str(column.get("kind", "")) for column in run.plan.get("columns", [])}
    labels = (kinds.get(code).label if code in kinds.KINDS else "Mobile ad ID" for code in codes)
    return ", ".join(sorted(set(labels)))
