"""The records that Pinterest refused in a run, masked, with its words."""

from dataclasses import dataclass

from django.db.models import Q

from audiences.models import Batch, Run
from audiences.states import BatchState

SHOWN = 100
# Where the list was gone, nothing was said against the records.
REFUSED = Q(state=BatchState.FAILED) & ~Q(error="NotFound")
_INSTEAD = {"GaveUp": "No usable answer, however often it was sent."}
_NO_REASON = "Pinterest gave no reason."


@dataclass(frozen=True)
class Refused:
    """One record. batch: the id of its call's batch."""

    batch: int
    record: str
    operation: str
    said: str
    request_id: str


@dataclass(frozen=True)
class RefusedRecords:
    """shown: the first of all."""

    total: int
    shown: list[Refused]

    @property
    def text(self) -> str:
        if self.total == 1:
            return "One record was set apart and not sent again in this run. Only the beginning of its hash is shown."
        first = f", the first {len(self.shown):,} of which are listed" if self.total > len(self.shown) else ""
        return (
            f"{self.total:,} records were set apart{first}. They were not sent again in this run. "
            "Only the beginning of each hash is shown."
        )


def of(run: Run, *, total: int) -> RefusedRecords | None:
    """total: how many there are; without any, None, and the database is not asked."""
    if not total:
        return None
    found = run.batches.filter(REFUSED).order_by("operation", "first", "pk")[:SHOWN]
    return RefusedRecords(total, [_refused(batch) for batch in found])


def _refused(batch: Batch) -> Refused:
    said = batch.pinterest_message or _INSTEAD.get(batch.error, _NO_REASON)
    record = batch.example or f"record {batch.first + 1:,}"
    return Refused(batch.pk, record, batch.get_operation_display(), said, batch.request_id)
