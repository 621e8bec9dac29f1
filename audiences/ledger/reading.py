"""What a ledger holds: its members, all of them or those of a partition."""

# SQL is put together from our own expressions and names; every value in it went through quote().
# ruff: noqa: S608

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from audiences.pipeline import halves
from audiences.pipeline.plan import LedgerPath
from pinconnect.identifiers import kinds
from pinconnect.identifiers.columnar import quote
from pinconnect.lib import engine

VERSION = 2
_READABLE = (1, VERSION)
MANIFEST = "manifest.json"
GONE = "gone"
NOTHING = "SELECT NULL::UTINYINT AS wire_kind, NULL::UUID AS a, NULL::UUID AS b WHERE false"


class LedgerBroken(Exception):  # noqa: N818 - what it is, and a person has to look
    """The directory is not a complete ledger of a version we know."""


@dataclass(frozen=True)
class LedgerStats:
    """members: distinct identifiers by wire kind. width: hexadecimal digits of the partition prefix.

    version: of the format. base: identifiers in part-*.parquet. changed: entries of delta-*.parquet.
    """

    members: Mapping[str, int] = field(default_factory=dict)
    width: int = 0
    version: int = VERSION
    base: int = 0
    changed: int = 0

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
        if manifest["version"] not in _READABLE:
            raise LedgerBroken("The ledger was written by another version.")
        members = {str(kind): int(size) for kind, size in manifest["members"].items()}
        base, changed = int(manifest.get("base", sum(members.values()))), int(manifest.get("changed", 0))
        return LedgerStats(members, int(manifest["width"]), manifest["version"], base, changed)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise LedgerBroken("The ledger has no readable manifest.") from None


def count(path: LedgerPath | None) -> int:
    """How many identifiers are on the list."""
    return stats(path).total


def contains(path: LedgerPath | None, wire_kind: str, digest: bytes) -> bool:
    """Whether an identifier is on the list; reads one partition."""
    if path is None:
        return False
    query = partition(path, stats(path), digest.hex())
    with engine.borrowed(threads=1) as connection:
        found = connection.execute(
            f"SELECT count(*) FROM ({query}) WHERE h = ? AND wire_kind = ?", [digest, kinds.WIRE_NUMBERS[wire_kind]]
        ).fetchone()
    return bool(found and found[0])


def partition(path: LedgerPath, found: LedgerStats, prefix: str) -> str:
    """A query for the members (wire_kind, h) whose digest starts with these hexadecimal digits.

    prefix: at least as many digits as the ledger is wide. Reads the files that file_names gives.
    """
    whole = f"SELECT wire_kind, {halves.join()} AS h FROM ({members(path, found, prefix)})"
    # The files were searched by the first half alone.
    rest = f"starts_with(lower(hex(h)), {quote(prefix)})"
    return f"SELECT * FROM ({whole}) WHERE {rest}" if len(prefix) > halves.DIGITS else whole


def members(path: LedgerPath, found: LedgerStats, prefix: str) -> str:
    """A query for the members (wire_kind, a, b) whose digest starts with prefix; halves.DIGITS digits of it count."""
    query = base(path, found, prefix)
    if not found.changed:
        return query
    changes = delta(path, found, prefix)
    left = f"SELECT wire_kind, a, b FROM ({changes}) WHERE gone"
    came = f"SELECT wire_kind, a, b FROM ({changes}) WHERE NOT gone"
    return f"SELECT * FROM ({query}) ANTI JOIN ({left}) USING (wire_kind, a, b) UNION ALL {came}"


def flagged(path: LedgerPath, found: LedgerStats, prefix: str) -> str:
    """A query for (wire_kind, a, b, f) in a partition: whoever has the flag 2 and not the flag 4 is a member."""
    query = f"SELECT wire_kind, a, b, 2::UTINYINT AS f FROM ({base(path, found, prefix)})"
    if found.changed:
        flag = "CASE WHEN gone THEN 4 ELSE 2 END::UTINYINT AS f"
        query += f" UNION ALL SELECT wire_kind, a, b, {flag} FROM ({delta(path, found, prefix)})"
    return query


def base(path: LedgerPath, found: LedgerStats, prefix: str) -> str:
    """A query for what the files of members hold: (wire_kind, a, b)."""
    file = path / file_name(prefix[: found.width])
    if not file.exists():
        if (path / MANIFEST).exists() and found.total == 0 and not found.changed:
            return NOTHING
        raise LedgerBroken("A file of the ledger is missing.")
    query = f"SELECT * FROM read_parquet({quote(str(file))})"
    if found.version == 1:
        # A digest may be shorter than others, and what is shorter sorts first: so low has no more digits than it needs.
        low, high = quote(prefix + "0" * (len(prefix) % 2)), quote(prefix.ljust(64, "f"))
        return (
            f"SELECT wire_kind, {halves.split('h', '')} FROM ({query}) WHERE h BETWEEN unhex({low}) AND unhex({high})"
        )
    return f"{query} WHERE {halves.starts_with(prefix)}" if len(prefix) > found.width else query


def delta(path: LedgerPath, found: LedgerStats, prefix: str) -> str:
    """A query for who came and left since those files were written: (wire_kind, a, b, gone)."""
    file = path / delta_name(prefix[: found.width])
    if not file.exists():
        raise LedgerBroken("A file of the ledger is missing.")
    query = f"SELECT * FROM read_parquet({quote(str(file))})"
    return f"{query} WHERE {halves.starts_with(prefix)}" if len(prefix) > found.width else query


def gone(path: LedgerPath | None) -> LedgerPath | None:
    """The ledger of those who are gone from the list; None while nobody was taken out without being known."""
    folder = path / GONE if path else None
    return folder if folder and (folder / MANIFEST).exists() else None


def file_name(prefix: str) -> str:
    """The file of the members whose digest starts with prefix, which has as many digits as the ledger is wide."""
    return f"part-{prefix or 'all'}.parquet"


def delta_name(prefix: str) -> str:
    """The file beside that one of who came and who left."""
    return f"delta-{prefix or 'all'}.parquet"


def file_names(found: LedgerStats, digest: str) -> tuple[str, ...]:
    """The files that say whether a digest, in hexadecimal digits, is a member's."""
    prefix = digest[: found.width]
    return (file_name(prefix), delta_name(prefix)) if found.changed else (file_name(prefix),)
