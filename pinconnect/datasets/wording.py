"""Words for what datasets hold: formats, states and columns, as pages show them."""

from __future__ import annotations

from dataclasses import dataclass

from pinconnect.datasets import messages
from pinconnect.datasets.examination import encodings
from pinconnect.datasets.models import Column, Snapshot, SnapshotState
from pinconnect.identifiers import kinds, reasons

DELIMITERS = ((",", "Comma ( , )"), (";", "Semicolon ( ; )"), ("\t", "Tab"), ("|", "Vertical bar ( | )"))
QUOTES = (('"', 'Double quote ( " )'), ("'", "Single quote ( ' )"), ("none", "None: quotes have no meaning"))

_TONES = {
    SnapshotState.RECEIVING: "info",
    SnapshotState.RECEIVED: "info",
    SnapshotState.READY: "good",
    SnapshotState.REFUSED: "bad",
    SnapshotState.DELETED: "neutral",
}


@dataclass(frozen=True)
class State:
    """What components/badge.html needs."""

    label: str
    tone: str
    is_live: bool


@dataclass(frozen=True)
class ColumnRow:
    """A column as a page shows it. kind: "" when it is no identifier. filled: share of rows with a value, if known."""

    name: str
    kind: str
    certainty: str
    reason: str
    filled: float | None
    examples: tuple[str, ...]


@dataclass(frozen=True)
class BrokenCount:
    title: str
    action: str
    rows: int


def state(snapshot: Snapshot) -> State:
    if snapshot.correction is not None:
        return State("Being examined again", "info", True)
    found = SnapshotState(snapshot.state)
    return State(str(found.label), _TONES[found], not snapshot.is_settled)


def refusal(snapshot: Snapshot) -> messages.Refusal | None:
    """Why it was refused, or why its last correction was; None when neither happened."""
    if not snapshot.refusal or snapshot.state == SnapshotState.DELETED:
        return None
    return messages.refusal(snapshot.refusal, line=snapshot.refusal_line, detail=snapshot.refusal_detail)


def refused_title(snapshot: Snapshot) -> str:
    """The refusal as the title of a notice about the dataset; "" when there is none."""
    words = refusal(snapshot)
    if words is None:
        return ""
    if snapshot.state == SnapshotState.READY:
        return f"The correction of snapshot {snapshot.number} did not work"
    return f"Snapshot {snapshot.number} is not used. {words.title}"


def file_format(snapshot: Snapshot) -> list[tuple[str, str]]:
    """What was found out about the file, as pairs of a name and words."""
    quote = dict(QUOTES)[snapshot.quote or "none"]
    return [
        ("Compression", "gzip" if snapshot.compression else "None"),
        ("Encoding", encodings.label(snapshot.encoding)),
        ("Delimiter", dict(DELIMITERS).get(snapshot.delimiter, snapshot.delimiter)),
        ("Quote character", quote),
        ("First line", "Names of the columns" if snapshot.has_header else "Data: there is no header"),
    ]


def columns(found: list[Column], snapshot: Snapshot | None) -> list[ColumnRow]:
    """The dataset's columns; how full they are is told for one snapshot."""
    filled = dict(zip(snapshot.column_names, snapshot.filled, strict=False)) if snapshot else {}
    rows = (snapshot.rows if snapshot else 0) or 0
    return [
        ColumnRow(
            name=column.name,
            kind=_kind(column),
            certainty=_certainty(column),
            reason=column.reason,
            filled=filled[column.name] / rows if rows and column.name in filled else None,
            examples=tuple(column.examples),
        )
        for column in found
    ]


def broken(snapshot: Snapshot) -> list[BrokenCount]:
    """How many rows are broken and why, the commonest first."""
    counts = sorted(snapshot.broken_reasons.items(), key=lambda pair: -pair[1])
    return [BrokenCount(reasons.get(code).title, reasons.get(code).action, count) for code, count in counts]


def _kind(column: Column) -> str:
    if not column.proposed_kind:
        return ""
    label = kinds.get(column.proposed_kind).label
    return f"{label}, already hashed" if column.proposed_treatment == "hashed" else label


def _certainty(column: Column) -> str:
    if not column.proposed_kind:
        return ""
    if column.confidence >= 0.9:
        return "Sure"
    return "Likely" if column.confidence >= 0.6 else "A guess"
