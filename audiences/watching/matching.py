"""The match rate: audience size ÷ distinct identifiers sent. Ours and an estimate, and not given where it misleads."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count

from audiences.models import Audience, Delivery, Doubt, Drift, DriftKind, Mode, Observation, Run, Trigger
from audiences.states import RUN_TERMINAL, DeliveryState

# Pinterest's help says that sizes follow within 24 to 48 hours.
SOONEST_MATCH = timedelta(hours=24)
USUAL_WAIT = timedelta(hours=48)
# What came or left since then may move the rate by at most this share; a list that changes daily has a rate as well.
FRESH_SHARE = 0.1


@dataclass(frozen=True)
class Base:
    """What the size is to be divided by, or why it should not be."""

    count: int | None
    is_by_rows: bool = False
    doubt: str = ""


@dataclass(frozen=True)
class Seen:
    """The part of Pinterest's answer that a match rate needs; moved: records added and removed so far, of anybody."""

    audience_state: str
    size: int | None
    moved: int


def base(audience: Audience, seen: Seen, now: datetime) -> Base:
    """For the match rate of a list as it is now."""
    members = audience.member_count
    feeding = _feeding(audience)
    is_several, rows = _identifiers_per_person(audience, feeding)
    count = rows if is_several else members
    doubt = _doubt(audience, seen, feeding, now)
    if not doubt and is_several and not rows:
        doubt = Doubt.SEVERAL
    if not doubt and seen.size is not None and seen.size > (count or 0):
        doubt = Doubt.OVER_ALL
    return Base(count, is_several and rows is not None, doubt)


def _doubt(audience: Audience, seen: Seen, feeding: list[Delivery], now: datetime) -> str:
    if not audience.member_count:
        return Doubt.NOTHING_SENT
    if audience.is_existing:
        return Doubt.EXISTING
    if any(delivery.mode == Mode.ADD for delivery in feeding):
        return Doubt.REMOVALS_OFF
    if audience.is_shared or Drift.objects.filter(audience=audience, kind=DriftKind.WRITTEN).exists():
        return Doubt.SHARED
    if seen.audience_state not in ("READY", "TOO_SMALL"):
        return Doubt.FRESH
    # Below 100 Pinterest need not tell the number.
    if seen.size is None or seen.audience_state == "TOO_SMALL":
        return Doubt.NO_SIZE
    return Doubt.FRESH if _is_fresh(audience, seen, now) else ""


def _is_fresh(audience: Audience, seen: Seen, now: datetime) -> bool:
    """Whether much changed lately, so that the size cannot have followed."""
    if audience.settled_at is None or now - audience.settled_at >= USUAL_WAIT:
        return False
    old = Observation.objects.filter(audience=audience, asked_at__lte=now - USUAL_WAIT).order_by("-asked_at").first()
    if old is None or old.num_uploaded is None or old.num_removed is None:
        return True
    return seen.moved - old.num_uploaded - old.num_removed > FRESH_SHARE * audience.member_count


def _feeding(audience: Audience) -> list[Delivery]:
    """The deliveries that write to the list, or did as the last ones."""
    found = audience.deliveries.exclude(state=DeliveryState.DRAFT).annotate(mapped=Count("columns"))
    deliveries: list[Delivery] = list(found.order_by("pk"))
    return [one for one in deliveries if one.state != DeliveryState.ARCHIVED] or deliveries


def _identifiers_per_person(audience: Audience, feeding: list[Delivery]) -> tuple[bool, int | None]:
    """Whether a person may have several identifiers, and then how many rows are on the list, if that is known."""
    kinds = [kind for kind, count in audience.ledger_members.items() if count]
    if len(kinds) < 2 and all(delivery.mapped < 2 for delivery in feeding):  # type: ignore[attr-defined]
        return False, None
    if len(feeding) != 1:
        return True, None
    settled = Run.objects.filter(
        delivery=feeding[0], audience=audience, is_dry_run=False, state__in=RUN_TERMINAL, counts__has_key="final"
    )
    last = settled.exclude(trigger=Trigger.ERASURE).order_by("-pk").only("counts").first()
    if last is None:
        return True, None
    rows = last.counts["final"]["rows"]
    return True, int(rows["sent"] + rows["already_there"])
