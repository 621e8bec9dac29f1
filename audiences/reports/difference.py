"""What a run would change on its list, in numbers and in words, for whoever has to decide about it."""

from dataclasses import dataclass, replace
from typing import Any

from audiences.filtering.conditions import RowFilter
from audiences.filtering.words import day_named, sentence
from audiences.models import Mode, Run, Trigger
from audiences.states import RunState
from pinconnect.identifiers import kinds

# From which change of the rows, or of the share of unusable ones (in points), it is worth a sentence.
NOTED_ROWS = 0.1
NOTED_POINTS = 5.0


@dataclass(frozen=True)
class KindChange:
    """Identifiers of one kind, or of all: on the list before (None if nobody knows), coming, leaving."""

    label: str
    before: int | None
    adds: int
    removes: int

    @property
    def after(self) -> int | None:
        return None if self.before is None else self.before + self.adds - self.removes


@dataclass(frozen=True)
class Difference:
    """kinds: one line each. observations: sentences that compare with the last finished run.

    size: people in the audience, as far as Pinterest has said; for lists of which nobody knows who is on them.
    """

    total: KindChange
    kinds: tuple[KindChange, ...]
    observations: tuple[str, ...]
    size: int | None = None

    @property
    def removed_share(self) -> float:
        """Percent of the list before, or of the audience where nobody knows who is on the list."""
        before = self.total.before if self.total.before is not None else self.size
        return 100 * self.total.removes / before if before else 0.0

    @property
    def added_share(self) -> float:
        """Percent of the list before."""
        return 100 * self.total.adds / self.total.before if self.total.before else 0.0


def of(run: Run) -> Difference:
    """Of a run that is prepared and has not settled."""
    counts = run.counts
    is_unknown = bool(run.plan.get("takes_strangers"))
    members: dict[str, int] = run.audience.ledger_members if run.audience else {}
    found = counts.get("kinds", {})
    adds = {code: kind["new"] if counts.get("adds") else 0 for code, kind in found.items()}
    removes = _removes(run, members, found)
    codes = [code for code in kinds.WIRE_NUMBERS if members.get(code) or adds.get(code) or removes.get(code)]
    lines = tuple(
        KindChange(
            kinds.wire_label(code),
            None if is_unknown else members.get(code, 0),
            adds.get(code, 0),
            removes.get(code, 0),
        )
        for code in codes
    )
    before = None if is_unknown else counts.get("ledger", 0)
    total = KindChange("All", before, sum(adds.values()), counts.get("removals", 0))
    size = run.audience.size if is_unknown and run.audience else None
    return Difference(total, lines if len(lines) > 1 else (), tuple(_observations(run)), size)


def _removes(run: Run, members: dict[str, int], found: dict[str, Any]) -> dict[str, int]:
    """By kind: a mirror takes off what is not in the data, a removal what is, known to be on the list or not."""
    if run.plan.get("takes_strangers"):
        return {code: kind["new"] for code, kind in found.items()}
    mode = run.plan.get("mode")
    if mode == Mode.MIRROR:
        return {code: count - found.get(code, {}).get("already_there", 0) for code, count in members.items()}
    if mode == Mode.REMOVE:
        return {code: kind["already_there"] for code, kind in found.items()}
    return {}


def _observations(run: Run) -> list[str]:
    # An erasure reads no dataset, so it says nothing about this one.
    done = run.delivery.runs.filter(is_dry_run=False, state=RunState.DONE, pk__lt=run.pk)
    last = done.exclude(trigger=Trigger.ERASURE).order_by("-pk").first()
    if last is None or not last.counts.get("rows", {}).get("read"):
        return ["This is the first run of this delivery, so there is nothing to compare it with."]
    return [*_of_plan(run, last), *_of_rows(run, last)] or [_of_nothing_else(run, last)]


def _of_nothing_else(run: Run, last: Run) -> str:
    if _is_same_data(run, last):
        return (
            f"The data is the same as in run {last.number}. The list has changed since, or that run could not send "
            "everything."
        )
    return f"The data is as large and as clean as in run {last.number}: it is other people that it holds."


def _is_same_data(run: Run, last: Run) -> bool:
    """Whether both read the same files, and read them alike."""
    return bool(run.plan.get("snapshots")) and all(
        run.plan.get(part) == last.plan.get(part) for part in ("snapshots", "readings")
    )


def _of_plan(run: Run, last: Run) -> list[str]:
    found = []
    if run.plan.get("columns") != last.plan.get("columns"):
        found.append(f"The choice of columns is not that of run {last.number}: identifiers may be other ones for it.")
    if _rows_asked_for(run) != _rows_asked_for(last):
        found.append(f"The choice of rows is not that of run {last.number}. It is now: {sentence(_filter(run))}.")
    if run.plan.get("mode") != last.plan.get("mode"):
        found.append(f"The mode is not that of run {last.number}.")
    return [*found, *_of_days(run, last)]


def _of_days(run: Run, last: Run) -> list[str]:
    """The same conditions mean other dates on another day, so people come and go without any change of the data."""
    now, then = _filter(run), _filter(last)
    if now is None or then is None or now.today == then.today or _rows_asked_for(run) != _rows_asked_for(last):
        return []
    days = f"Days are counted from {day_named(now.today)}; in run {last.number} they were counted from "
    return [f"{days}{day_named(then.today)}.{' The data is the same.' if _is_same_data(run, last) else ''}"]


def _filter(run: Run) -> RowFilter | None:
    return RowFilter.from_json(run.plan.get("filter"))


def _rows_asked_for(run: Run) -> RowFilter | None:
    """The filter whatever the day."""
    found = _filter(run)
    return replace(found, today=None) if found else None


def _of_rows(run: Run, last: Run) -> list[str]:
    now, then = run.counts["rows"], last.counts["rows"]
    found = []
    change = (now["read"] - then["read"]) / then["read"]
    if abs(change) >= NOTED_ROWS:
        perhaps = " Perhaps the file is not complete." if change < 0 else ""
        rows = f"{now['read']:,} row{'' if now['read'] == 1 else 's'}"
        found.append(f"The data has {rows}; in run {last.number} it had {then['read']:,}.{perhaps}")
    shares = [100 * rows["invalid"] / rows["read"] if rows["read"] else 0.0 for rows in (now, then)]
    if shares[0] - shares[1] >= NOTED_POINTS:
        found.append(
            f"{shares[0]:.0f}% of the rows hold no usable identifier; in run {last.number} it was {shares[1]:.0f}%. "
            "Perhaps a column has changed its meaning."
        )
    return found
