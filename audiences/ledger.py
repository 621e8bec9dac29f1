"""What has been delivered to a customer list: the only truth, since Pinterest never gives members back.

A ledger is a directory: manifest.json and Parquet files of (wire_kind UTINYINT, h BLOB of 32 bytes, or of 20 or
16 for a SHA-1 or MD5 that was let through), partitioned by the
first hexadecimal digits of h and sorted by h. It is never changed: a new one is written beside it. A directory without
a manifest is not a ledger, so one that was half written is never read.

A list that was on Pinterest before may hold people whom the ledger does not know. Once a delivery has taken people out
of such a list, the folder "gone" inside its ledger is a ledger of those: acknowledged as removed, and not added since.
"""

# SQL is put together from our own expressions and names; every value in it went through quote().
# ruff: noqa: S608

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import duckdb

from audiences.pipeline.plan import LedgerPath
from audiences.pipeline.sequences import Index, read_index
from audiences.pipeline.session import Session
from pinconnect.identifiers import kinds
from pinconnect.identifiers.columnar import quote

_VERSION = 1
MANIFEST = "manifest.json"
GONE = "gone"
_OPTIONS = "(FORMAT parquet, COMPRESSION uncompressed, ROW_GROUP_SIZE 61440)"
_NOTHING = "SELECT NULL::UTINYINT AS wire_kind, NULL::BLOB AS h WHERE false"


class LedgerBroken(Exception):  # noqa: N818 - what it is, and a person has to look
    """The directory is not a complete ledger of a version we know."""


class Range(Protocol):
    """What advance needs to know of an acknowledged batch."""

    @property
    def operation(self) -> str: ...

    @property
    def first(self) -> int: ...

    @property
    def count(self) -> int: ...


@dataclass(frozen=True)
class LedgerStats:
    """members: distinct identifiers by wire kind. width: hexadecimal digits of the partition prefix."""

    members: Mapping[str, int] = field(default_factory=dict)
    width: int = 0

    @property
    def total(self) -> int:
        """All identifiers."""
        return sum(self.members.values())


def stats(path: LedgerPath | None) -> LedgerStats:
    """What the manifest says; an absent ledger (None) is empty. Raises LedgerBroken."""
    if path is None:
        return LedgerStats()
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        if manifest["version"] != _VERSION:
            raise LedgerBroken("The ledger was written by another version.")
        return LedgerStats(dict(manifest["members"]), int(manifest["width"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise LedgerBroken("The ledger has no readable manifest.") from None


def count(path: LedgerPath | None) -> int:
    """How many identifiers are on the list."""
    return stats(path).total


def contains(path: LedgerPath | None, wire_kind: str, digest: bytes) -> bool:
    """Whether an identifier is on the list; reads one partition."""
    if path is None:
        return False
    query = partition(path, stats(path), digest.hex())
    connection = duckdb.connect(":memory:", config={"threads": 1})
    try:
        found = connection.execute(
            f"SELECT count(*) FROM ({query}) WHERE h = ? AND wire_kind = ?", [digest, kinds.WIRE_NUMBERS[wire_kind]]
        ).fetchone()
    finally:
        connection.close()
    return bool(found and found[0])


def partition(path: LedgerPath, found: LedgerStats, prefix: str) -> str:
    """A query for the members whose digest starts with these hexadecimal digits, at least as many as the ledger has."""
    file = path / file_name(prefix[: found.width])
    if not file.exists():
        if (path / MANIFEST).exists() and found.total == 0:
            return _NOTHING
        raise LedgerBroken("A file of the ledger is missing.")
    query = f"SELECT wire_kind, h FROM read_parquet({quote(str(file))})"
    if len(prefix) > found.width:
        # A digest may be shorter than others, and what is shorter sorts first: so low has no more digits than it needs.
        low, high = prefix + "0" * (len(prefix) % 2), prefix.ljust(64, "f")
        query += f" WHERE h >= unhex({quote(low)}) AND h <= unhex({quote(high)})"
    return query


def gone(path: LedgerPath | None) -> LedgerPath | None:
    """The ledger of those who are gone from the list; None while nobody was taken out without being known."""
    folder = path / GONE if path else None
    return folder if folder and (folder / MANIFEST).exists() else None


def advance(
    old: LedgerPath | None,
    workdir: Path,
    acknowledged: Iterable[Range],
    target: Path,
    *,
    memory_limit_mb: int = 512,
    threads: int = 0,
    is_gone: bool = False,
) -> LedgerStats:
    """Write to target: old + acknowledged adds - acknowledged removes; is_gone: the other way round.

    acknowledged: ranges of the sequences that prepare left in workdir; overlaps do no harm. target is replaced if it is
    left over from a crash. Raises LedgerBroken, DiskFull, MemoryShort; then target has no manifest.
    """
    before, index, batches = stats(old), read_index(workdir), list(acknowledged)
    ranges = {operation: coalesced(batches, operation) for operation in ("ADD", "REMOVE")}
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    width = max(before.width, index.width)
    with Session(target / ".spill", memory_limit_mb=memory_limit_mb, threads=threads) as session:
        flags = {"ADD": 4, "REMOVE": 2} if is_gone else {"ADD": 2, "REMOVE": 4}
        _spread_changes(index, ranges, flags, target / ".changes", width, session)
        members = _write(old, before, target, width, session)
    manifest = {"version": _VERSION, "width": width, "members": members}
    # The manifest makes it a ledger, so it comes last and whole, after everything else has reached the disk.
    draft = target / f"{MANIFEST}.draft"
    draft.write_text(json.dumps(manifest, sort_keys=True), encoding="utf-8")
    for file in target.iterdir():
        with file.open("rb") as written:
            os.fsync(written.fileno())
    draft.rename(target / MANIFEST)
    return LedgerStats(members, width)


def coalesced(batches: Sequence[Range], operation: str) -> list[tuple[int, int]]:
    """Sorted, disjoint (first, end) of one operation; end is not included."""
    found: list[tuple[int, int]] = []
    for first, end in sorted((one.first, one.first + one.count) for one in batches if one.operation == operation):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif end > first:
            found.append((first, end))
    return found


def _write(
    old: LedgerPath | None,
    before: LedgerStats,
    target: Path,
    width: int,
    session: Session,
) -> dict[str, int]:
    """Write every partition; the flags are 1 in it before, 2 comes, 4 goes."""
    changes = target / ".changes"
    prefixes = [f"{number:0{width}x}" for number in range(16**width)] if width else [""]
    members: dict[str, int] = {}
    for prefix in prefixes:
        known = partition(old, before, prefix) if old else _NOTHING
        query = (
            f"SELECT wire_kind, h, 1::UTINYINT AS f FROM ({known}) UNION ALL "
            f"SELECT wire_kind, h, f FROM ({_changes(changes, prefix)})"
        )
        session.run(
            f"CREATE OR REPLACE TEMP TABLE merged AS SELECT wire_kind, h FROM ({query}) "
            f"GROUP BY wire_kind, h HAVING bit_or(f) & 4 = 0"
        )
        session.run(
            f"COPY (SELECT wire_kind, h FROM merged ORDER BY h, wire_kind) "
            f"TO {quote(str(target / file_name(prefix)))} {_OPTIONS}"
        )
        for number, size in session.run("SELECT wire_kind, count(*) FROM merged GROUP BY wire_kind ORDER BY wire_kind"):
            code = kinds.WIRE_CODES[number]
            members[code] = members.get(code, 0) + size
    shutil.rmtree(changes, ignore_errors=True)
    return members


def _spread_changes(
    index: Index,
    ranges: Mapping[str, list[tuple[int, int]]],
    flags: Mapping[str, int],
    changes: Path,
    width: int,
    session: Session,
) -> None:
    """Acknowledged identifiers by the partition of their own digest, which is not that of their row."""
    parts = [
        f"SELECT k AS wire_kind, h, {flag}::UTINYINT AS f FROM ({index.identifiers(operation, first, end)})"
        for operation, flag in flags.items()
        for first, end in ranges[operation]
    ]
    changes.mkdir()
    # A run of many small gaps has many ranges; statements stay readable for the engine in groups.
    for group, start in enumerate(range(0, len(parts), 200)):
        query = " UNION ALL ".join(parts[start : start + 200])
        place = f"substr(lower(hex(h[1:1])), 1, {width})" if width else "'all'"
        session.run(
            f"COPY (SELECT *, {place} AS p FROM ({query})) TO {quote(str(changes))} (FORMAT parquet, COMPRESSION "
            f"uncompressed, PARTITION_BY (p), WRITE_PARTITION_COLUMNS false, OVERWRITE_OR_IGNORE true, "
            f"FILENAME_PATTERN 'group{group}_{{i}}')"
        )


def _changes(folder: Path, prefix: str) -> str:
    place = folder / f"p={prefix or 'all'}"
    if not place.exists():
        return "SELECT NULL::UTINYINT AS wire_kind, NULL::BLOB AS h, 0::UTINYINT AS f WHERE false"
    return f"SELECT wire_kind, h, f FROM read_parquet({quote(str(place / '*.parquet'))}, hive_partitioning = false)"


def file_name(prefix: str) -> str:
    """The file of the members whose digest starts with prefix, which has as many digits as the ledger is wide."""
    return f"part-{prefix or 'all'}.parquet"
