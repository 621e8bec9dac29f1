"""Keeps what Pinterest said: everything for some days, then one observation a day for a year."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef
from django.db.models.functions import TruncDate

from audiences.models import Audience, Doubt, Observation
from audiences.watching import matching, strangers
from audiences.watching.strangers import Foreign
from pinconnect.pinterest.types import Audience as PinterestAudience
from pinconnect.pinterest.types import CustomerList

GONE = "GONE"
FINISHED = frozenset({"READY", "TOO_SMALL"})
# The same answer again is worth a row only so often.
SAME_AGAIN = timedelta(hours=1)
WHOLE_FOR = timedelta(days=3)
KEPT_FOR = timedelta(days=366)
_AT_ONCE = 2_000


@dataclass(frozen=True)
class Answer:
    """What Pinterest said: None for what it does not know (any more); has_audience: it was asked for."""

    customer_list: CustomerList | None
    audience: PinterestAudience | None = None
    has_audience: bool = False

    @property
    def list_state(self) -> str:
        return self.customer_list.status if self.customer_list else GONE

    @property
    def audience_state(self) -> str:
        if self.customer_list is None or not self.has_audience:
            return ""
        return self.audience.status if self.audience else GONE

    @property
    def size(self) -> int | None:
        return self.audience.size if self.audience and self.customer_list else None


def newest(audience: Audience) -> Observation | None:
    return Observation.objects.filter(audience=audience).order_by("-asked_at", "-pk").first()


def keep(
    audience: Audience, answer: Answer, asked_at: datetime
) -> tuple[Observation | None, Observation, Foreign | None]:
    """Write down an answer unless it says nothing new; returns the one before, this one, and what others wrote.

    audience: as it was when Pinterest was asked. Call it after the answer came, in a transaction.
    """
    before = newest(audience)
    now = _observation(audience, answer, asked_at)
    foreign = None
    if before is not None and answer.customer_list is not None:
        foreign = strangers.found(audience, before, answer.customer_list)
        now.foreign_calls = foreign.calls if foreign else 0
    if foreign:
        # From the first such moment on the size says little about what we sent.
        now.base, now.doubt = None, Doubt.SHARED
    now.matched_s = _matched_s(before, now)
    if before is None or not _is_same(before, now):
        now.save()
        if before is not None and before.asked_at.date() != now.asked_at.date():
            thin(audience, asked_at)
    return before, now, foreign


def _observation(audience: Audience, answer: Answer, asked_at: datetime) -> Observation:
    found, made = answer.customer_list, answer.audience
    moved = found.num_uploaded + found.num_removed if found else 0
    base = matching.base(audience, matching.Seen(answer.audience_state, answer.size, moved), asked_at)
    return Observation(
        audience=audience,
        asked_at=asked_at,
        change_at=audience.settled_at,
        list_state=answer.list_state[:20],
        audience_state=answer.audience_state[:30],
        size=answer.size,
        num_batches=found.num_batches if found else None,
        num_uploaded=found.num_uploaded if found else None,
        num_removed=found.num_removed if found else None,
        list_name=found.name[:250] if found else "",
        audience_name=made.name[:250] if made else "",
        members=dict(audience.ledger_members),
        base=base.count,
        is_by_rows=base.is_by_rows,
        doubt=base.doubt,
    )


_TELLING = (
    "change_at", "list_state", "audience_state", "size", "num_batches", "num_uploaded", "num_removed", "list_name",
    "audience_name", "members", "base", "doubt",
)  # fmt: skip


def _is_same(before: Observation, now: Observation) -> bool:
    is_recent = now.asked_at - before.asked_at < SAME_AGAIN
    # Shortly after a change of ours it is not certain what of it is counted; from then on it is.
    certain_at = now.change_at + strangers.LATE_EFFECT if now.change_at else now.asked_at
    is_first_certain = before.asked_at < certain_at <= now.asked_at
    return is_recent and not is_first_certain and all(getattr(before, name) == getattr(now, name) for name in _TELLING)


def is_finished(observation: Observation) -> bool:
    """Whether Pinterest has matched everything that it had got."""
    return observation.list_state in FINISHED and observation.audience_state in FINISHED


def _matched_s(before: Observation | None, now: Observation) -> float | None:
    """How long matching took, once it is seen finished after it was seen unfinished for the same change."""
    if before is None or now.change_at is None or before.change_at != now.change_at:
        return None
    if not is_finished(now) or is_finished(before) or GONE in (before.list_state, before.audience_state):
        return None
    return (now.asked_at - now.change_at).total_seconds()


def thin(audience: Audience, now: datetime) -> int:
    """Of each day that is some days old, keep the last observation, which inherits what the others found out."""
    old = Observation.objects.filter(audience=audience, asked_at__lt=now - WHOLE_FOR)
    later = Observation.objects.annotate(day=TruncDate("asked_at")).filter(
        audience=OuterRef("audience"), day=OuterRef("day"), asked_at__gt=OuterRef("asked_at")
    )
    days = old.annotate(day=TruncDate("asked_at"))
    doomed = list(days.filter(Exists(later)).order_by("asked_at")[:_AT_ONCE])
    last_of = {one.day: one for one in days.exclude(Exists(later)).filter(day__in={one.day for one in doomed})}
    for one in doomed:
        heir = last_of.get(one.day)
        if heir is not None:
            heir.foreign_calls += one.foreign_calls
            heir.matched_s = max((s for s in (heir.matched_s, one.matched_s) if s is not None), default=None)
    Observation.objects.bulk_update(last_of.values(), ["foreign_calls", "matched_s"])
    Observation.objects.filter(pk__in=[one.pk for one in doomed]).delete()
    return len(doomed)


def drop_old(now: datetime) -> int:
    """Remove what is older than it is kept, also of audiences that nobody watches any more."""
    old = Observation.objects.filter(asked_at__lt=now - KEPT_FOR).order_by("asked_at")
    return Observation.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:_AT_ONCE])).delete()[0]
