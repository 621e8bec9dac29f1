"""Whether a change is so large that a person should look at it before anything is sent."""

from audiences.models import Run, Trigger
from audiences.pipeline.plan import Counts
from pinconnect.pinterest.limits import MIN_AUDIENCE_SIZE

# Small lists grow by leaps; fewer identifiers than these are never too many.
FEWEST_ADDED = 1_000
# Off a list that others have filled, as long as Pinterest has not said how large its audience is.
MOST_REMOVED_UNMEASURED = 1_000


def hold_reason(run: Run, counts: Counts) -> str:
    """The code why the run is held, or "" when it may go on.

    Shares are of the identifiers on the list before the run; a list that is empty so far is filled without asking. A
    list is emptied when everything on it goes and nothing comes. Who is on a list that others have filled is not known:
    there, shares are of the people in its audience, as Pinterest counts them.
    """
    # Whoever asked for an erasure has decided already.
    if run.trigger == Trigger.ERASURE or run.approved_by_id:
        return ""
    if run.plan.get("takes_strangers"):
        return _takes_out(run, counts)
    return (_removes(run, counts) or _adds(run, counts)) if counts.ledger else ""


def _takes_out(run: Run, counts: Counts) -> str:
    """As if everybody who is named were on the list."""
    size = run.audience.size if run.audience else None
    if not size:
        return "may_remove_many" if counts.removals > MOST_REMOVED_UNMEASURED else ""
    is_many = counts.removals * 100 > run.delivery.hold_share * size
    falls_short = bool(counts.removals) and size - counts.removals < MIN_AUDIENCE_SIZE <= size
    return "may_remove_many" if is_many or falls_short else ""


def _removes(run: Run, counts: Counts) -> str:
    if not counts.removals:
        return ""
    if counts.removals >= counts.ledger and not counts.adds:
        return "empties_list"
    if counts.removals * 100 > run.delivery.hold_share * counts.ledger:
        return "removes_many"
    after = counts.ledger - counts.removals + added(counts)
    return "falls_short" if after < MIN_AUDIENCE_SIZE <= counts.ledger else ""


def _adds(run: Run, counts: Counts) -> str:
    new = added(counts)
    is_many = new >= FEWEST_ADDED and new * 100 > run.delivery.hold_add_share * counts.ledger
    return "adds_many" if is_many else ""


def added(counts: Counts) -> int:
    """Identifiers that the run puts on the list."""
    return sum(kind.new for kind in counts.kinds.values()) if counts.adds else 0
