"""The plain data that goes into an examination and comes out of it."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

DELIMITERS = (",", ";", "\t", "|")
QUOTES = ('"', "'", "")

# More columns than this are a sign of a wrong delimiter, and would make every page about the dataset useless.
MAX_COLUMNS = 500
MAX_NAME_LENGTH = 200
# A row longer than this is a sign of broken quotes. Python's reader has a limit of its own, for the whole process.
MAX_ROW_BYTES = 2_000_000
csv.field_size_limit(MAX_ROW_BYTES)
_MOST_BYTES_OF_A_CHARACTER = 4
# Above this share of broken rows the file is refused: it is then more likely to be read wrongly than to be bad.
MAX_BROKEN_SHARE = 0.1
# So few broken rows never condemn a file, however small it is.
FEW_BROKEN_ROWS = 10
PREVIEW_ROWS = 20
SAMPLE_VALUES = 500
LISTED_BROKEN_ROWS = 10_000


def is_too_long(cells: Sequence[str]) -> bool:
    """Whether a row of these cells is longer than MAX_ROW_BYTES."""
    if sum(map(len, cells)) * _MOST_BYTES_OF_A_CHARACTER <= MAX_ROW_BYTES:
        return False
    return sum(len(cell.encode()) for cell in cells) + len(cells) - 1 > MAX_ROW_BYTES


def why_unreadable(error: Exception) -> str:
    """The reason of a row that Python's reader of text refused."""
    return "row_too_long" if "field limit" in str(error) else "row_bad_quotes"


class RefusedError(Exception):
    """The file cannot be used as it is.

    code: has words in datasets.messages. line: 1-based line of the file where the trouble is, if known.
    detail: a column name, a file type or a count: never a value of the file.
    """

    def __init__(self, code: str, *, line: int | None = None, detail: str = "") -> None:
        super().__init__(f"{code}{f' (line {line})' if line else ''}")
        self.code = code
        self.line = line
        self.detail = detail


@dataclass(frozen=True)
class Asked:
    """What the user said about the file; None where it is to be found out."""

    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    has_header: bool | None = None


@dataclass(frozen=True)
class Limits:
    """How much an examination may use. expanded_bytes: of a compressed file once unpacked."""

    expanded_bytes: int
    memory_mb: int = 256
    threads: int = 0


@dataclass(frozen=True)
class Expected:
    """What the dataset's other snapshots look like: names in order, and the kind of identifier where one is known."""

    columns: tuple[str, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Scan:
    """What one pass over all bytes found. lines: of text, including header and blank ones.

    source: the file to read on: the original, or a clean copy of it in UTF-8 with plain line ends.
    skipped: lines of the original that stand before the first line of source. blank_at_end: empty lines after the last.
    """

    source: Path
    is_copy: bool
    compression: str
    encoding: str
    lines: int
    skipped: int
    expanded_bytes: int
    blank_at_end: int


@dataclass(frozen=True)
class Dialect:
    """Delimiter and quote of a delimited text; quote "" means that quotes have no meaning."""

    delimiter: str
    quote: str


@dataclass(frozen=True)
class BrokenRow:
    """A row that does not fit the columns. reason: a row code of identifiers.reasons. text: as written, unmasked."""

    line: int
    reason: str
    text: str


@dataclass(frozen=True)
class Column:
    """What one column holds. kind: "" when no identifier was recognised. examples: masked."""

    name: str
    filled: int
    kind: str = ""
    treatment: str = "auto"
    confidence: float = 0.0
    reason: str = ""
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Examined:
    """The outcome. rows: that can be read. copy: a clean copy to read instead of the original, if one is needed.

    encoding and compression: of the original. broken: count per reason. broken_rows: a masked CSV of them, if any.
    preview: the first rows, masked.
    """

    encoding: str
    compression: str
    dialect: Dialect
    has_header: bool
    columns: tuple[Column, ...]
    rows: int
    preview: tuple[tuple[str, ...], ...]
    expanded_bytes: int
    copy: Path | None = None
    broken: Mapping[str, int] = field(default_factory=dict)
    broken_rows: Path | None = None
