"""Pinterest refused the content of a batch: find the bad records by halving, and set them apart.

A single bad record among n costs at most 2·log2(n) more calls. The first half is the smaller one, and once it was
accepted the bad record is known to be in the other, which is halved without being sent. When nothing at all of a large
batch is accepted, eight single records from all over it are tried; if all are refused, the rest would be too, and the
run stops.
"""

import json

from audiences.models import Batch, Run
from audiences.services import endings, outcomes
from audiences.services.outcomes import Claimed
from audiences.states import BatchState
from pinconnect.pinterest.errors import PinterestError, Rejected, TooLarge
from pinconnect.pinterest.types import Payload

PROBES = 8
_PROBED_FROM = 64
EVERYTHING = "everything_refused"


def refuse(run: Run, claimed: Claimed, error: PinterestError, payload: Payload | None) -> None:
    """Halve the batch, or set a single record apart."""
    batch = claimed.batch
    if batch.count > 1:
        is_too_large = isinstance(error, TooLarge)
        sizes = halves(batch.count) if is_too_large else _sizes(batch)
        outcomes.split(run, claimed, sizes, error)
        return
    outcomes.failed(
        claimed,
        type(error).__name__,
        http_status=error.status,
        request_id=(error.request_id or "")[:60],
        pinterest_message=error.pinterest_message[:200],
        example=example(payload),
    )
    _stop_if_hopeless(run, batch)


def halves(count: int) -> tuple[int, int]:
    """The larger one comes second, where a bad record costs a call less."""
    return count // 2, count - count // 2


def is_found_out(batch: Batch) -> bool:
    """Whether sending it is needless: it was refused together with what was accepted by itself since."""
    if batch.root_id is None or batch.count == 1 or batch.split_from is None:
        return False
    if batch.split_from.error != Rejected.__name__:
        return False
    others = batch.split_from.halves.exclude(pk=batch.pk)
    return not others.exclude(state=BatchState.SENT).exists()


def narrow_down(run: Run, claimed: Claimed) -> None:
    """Halve a batch that was found out; what was said of the whole holds for it."""
    outcomes.split(run, claimed, halves(claimed.batch.count), because=Rejected.__name__)


def example(payload: Payload | None) -> str:
    """A record as it may be shown: its kinds and the first digits of its digests."""
    if payload is None:
        return ""
    row = json.loads(payload.rows_json)[0] if payload.rows_json else {"record": payload.beginning(64)}
    return ", ".join(f"{name} {value[:6]}…" for name, value in row.items())[:60]


def _sizes(batch: Batch) -> tuple[int, ...]:
    root = batch.root or batch
    if root.count >= _PROBED_FROM and batch.count * 8 <= root.count + 8:
        family = Batch.objects.filter(root=root)
        nothing_accepted = not family.filter(state=BatchState.SENT).exists()
        if nothing_accepted and family.filter(count=1).count() < PROBES:
            return 1, batch.count - 1
    return halves(batch.count)


def _stop_if_hopeless(run: Run, batch: Batch) -> None:
    if batch.root_id is None:
        return
    family = Batch.objects.filter(root_id=batch.root_id)
    if family.filter(state=BatchState.SENT).exists():
        return
    if family.filter(state=BatchState.FAILED, count=1).count() < PROBES:
        return
    family.filter(state=BatchState.PENDING).update(state=BatchState.SKIPPED, error=EVERYTHING)
    hopeless = run.batches.filter(error=EVERYTHING).values("root").distinct().count()
    if hopeless > 1 or not run.batches.filter(state=BatchState.SENT).exists():
        endings.stop_sending(run, ending="failed", code=EVERYTHING)
