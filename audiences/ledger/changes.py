"""What acknowledged batches change in a ledger, by partition."""

# SQL is put together from our own expressions and names; every value in it went through quote().
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from audiences.pipeline import halves, newcomers
from audiences.pipeline.sequences import Index, folder
from audiences.pipeline.session import Session
from pinconnect.identifiers.columnar import quote

# Beside the flags of reading.flagged.
COMES, GOES = 8, 16
_NOTHING = "SELECT NULL::UTINYINT AS wire_kind, NULL::UUID AS a, NULL::UUID AS b, 0::UTINYINT AS f WHERE false"
# Statements stay readable for the engine in groups of so many ranges.
_RANGES_AT_ONCE = 200


class Range(Protocol):
    """What advance needs to know of an acknowledged batch."""

    @property
    def operation(self) -> str: ...

    @property
    def first(self) -> int: ...

    @property
    def count(self) -> int: ...


class Changes:
    """Who comes and who goes. size: identifiers, counted as often as they are named.

    Mostly everything was acknowledged, or nothing of one operation. Then the files of the run serve as they are, and if
    they were made for this ledger (are_exact) nobody comes who is a member and nobody goes who is none.
    """

    def __init__(
        self,
        index: Index,
        batches: Sequence[Range],
        width: int,
        known: Mapping[str, int],
        *,
        is_gone: bool = False,
    ) -> None:
        self._index = index
        self._ranges = {operation: coalesced(batches, operation) for operation in ("ADD", "REMOVE")}
        self._flags = {"ADD": GOES, "REMOVE": COMES} if is_gone else {"ADD": COMES, "REMOVE": GOES}
        self.width = width
        self.prefixes = tuple(f"{number:0{width}x}" for number in range(16**width)) if width else ("",)
        self._folder: Path | None = None
        self._takes_newcomers = index.has_rows("ADD") and not is_gone and newcomers.are_whole(index.workdir, known)
        self._is_for_this = not is_gone and index.known is not None and dict(index.known) == dict(known)
        self.size = 0

    @property
    def are_exact(self) -> bool:
        """Known once they were gathered."""
        return self._is_for_this and self._folder is None

    def gather(self, place: Path, session: Session) -> None:
        """Make ready; place is for what has to be laid out anew. Call it once, before anything else."""
        if self._is_all_or_nothing():
            self.size = sum(self._index.count(operation) * self._kinds(operation) for operation in self._acknowledged())
        else:
            self._folder = place
            self._lay_out(session)

    def _acknowledged(self) -> list[str]:
        return [operation for operation, ranges in self._ranges.items() if ranges]

    def _kinds(self, operation: str) -> int:
        return len(self._index.wire_kinds) if self._index.has_rows(operation) else 1

    def _is_all_or_nothing(self) -> bool:
        """Whether files of the run serve as they are: then they have to have the partitions of the ledger, too."""
        if self._index.width != self.width:
            return False
        for operation in self._acknowledged():
            if self._ranges[operation] != [(0, self._index.count(operation))]:
                return False
            if self._index.has_rows(operation):
                if not self._takes_newcomers:
                    return False
            elif {self._part(operation, prefix) for prefix in self.prefixes} != self._parts(operation):
                return False
        return True

    def _part(self, operation: str, prefix: str) -> str:
        return f"{folder(self._index.workdir, operation).name}/part-{prefix or 'all'}.parquet"

    def _parts(self, operation: str) -> set[str]:
        return {part.file for part in self._index.parts[operation]}

    def of(self, prefix: str) -> str:
        """A query for (wire_kind, a, b, f) in a partition; an identifier may be named more than once."""
        if self._folder is not None:
            place = self._folder / f"p={int(prefix or '0', 16)}"
            if not place.exists():
                return _NOTHING
            return f"SELECT * FROM read_parquet({quote(str(place / '*.parquet'))}, hive_partitioning = false)"
        parts = [
            f"SELECT *, {self._flags[operation]}::UTINYINT AS f FROM ({self._of_operation(operation, prefix)})"
            for operation in self._acknowledged()
        ]
        return " UNION ALL ".join(parts) or _NOTHING

    def comers(self, prefix: str) -> str | None:
        """A query for (wire_kind, a, b) of those who come, distinct and in order; None if it takes work to tell."""
        is_plain = self._folder is None and self._acknowledged() == ["ADD"] and self._flags["ADD"] == COMES
        return self._of_operation("ADD", prefix) if is_plain else None

    def comers_file(self, prefix: str) -> Path | None:
        """The file that a ledger may share if there is nothing but those who come; None if it has to be written."""
        return newcomers.file(self._index.workdir, prefix) if self._takes_newcomers and self.comers(prefix) else None

    def _of_operation(self, operation: str, prefix: str) -> str:
        if self._index.has_rows(operation):
            return f"SELECT * FROM read_parquet({quote(str(newcomers.file(self._index.workdir, prefix)))})"
        file = quote(str(self._index.workdir / self._part(operation, prefix)))
        return f"SELECT k AS wire_kind, {halves.split('h', '')} FROM read_parquet({file})"

    def _lay_out(self, session: Session) -> None:
        """Bring acknowledged identifiers to the partition of their own digest, which is not that of their row."""
        assert self._folder is not None  # noqa: S101 -- gather() has just set it
        parts = [
            f"SELECT k AS wire_kind, {halves.split('h', '')}, {flag}::UTINYINT AS f "
            f"FROM ({self._index.identifiers(operation, first, end)})"
            for operation, flag in self._flags.items()
            for first, end in self._ranges[operation]
        ]
        self._folder.mkdir()
        for group, start in enumerate(range(0, len(parts), _RANGES_AT_ONCE)):
            query = " UNION ALL ".join(parts[start : start + _RANGES_AT_ONCE])
            self.size += session.value(
                f"COPY (SELECT *, {halves.leading('a', self.width)} AS p FROM ({query})) "
                f"TO {quote(str(self._folder))} (FORMAT parquet, COMPRESSION uncompressed, PARTITION_BY (p), "
                f"WRITE_PARTITION_COLUMNS false, OVERWRITE_OR_IGNORE true, FILENAME_PATTERN 'group{group}_{{i}}')"
            )


def coalesced(batches: Sequence[Range], operation: str) -> list[tuple[int, int]]:
    """Sorted, disjoint (first, end) of one operation; end is not included."""
    found: list[tuple[int, int]] = []
    for first, end in sorted((one.first, one.first + one.count) for one in batches if one.operation == operation):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif end > first:
            found.append((first, end))
    return found
