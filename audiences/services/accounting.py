"""No row unaccounted, checked for every run.

read = sent + already there + duplicate + invalid + held back + failed + left out.

run.counts is what preparing found (audiences.pipeline.plan.Counts as JSON: rows, kinds, columns, adds, removals,
ledger, blank_rows, broken, examples), and:

batches: how many there were to send.
doctor: of a dry run: suspicious values (audiences.doctor.examine.Symptom as plain data).
final: present once the run has settled:
    rows: read, sent, already_there, duplicate, invalid, held_back, failed, left_out. All after read add up to it.
    additions, removals: records by what became of them: sent, failed (Pinterest refused them), not_sent.
    calls: attempts to send a batch; one with a file counts as the calls that it takes.
    members: distinct identifiers on the list afterwards, by wire kind.
    is_estimate: whether sent and failed were shared out in proportion (see _failed_rows).
problem: present when preparing failed because of the data: source (number of the file), row, detail.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Case, F, IntegerField, Q, Sum, When

from audiences.models import Mode, Run
from audiences.pipeline.plan import Counts
from audiences.services.file_uploads import CALLS_PER_FILE
from audiences.states import BatchState

_FATES = {BatchState.SENT: "sent", BatchState.FAILED: "failed", BatchState.SKIPPED: "not_sent"}


class UnaccountedError(Exception):
    """The rows do not add up: a mistake of ours."""


@dataclass(frozen=True)
class Fates:
    """Records of one operation by what became of them; waiting: not known yet."""

    sent: int = 0
    failed: int = 0
    not_sent: int = 0
    waiting: int = 0

    @property
    def total(self) -> int:
        return self.sent + self.failed + self.not_sent + self.waiting


def fates(run: Run) -> dict[str, Fates]:
    """Sums over the batches, by operation (ADD, REMOVE), at this moment."""
    found: dict[str, dict[str, int]] = {"ADD": {}, "REMOVE": {}}
    sums = run.batches.exclude(state=BatchState.SPLIT).values_list("operation", "state").annotate(records=Sum("count"))
    for operation, state, records in sums.order_by():
        fate = _FATES.get(state, "waiting")
        found[operation][fate] = found[operation].get(fate, 0) + records
    return {operation: Fates(**counts) for operation, counts in found.items()}


def final(run: Run, members: Mapping[str, int]) -> dict[str, Any]:
    """The part of counts that is known once all batches have ended. Raises UnaccountedError."""
    counts = Counts.from_json(run.counts)
    ended = fates(run)
    deciding = ended["REMOVE" if run.plan["mode"] == Mode.REMOVE else "ADD"]
    failed, is_estimate = _failed_rows(counts.rows.to_send, deciding)
    rows = {
        "read": counts.rows.read,
        "sent": counts.rows.to_send - failed,
        "already_there": counts.rows.already_there,
        "duplicate": counts.rows.duplicate,
        "invalid": counts.rows.invalid,
        "held_back": counts.rows.held_back,
        "failed": failed,
        "left_out": counts.rows.left_out,
    }
    expected = {"ADD": counts.adds, "REMOVE": counts.removals}
    if sum(rows.values()) != 2 * rows["read"] or min(rows.values()) < 0:
        raise UnaccountedError(f"Run {run.pk}: the rows do not add up.")
    for operation, fate in ended.items():
        if fate.waiting or fate.total != expected[operation]:
            raise UnaccountedError(f"Run {run.pk}: the records of {operation} do not add up.")
    return {
        "rows": rows,
        "additions": _without_waiting(ended["ADD"]),
        "removals": _without_waiting(ended["REMOVE"]),
        "calls": _calls(run),
        "members": dict(members),
        "is_estimate": is_estimate,
    }


def rows_so_far(run: Run) -> dict[str, int]:
    """Rows as in final, while a run is under way or when it ended before it sent anything: unsent rows are failed."""
    found = run.counts.get("rows")
    if not found:
        names = ("read", "sent", "already_there", "duplicate", "invalid", "held_back", "failed", "left_out")
        return dict.fromkeys(names, 0)
    deciding = fates(run)["REMOVE" if run.plan["mode"] == Mode.REMOVE else "ADD"]
    unsent = Fates(sent=deciding.sent, not_sent=deciding.total - deciding.sent)
    failed = _failed_rows(found["to_send"], unsent)[0] if deciding.total else found["to_send"]
    kept = {name: found[name] for name in ("read", "already_there", "duplicate", "invalid", "held_back")}
    sent = found["to_send"] - failed
    return {**kept, "sent": sent, "failed": failed, "left_out": found.get("left_out", 0)}


def _failed_rows(to_send: int, fate: Fates) -> tuple[int, bool]:
    """Rows of which not everything reached the list.

    Where every row is one record this is exact. Where a row may be several records (several columns of one kind, or
    removals), it is shared out in proportion and rounded up, so that a failure is never rounded away.
    """
    lost = fate.failed + fate.not_sent
    if lost == 0 or to_send == 0:
        return 0, False
    if lost == fate.total:
        return to_send, False
    if fate.total == to_send:
        return lost, False
    return min(to_send, math.ceil(to_send * lost / fate.total)), True


def _calls(run: Run) -> int:
    """Those that change lists, which is what Pinterest limits. Once a file is there, it is only looked at."""
    is_there = Q(is_file=True) & ~Q(upload_id="")
    made = Case(When(is_there, then=CALLS_PER_FILE), default=F("attempts"), output_field=IntegerField())
    return run.batches.aggregate(calls=Sum(made))["calls"] or 0


def _without_waiting(fate: Fates) -> dict[str, int]:
    counts = asdict(fate)
    del counts["waiting"]
    return counts
