"""Everything that the page of an audience shows, in a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from django.utils import timezone

from audiences.models import Audience, Delivery, Drift, Observation
from audiences.reports import audience as audience_report
from audiences.reports import shortfall
from audiences.reports.audience import AudienceReport, size_words, told_size
from audiences.reports.shortfall import Shortfall
from audiences.states import DeliveryState
from audiences.watching import messages
from audiences.watching.observations import GONE
from pinconnect.web.charts import Series

RANGES = {30: "30 days", 90: "90 days", 366: "A year"}
USUAL_RANGE = 90
# Beyond this a chart shows one point a day.
IN_FULL = timedelta(days=5)
_DRIFTS = 20


@dataclass(frozen=True)
class Page:
    report: AudienceReport
    deliveries: Sequence[Delivery]
    speaking: Delivery | None
    newest: Observation | None
    shortfall: Shortfall
    history: Sequence[tuple[Drift, str]]
    sizes: Sequence[Series]
    sizes_text: str
    size_rows: Sequence[tuple[datetime, Sequence[str]]]
    rates: Sequence[Series]
    rates_text: str


def of(audience: Audience, days: int = USUAL_RANGE) -> Page:
    deliveries = list(
        audience.deliveries.exclude(state=DeliveryState.DRAFT).select_related("workspace", "dataset").order_by("name")
    )
    speaking = next((one for one in deliveries if one.state != DeliveryState.ARCHIVED), None) or next(
        iter(deliveries), None
    )
    points = _points(audience, days)
    newest = points[-1] if points else Observation.objects.filter(audience=audience).order_by("-asked_at").first()
    sizes = [(one.asked_at, _told(one)) for one in points]
    members = [(one.asked_at, float(one.member_count)) for one in points]
    rates = [(one.asked_at, 100 * one.rate if one.rate is not None else None) for one in points]
    history = Drift.objects.filter(audience=audience).select_related("known_by").order_by("-pk")[:_DRIFTS]
    return Page(
        report=audience_report.of(audience, speaking),
        deliveries=deliveries,
        speaking=speaking,
        newest=newest,
        shortfall=shortfall.of(audience, newest),
        history=[(one, messages.summary(one)) for one in history],
        sizes=[("People at Pinterest", sizes), ("Identifiers on the list", members)],
        sizes_text=f"People at Pinterest: {_sizes(sizes, points)} Identifiers on the list: {_course(members, '')}",
        size_rows=[(one.asked_at, (_size(one), f"{one.member_count:,}")) for one in reversed(points)],
        rates=[("Match rate", rates)] if any(value is not None for _, value in rates) else [],
        rates_text=_course(rates, "%"),
    )


def _points(audience: Audience, days: int) -> list[Observation]:
    """Oldest first: all of the last days, before that the last of each day."""
    now = timezone.now()
    found = list(
        Observation.objects.filter(audience=audience, asked_at__gte=now - timedelta(days=days)).order_by("asked_at")
    )
    if not found or found[-1].asked_at - found[0].asked_at <= IN_FULL:
        return found
    return [list(group)[-1] for _, group in groupby(found, key=lambda one: timezone.localtime(one.asked_at).date())]


def _told(one: Observation) -> float | None:
    """No point in the chart where Pinterest tells no size."""
    size = None if one.list_state == GONE else told_size(one.size, one.audience_state)
    return float(size) if size is not None else None


def _size(one: Observation) -> str:
    """As the page says it of the newest answer."""
    return size_words(one.size, GONE if one.list_state == GONE else one.audience_state)


def _sizes(sizes: Sequence[tuple[datetime, float | None]], points: Sequence[Observation]) -> str:
    """The line in words; it ends before the newest answer if that tells no size, which is then said."""
    if not points or sizes[-1][1] is not None:
        return _course(sizes, "")
    now = "none: it is gone." if GONE in (points[-1].list_state, points[-1].audience_state) else f"{_size(points[-1])}."
    now = now[0].lower() + now[1:]
    is_known = any(value is not None for _, value in sizes)
    return f"{_course(sizes, '')} Last answer: {now}" if is_known else now


def _course(points: Sequence[tuple[datetime, float | None]], unit: str) -> str:
    """The line in words, for those who cannot see it."""
    known = [(moment, value) for moment, value in points if value is not None]
    if not known:
        return "not known yet."
    (start, first), (end, last) = known[0], known[-1]
    low, high = min(value for _, value in known), max(value for _, value in known)
    if len(known) == 1:
        return f"{_number(first, unit)} on {_day(start)}."
    course = f"{_number(first, unit)} on {_day(start)}, {_number(last, unit)} on {_day(end)}"
    return f"{course}, between {_number(low, unit)} and {_number(high, unit)}."


def _number(value: float, unit: str) -> str:
    return f"{value:.1f}{unit}" if unit else f"{value:,.0f}"


def _day(moment: datetime) -> str:
    local = timezone.localtime(moment)
    return f"{local.day} {local:%b %Y}"
