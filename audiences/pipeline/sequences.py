"""The sorted sequences that prepare leaves behind: what to add and what to remove, each entry at a fixed position.

index.json lists the Parquet files of each sequence. An entry of the add sequence is one record: for `records` one
identifier (n, k, h), for `records_v2` one row (n and a digest per wire kind). A removal is always one identifier.
n is the position. Files have small row groups, so that reading a range costs what the range is large.
"""

# SQL is put together from our own expressions and names; every value in it went through quote().
# ruff: noqa: S608

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from audiences.pipeline import wire
from pinconnect.identifiers import kinds
from pinconnect.identifiers.columnar import quote

OPTIONS = "(FORMAT parquet, COMPRESSION uncompressed, ROW_GROUP_SIZE 10240)"
INDEX = "index.json"
_FOLDERS = {"ADD": "adds", "REMOVE": "removes"}


@dataclass(frozen=True)
class Part:
    """One file: positions first .. first + count - 1."""

    file: str
    first: int
    count: int


@dataclass(frozen=True)
class Index:
    """Where the sequences of a prepared run lie. shape: of the wire. width: of the partition prefix.

    known: members, by wire kind, of the ledger that removals are members of and new identifiers are missing from; None
    if strangers are taken out as well, or an earlier version did not say.
    """

    workdir: Path
    shape: str
    wire_kinds: tuple[str, ...]
    width: int
    parts: dict[str, tuple[Part, ...]]
    known: Mapping[str, int] | None = None

    def count(self, operation: str) -> int:
        """Entries of the sequence."""
        return sum(part.count for part in self.parts[operation])

    def has_rows(self, operation: str) -> bool:
        """Whether entries are rows with a column per wire kind rather than single identifiers."""
        return operation == "ADD" and self.shape == "records_v2"

    def files(self, operation: str, first: int, end: int) -> list[Path]:
        """The files that hold any position of first .. end - 1."""
        return [
            self.workdir / part.file
            for part in self.parts[operation]
            if part.count and part.first < end and part.first + part.count > first
        ]

    def entries(self, operation: str, first: int, end: int) -> str:
        """A query for the entries first .. end - 1 (end is not included)."""
        files = self.files(operation, first, end)
        if not files:
            return f"SELECT {self._nothing(operation)} WHERE false"
        listed = ", ".join(quote(str(file)) for file in files)
        return f"SELECT * FROM read_parquet([{listed}]) WHERE n >= {first} AND n < {end}"

    def identifiers(self, operation: str, first: int, end: int) -> str:
        """A query for the identifiers (k, h) in these entries."""
        entries = self.entries(operation, first, end)
        if not self.has_rows(operation):
            return f"SELECT k, h FROM ({entries})"
        return " UNION ALL ".join(
            f"SELECT {kinds.WIRE_NUMBERS[code]}::UTINYINT AS k, {code} AS h FROM ({entries}) WHERE {code} IS NOT NULL"
            for code in self.wire_kinds
        )

    def row_text(self, operation: str) -> str:
        """SQL for the JSON text of an entry as a records_v2 row."""
        if self.has_rows(operation):
            return wire.row_sql({code: code for code in self.wire_kinds})
        # A removal may be of a kind that is no longer mapped.
        cases = " ".join(
            f"WHEN {kinds.WIRE_NUMBERS[code]} THEN {wire.row_sql({code: 'h'})}" for code in kinds.ROW_FIELDS
        )
        return f"CASE k {cases} END"

    def _nothing(self, operation: str) -> str:
        if self.has_rows(operation):
            return "NULL::BIGINT AS n, " + ", ".join(f"NULL::BLOB AS {code}" for code in self.wire_kinds)
        return "NULL::BIGINT AS n, NULL::UTINYINT AS k, NULL::BLOB AS h"


def folder(workdir: Path, operation: str) -> Path:
    """Where the files of a sequence go."""
    return workdir / _FOLDERS[operation]


def write_index(index: Index) -> None:
    """Write index.json into the working directory."""
    data = {
        "shape": index.shape,
        "wire_kinds": list(index.wire_kinds),
        "width": index.width,
        "known": None if index.known is None else dict(index.known),
        "parts": {operation: [asdict(part) for part in parts] for operation, parts in index.parts.items()},
    }
    (index.workdir / INDEX).write_text(json.dumps(data, sort_keys=True), encoding="utf-8")


def read_index(workdir: Path) -> Index:
    """Read index.json; FileNotFoundError when the directory was never prepared to the end."""
    data = json.loads((workdir / INDEX).read_text(encoding="utf-8"))
    parts = {operation: tuple(Part(**part) for part in found) for operation, found in data["parts"].items()}
    return Index(workdir, data["shape"], tuple(data["wire_kinds"]), data["width"], parts, data.get("known"))


class SequenceWriter:
    """Writes one sequence file by file and keeps the positions running."""

    def __init__(self, workdir: Path, operation: str) -> None:
        self._workdir = workdir
        self._operation = operation
        self.parts: list[Part] = []
        folder(workdir, operation).mkdir()

    @property
    def count(self) -> int:
        """Entries so far."""
        return self.parts[-1].first + self.parts[-1].count if self.parts else 0

    def copy_sql(self, prefix: str, columns: Sequence[str], query: str) -> str:
        """COPY of an ordered query into the file of a partition, with positions put in front."""
        path = self._workdir / self._name(prefix)
        return (
            f"COPY (SELECT row_number() OVER () - 1 + {self.count}::BIGINT AS n, {', '.join(columns)} FROM ({query})) "
            f"TO {quote(str(path))} {OPTIONS}"
        )

    def wrote(self, prefix: str, count: int) -> None:
        """Note what copy_sql's statement wrote."""
        self.parts.append(Part(self._name(prefix), self.count, count))

    def _name(self, prefix: str) -> str:
        return f"{_FOLDERS[self._operation]}/part-{prefix or 'all'}.parquet"
