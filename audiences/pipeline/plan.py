"""The plain data that goes into preparing a run and comes out of it, shared by every step of the pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from audiences.filtering.conditions import RowFilter
from pinconnect.lib import storage

Mode = Literal["mirror", "add", "remove"]
Treatment = Literal["auto", "plain", "hashed", "any_hash", "e164"]
Operation = Literal["ADD", "REMOVE"]
Shape = Literal["records", "records_v2"]

# A ledger is a directory with a manifest.json; see audiences.ledger.
LedgerPath = Path


class PipelineError(Exception):
    """Preparing could not finish; nothing was sent and the working directory may be used again."""


class Cancelled(PipelineError):  # noqa: N818 - the word the run's states use
    """Somebody asked to stop."""


class DiskFull(PipelineError):  # noqa: N818 - the word the run's states use
    """The disk, or the part of it that preparing may use, is full."""


def is_disk_full(error: BaseException) -> bool:
    """Whether an error says that there is no room, in whatever words."""
    return isinstance(error, DiskFull) or storage.is_full(error)


class MemoryShort(PipelineError):  # noqa: N818 - the word the run's states use
    """The work does not fit into the memory limit even with spilling to disk."""


class SourceBroken(PipelineError):  # noqa: N818 - the word the run's states use
    """The data cannot be trusted as it was read.

    reason: a code with words in pinconnect.identifiers.reasons (unclosed_quote, too_many_broken_rows, column_missing,
    source_missing, source_unreadable, source_empty, unknown_encoding). source: 1-based position among the plan's
    sources. row: 1-based data row where the trouble starts, if known. detail: a column name or a count, never a value.
    """

    def __init__(self, reason: str, *, source: int = 1, row: int | None = None, detail: str = "") -> None:
        super().__init__(f"{reason} (file {source}{f', row {row}' if row else ''}{f', {detail}' if detail else ''})")
        self.reason = reason
        self.source = source
        self.row = row
        self.detail = detail


@dataclass(frozen=True)
class CsvFormat:
    """How a delimited text file is to be read.

    columns: the names in file order, one per field, also when there is no header. encoding: any name Python knows.
    compression: "" or "gzip". quote: "" when the file has no quoting.
    """

    columns: tuple[str, ...]
    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    has_header: bool = True
    compression: str = ""


@dataclass(frozen=True)
class Source:
    """One immutable local file; several are read as if appended to one another."""

    path: Path
    format: CsvFormat


@dataclass(frozen=True)
class ColumnMapping:
    """What a column holds. kind: a code of identifiers.kinds. default_country: ISO 3166 alpha-2, for phones only."""

    column: str
    kind: str
    treatment: Treatment = "auto"
    default_country: str | None = None


@dataclass(frozen=True)
class Wire:
    """The shape Pinterest is sent: list_type is what the customer list is created with."""

    shape: Shape
    list_type: str


@dataclass(frozen=True)
class BatchLimits:
    """Largest batch: records per call and bytes of the whole request body."""

    records: int = 10_000
    bytes: int = 1_000_000


@dataclass(frozen=True)
class Plan:
    """Everything preparing depends on; the same plan over the same files gives the same bytes.

    tombstones: a Parquet file of (wire_kind UTINYINT, h BLOB) that must never be sent. ledger: None for an empty one.
    threads: 0 means as many as there are processors. max_spill_mb: how much disk temporary data may take (0: no limit).
    max_broken_share: above this share of broken rows the source is refused (SourceBroken). row_filter: None: all
    takes_strangers: mode remove on a list whose members are not all known: everybody in the data is taken out, known or
    not, but those who are in the ledger, which then is that of who is gone (ledger.GONE).
    """

    sources: tuple[Source, ...]
    columns: tuple[ColumnMapping, ...]
    mode: Mode
    wire: Wire
    limits: BatchLimits = BatchLimits()
    ledger: LedgerPath | None = None
    tombstones: Path | None = None
    memory_limit_mb: int = 512
    threads: int = 0
    max_spill_mb: int = 0
    max_broken_share: float = 0.1
    partitions: int | None = None
    takes_strangers: bool = False
    row_filter: RowFilter | None = None

    @property
    def holds_back(self) -> Path | None:
        """The tombstones that hold rows back; taking erased people out is always right."""
        return self.tombstones if self.mode != "remove" else None

    @property
    def read_columns(self) -> tuple[str, ...]:
        """Names of what is read: the mapped columns in order, then those that only the filter looks at."""
        mapped = tuple(column.column for column in self.columns)
        looked_at = self.row_filter.columns if self.row_filter else ()
        return mapped + tuple(name for name in looked_at if name not in mapped)


@dataclass(frozen=True)
class Progress:
    """Where preparing is. step: reading, checking, comparing or writing. fraction: 0..1 of the whole, or None."""

    step: str
    fraction: float | None
    rows: int


@dataclass(frozen=True)
class RowCounts:
    """Every row read is in exactly one of the other fields.

    to_send: rows that change the list; already_there: rows that change nothing (mode remove: not on the list, or gone);
    duplicate: same identifiers as an earlier row; invalid: no usable identifier, broken rows included;
    held_back: carries an erased identifier; left_out: does not match the delivery's filter.
    """

    read: int = 0
    to_send: int = 0
    already_there: int = 0
    duplicate: int = 0
    invalid: int = 0
    held_back: int = 0
    left_out: int = 0

    @property
    def accounted(self) -> int:
        """The sum that has to equal read."""
        settled = self.to_send + self.already_there + self.duplicate
        return settled + self.invalid + self.held_back + self.left_out


@dataclass(frozen=True)
class ColumnCounts:
    """Values of one mapped column in the rows that match: values = blank + usable + sum(invalid)."""

    column: str
    kind: str
    values: int = 0
    blank: int = 0
    usable: int = 0
    invalid: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class KindCounts:
    """One wire kind over all its columns; distinct = already_there + new (identifiers, not rows)."""

    values: int = 0
    blank: int = 0
    invalid: Mapping[str, int] = field(default_factory=dict)
    distinct: int = 0
    already_there: int = 0
    new: int = 0


@dataclass(frozen=True)
class Example:
    """A masked value that was refused. row: 1-based within its source."""

    source: int
    row: int
    column: str
    kind: str
    reason: str
    value: str


@dataclass(frozen=True)
class Incomparable:
    """Rows whose value in a column is no number or no date, which a condition of the filter asks for."""

    column: str
    kind: str
    rows: int


@dataclass(frozen=True)
class Counts:
    """What preparing found; to_json and from_json keep it on the run.

    removals: distinct identifiers to remove. broken: rows that could not be read, by reason (part of rows.invalid).
    blank_rows: rows in which every mapped value was blank (part of rows.invalid). adds: records in the add sequence.
    ledger: distinct identifiers known to be on the list before this run. incomparable: one per condition that met such.
    """

    rows: RowCounts
    kinds: Mapping[str, KindCounts]
    columns: tuple[ColumnCounts, ...]
    adds: int = 0
    removals: int = 0
    ledger: int = 0
    blank_rows: int = 0
    broken: Mapping[str, int] = field(default_factory=dict)
    examples: tuple[Example, ...] = ()
    incomparable: tuple[Incomparable, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain dicts and lists, ready for a JSON field."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Counts:
        """The reverse of to_json."""
        return cls(
            rows=RowCounts(**data["rows"]),
            kinds={kind: KindCounts(**found) for kind, found in data["kinds"].items()},
            columns=tuple(ColumnCounts(**column) for column in data["columns"]),
            examples=tuple(Example(**example) for example in data["examples"]),
            # Runs of earlier versions know no filter.
            incomparable=tuple(Incomparable(**found) for found in data.get("incomparable", ())),
            **{name: data[name] for name in ("adds", "removals", "ledger", "blank_rows", "broken")},
        )


@dataclass(frozen=True)
class BatchRange:
    """Positions first .. first + count - 1 of the sorted sequence of one operation. bytes: the payload has no more."""

    operation: Operation
    first: int
    count: int
    bytes: int


@dataclass(frozen=True)
class Prepared:
    """The outcome. batches: all ADDs in order, then all REMOVEs. rejects: masked CSV of what was refused."""

    counts: Counts
    batches: tuple[BatchRange, ...]
    rejects: Path

    @property
    def examples(self) -> tuple[Example, ...]:
        """Up to five masked examples per column and reason."""
        return self.counts.examples
