"""What is known about an audience on Pinterest, in words for the pages."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from audiences.models import Audience, Delivery, Drift, DriftKind, Mode, Run, Trigger
from audiences.reports.matching import Rate, rate_of
from audiences.services import refilling
from audiences.states import DeliveryState
from audiences.watching import drift, messages, observations
from audiences.watching.forecast import Clock, Forecast, Past
from audiences.watching.matching import USUAL_WAIT
from audiences.watching.messages import DriftWords
from pinconnect.pinterest.limits import MIN_AUDIENCE_SIZE
from pinconnect.web import formats

_LATEST = 20
_MATCHING = frozenset({"PROCESSING", "INITIALIZING", "UPLOADING"})
_FALLS = frozenset({DriftKind.SIZE_FELL, DriftKind.BECAME_TOO_SMALL})
_RATE_OF_GONE = Rate("", "The list is gone from Pinterest, so there is nothing to measure.")


@dataclass(frozen=True)
class AudienceReport:
    """headline, body, tone: what Pinterest's state means; members: distinct identifiers on the list.

    outlook: what to expect and when, as a sentence, empty when there is nothing to expect. is_gone: the list, also when
    only a run has been told so: then what was last seen of its audience says nothing any more.
    """

    audience: Audience
    headline: str
    body: str
    tone: str
    outlook: str
    members: int
    size: int | None
    rate: Rate
    forecast: Forecast | None
    drifts: tuple[tuple[Drift, DriftWords], ...]
    observed_at: datetime | None
    next_look_at: datetime | None
    is_gone: bool

    @property
    def size_text(self) -> str:
        return size_words(self.size, observations.GONE if self.is_gone else self.audience.audience_state)

    @property
    def size_unit(self) -> str:
        return "" if self.size_text.startswith(("Not", "–")) else "people"


def told_size(size: int | None, audience_state: str) -> int | None:
    """None where Pinterest tells none: it then also says 0, which is not a size."""
    return None if size == 0 and audience_state != "READY" else size


def size_words(size: int | None, audience_state: str) -> str:
    told = None if audience_state == observations.GONE else told_size(size, audience_state)
    if told is not None:
        return f"{told:,}"
    if audience_state == observations.GONE:
        return "–"
    return f"Under {MIN_AUDIENCE_SIZE}" if audience_state == "TOO_SMALL" else "Not known yet"


def of(audience: Audience, delivery: Delivery | None = None) -> AudienceReport:
    """In a fixed number of queries. delivery: in whose name drifts are told; without one they are left out."""
    newest = observations.newest(audience) if audience.customer_list_id else None
    past = Past(audience.workspace, ad_account_id=audience.ad_account_id)
    forecast = past.forecast(audience.ledger_members, newest.base if newest and newest.is_by_rows else None)
    is_gone = refilling.is_gone(audience)
    took_out = bool(audience.customer_list_id) and not is_gone and _took_out(audience)
    # What others have put on a list is not known, and whoever takes people out does not wait for it to grow.
    if audience.is_existing or took_out or is_gone:
        forecast = None
    headline, body, tone = _words_of_removal(audience) if took_out else ("", "", "")
    if not headline and not audience.customer_list_id and delivery and delivery.state == DeliveryState.ARCHIVED:
        headline, body, tone = "Not on Pinterest", "No customer list was made before this was archived.", "neutral"
    if is_gone:
        headline, tone = "The list is gone", "bad"
        body = "Pinterest no longer knows this customer list, so nothing can be delivered."
    if not headline:
        headline, body, tone = _words(audience, forecast)
    return AudienceReport(
        audience=audience,
        headline=headline,
        body=body,
        tone=tone,
        outlook="" if is_gone else _outlook(audience, forecast, past.clock, took_out=took_out),
        members=audience.member_count,
        size=audience.size,
        rate=_RATE_OF_GONE if is_gone else rate_of(newest),
        forecast=forecast,
        drifts=_drifts(audience, delivery, is_gone=is_gone),
        observed_at=audience.observed_at,
        next_look_at=audience.observe_at,
        is_gone=is_gone,
    )


def _drifts(audience: Audience, delivery: Delivery | None, *, is_gone: bool) -> tuple[tuple[Drift, DriftWords], ...]:
    if delivery is None:
        return ()
    found = Drift.objects.open().filter(audience=audience).select_related("audience")
    # A list that is gone has no size that could fall.
    found = found.exclude(kind__in=_FALLS) if is_gone else found
    return tuple((one, messages.words(one, drift.context(one, delivery))) for one in found)


def _took_out(audience: Audience) -> bool:
    """Whether Pinterest is busy with people who were taken out: the last delivery that changed the list did that, and
    no other one had changed it shortly before. An erasure takes out few, beside all others.
    """
    settled = Run.objects.filter(audience=audience, is_dry_run=False, settled_version__isnull=False)
    settled = settled.exclude(trigger=Trigger.ERASURE).order_by("-pk")
    # Runs that had nothing to send have changed nothing.
    found = settled.values_list("pk", "plan__mode", "counts__final__calls", "finished_at")[:_LATEST]
    pk, mode, _, at = next((one for one in found if one[2]), (0, "", 0, None))
    if mode != Mode.REMOVE:
        return False
    matched_before = (at or timezone.now()) - USUAL_WAIT
    others = settled.filter(pk__lt=pk, finished_at__gt=matched_before, counts__final__calls__gt=0)
    return not others.exclude(plan__mode=Mode.REMOVE).exists()


def _words_of_removal(audience: Audience) -> tuple[str, str, str]:
    """Where it makes a difference that the last change took people out; else empty."""
    state = audience.audience_state or audience.list_state
    if audience.audience_state == observations.GONE:
        return "", "", ""
    if state == "READY" and audience.list_state == "PROCESSING":
        body = "Ads can target this audience. The people who were taken out are leaving it now."
        return "Ready", body, "good"
    if state == "TOO_SMALL":
        body = (
            f"Pinterest finds fewer than {MIN_AUDIENCE_SIZE} of its users among those who are left, so ads cannot "
            "target it. Taking people out cannot make it larger: if that is not meant, a delivery has to add some."
        )
        return "Too small", body, "warn"
    if state in _MATCHING:
        body = (
            "Pinterest has everything and now takes these people out of the audience, which takes 24 to 48 hours. "
            "There is nothing to do: PinConnect looks again by itself."
        )
        return "Pinterest is taking people out", body, "info"
    return "", "", ""


def _words(audience: Audience, forecast: Forecast | None) -> tuple[str, str, str]:
    if not audience.customer_list_id:
        return "Not on Pinterest yet", "The customer list and its audience are made with the first run.", "neutral"
    state = audience.audience_state or audience.list_state
    if state == observations.GONE:
        return "The audience is gone", "Somebody removed it at Pinterest. Its list is still there.", "bad"
    if state == "READY":
        rematching = "" if audience.list_state != "PROCESSING" else " The newest change is being matched now."
        return (
            "Ready",
            f"Ads can target this audience. Its size follows changes within a day or two.{rematching}",
            "good",
        )
    if state == "TOO_SMALL":
        return ("Too small", _small_words(audience, forecast), "warn")
    if state in _MATCHING:
        return (
            "Pinterest is matching",
            "Everything has arrived. Pinterest now compares it with its users, which takes 24 to 48 hours. "
            "There is nothing to do: PinConnect looks again by itself.",
            "info",
        )
    if not state:
        return (
            "Waiting for Pinterest's first answer",
            "Pinterest has not been asked for the state of the list yet.",
            "info",
        )
    return state.replace("_", " ").capitalize(), "Pinterest reports this state.", "neutral"


def _small_words(audience: Audience, forecast: Forecast | None) -> str:
    """Whether it is really small, or only not matched yet."""
    found = f"Pinterest has found fewer than {MIN_AUDIENCE_SIZE} of its users among these people, so ads cannot "
    found += "target it."
    more = "A larger dataset, or a second kind of identifier for the same people, helps."
    if audience.member_count < MIN_AUDIENCE_SIZE and not audience.is_existing:
        return f"{found} Only {audience.member_count:,} identifiers are on the list, so waiting changes nothing. {more}"
    is_fresh = audience.settled_at is not None and timezone.now() - audience.settled_at < USUAL_WAIT
    if is_fresh and forecast is not None and forecast.low >= MIN_AUDIENCE_SIZE:
        return (
            f"{found} That is probably because matching is still under way: {forecast.text} people can be expected. "
            "Look again within 48 hours of the last change."
        )
    if is_fresh:
        return f"{found} Matching may still be under way: look again within 48 hours of the last change. {more}"
    return f"{found} The last change was more than 48 hours ago, so it is really small. {more}"


def _outlook(audience: Audience, forecast: Forecast | None, clock: Clock, *, took_out: bool) -> str:
    """Only while Pinterest is matching."""
    change_at = audience.settled_at
    states = {audience.list_state, audience.audience_state or "INITIALIZING"}
    if not audience.customer_list_id or change_at is None or observations.GONE in states or not states & _MATCHING:
        return ""
    people = f"Expect {forecast.text} people, " if forecast is not None else "Expect it to be "
    if took_out:
        people = "Expect the smaller audience to be "
    return f"{people}{_ready(change_at, clock, audience)}"


def _ready(change_at: datetime, clock: Clock, audience: Audience) -> str:
    zone, now = audience.workspace.time_zone, timezone.now()
    soonest, latest = clock.window(change_at)
    by = formats.full_time(latest, zone)
    if now <= latest and clock.count:
        return f"ready by {by}, if it takes no longer than {_earlier(clock)}."
    if now <= latest:
        return f"ready between {formats.full_time(soonest, zone)} and {by}, as Pinterest says for all lists."
    usual = formats.full_time(change_at + USUAL_WAIT, zone)
    if now <= change_at + USUAL_WAIT:
        return f"ready by {usual}: it takes longer than {_earlier(clock)}, and still within Pinterest’s 48 hours."
    return "ready soon: it takes longer than Pinterest’s 48 hours. You are told if it lasts for three days."


def _earlier(clock: Clock) -> str:
    longest = formats.duration(clock.latest)
    return f"the last matching here ({longest})" if clock.count == 1 else f"the last {clock.count} here ({longest})"


def outlook_of_run(past: Past) -> str:
    """When the size of something that is not sent yet would be known, as a sentence."""
    clock = past.clock
    if not clock.count:
        return "Pinterest then takes 24 to 48 hours until the size is known."
    soonest, latest = formats.duration(clock.soonest), formats.duration(clock.latest)
    took = f"took {latest}" if soonest == latest else f"took {soonest} to {latest}"
    many = "the last matching" if clock.count == 1 else f"the last {clock.count} matchings"
    return f"Pinterest then matches: {many} here {took}; it says 24 to 48 hours for all lists."
