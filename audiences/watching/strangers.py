"""Whether somebody else writes to a list: Pinterest counts every call, and ours are known.

Pinterest's num_batches rises by one with each call that it carried out, whoever made it. Between two observations it
may have risen by every call of ours that was not certainly counted before the first of them. What rose beyond that is
not ours. Every doubt counts as ours: calls under way, calls without an answer, which may be counted late or twice,
the clocks of other hosts. So there may be more strangers than are found, and never fewer.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Case, F, IntegerField, Q, QuerySet, Sum, Value, When

from audiences.models import Audience, Batch, Observation
from audiences.states import BatchState
from pinconnect.pinterest.types import CustomerList

# Clocks of hosts differ a little, so what was answered just before an observation counts as not certain.
CLOCKS = timedelta(seconds=60)
# A call that was given up may still be carried out for a while; nobody has seen it take longer.
LATE_EFFECT = timedelta(minutes=15)


@dataclass(frozen=True)
class Foreign:
    """At least so many calls of others; added and removed: their records, None where ours cannot be told apart."""

    calls: int
    added: int | None
    removed: int | None


def found(audience: Audience, before: Observation, seen: CustomerList) -> Foreign | None:
    """What others wrote between an observation and what was seen now; None when nothing certainly was.

    Call it after Pinterest has answered: whatever it had counted by then has been claimed before.
    """
    if before.num_batches is None or before.list_state == "GONE":
        return None
    ours = _ours(audience, before)
    calls = seen.num_batches - before.num_batches - ours
    if calls <= 0:
        return None
    if ours or before.num_uploaded is None or before.num_removed is None:
        return Foreign(calls, None, None)
    added, removed = seen.num_uploaded - before.num_uploaded, seen.num_removed - before.num_removed
    return Foreign(calls, max(0, added), max(0, removed))


def _ours(audience: Audience, before: Observation) -> int:
    """The most by which our own calls can have raised the counter since an observation.

    An attempt is one call at most: the client repeats a writing call only when it never left. An attempt that was
    certainly not carried out is taken back from the batch.
    """
    long_before, shortly_before = before.asked_at - LATE_EFFECT, before.asked_at - CLOCKS
    certain = Case(
        When(state=BatchState.SENT, sent_at__lte=long_before, then=F("attempts")),
        When(state=BatchState.SENT, sent_at__lte=shortly_before, then=Value(1)),
        default=Value(0),
        output_field=IntegerField(),
    )
    sums = _batches(audience).filter(Q(run__finished_at=None) | Q(run__finished_at__gt=long_before))
    total = sums.order_by().aggregate(ours=Sum(F("attempts") - certain))
    return int(total["ours"] or 0)


def _batches(audience: Audience) -> QuerySet[Batch]:
    """Of every delivery of this installation to the same list, also of other workspaces."""
    found: QuerySet[Batch] = Batch.objects.filter(
        run__audience__customer_list_id=audience.customer_list_id,
        run__audience__ad_account__pinterest_id=audience.ad_account.pinterest_id,
        run__is_dry_run=False,
    )
    return found
