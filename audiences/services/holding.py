"""Whether a change is so large that a person should look at it before anything is sent."""

from audiences.models import Run, Trigger
from audiences.pipeline.plan import Counts


def hold_reason(run: Run, counts: Counts) -> str:
    """The code why the run is held, or "" when it may go on.

    Shares are of the identifiers on the list before the run. A list is emptied when everything on it goes and nothing
    comes.
    """
    # Whoever asked for an erasure has decided already.
    if run.trigger == Trigger.ERASURE or run.approved_by_id or not counts.removals or not counts.ledger:
        return ""
    if counts.removals >= counts.ledger and not counts.adds:
        return "empties_list"
    if counts.removals * 100 > run.delivery.hold_share * counts.ledger:
        return "removes_many"
    return ""
