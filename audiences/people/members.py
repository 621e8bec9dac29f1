"""Which identifiers are on which list, as its ledger says; of a ledger only the parts are read that may hold them."""

# SQL is put together from our own expressions and names; every value in it went through quote() or is a parameter.
# ruff: noqa: S608

from __future__ import annotations

import os.path
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audiences import files, ledger
from audiences.models import Audience
from audiences.people.parts import Parts
from audiences.pipeline import halves
from pinconnect.identifiers import kinds
from pinconnect.lib import engine

_QUERIES_AT_ONCE = 200
_WANTED = "CREATE TABLE wanted (wire_kind UTINYINT, a UUID, b UUID)"
_FILL = (
    f"INSERT INTO wanted SELECT k, {halves.split('h', '')} FROM (SELECT k, unhex(t) AS h "
    "FROM (SELECT unnest(?::UTINYINT[]) AS k, unnest(?::VARCHAR[]) AS t))"
)


@dataclass(frozen=True, order=True)
class Wanted:
    """An identifier as lists hold it. digest: 32 bytes, or 20 or 16 for a SHA-1 or MD5 that was let through."""

    wire_kind: str
    digest: bytes


def members_of(parts: Parts, audiences: Sequence[Audience], wanted: Sequence[Wanted]) -> dict[int, list[Wanted]]:
    """Which of the wanted are on each list now, by the audience's id. Raises LedgerBroken, and what storage does."""
    return _in_ledgers(
        parts, {audience.pk: files.ledger_name(audience, audience.ledger_version) for audience in audiences}, wanted
    )


def gone_of(parts: Parts, audience: Audience, wanted: Sequence[Wanted]) -> list[Wanted]:
    """Which of the wanted Pinterest has acknowledged as removed from a list that others have filled too."""
    name = f"{files.ledger_name(audience, audience.ledger_version)}/{ledger.GONE}"
    if not audience.ledger_version or not (parts.with_file(name, ledger.MANIFEST) / ledger.MANIFEST).exists():
        return []
    return _in_ledgers(parts, {audience.pk: name}, wanted)[audience.pk]


def rows_of(queries: Sequence[str], *, wanted: Iterable[Wanted] = ()) -> list[tuple[Any, ...]]:
    """The rows of many small queries, asked for in few statements.

    wanted: of the (audience, wire_kind, a, b) that the queries give, only these, as (audience, wire_kind, digest).
    """
    found: list[tuple[Any, ...]] = []
    if not queries:
        return found
    sought = list(wanted)
    with engine.borrowed(threads=2) as connection:
        if sought:
            numbers = [kinds.WIRE_NUMBERS[one.wire_kind] for one in sought]
            connection.execute(_WANTED)
            connection.execute(_FILL, [numbers, [one.digest.hex() for one in sought]])
        for start in range(0, len(queries), _QUERIES_AT_ONCE):
            query = " UNION ALL ".join(queries[start : start + _QUERIES_AT_ONCE])
            if sought:
                columns = f"audience, wire_kind, {halves.join()}"
                query = f"SELECT {columns} FROM ({query}) SEMI JOIN wanted USING (wire_kind, a, b)"
            found += connection.execute(query).fetchall()
    return found


def _in_ledgers(parts: Parts, names: Mapping[int, str], wanted: Sequence[Wanted]) -> dict[int, list[Wanted]]:
    """names: where the ledger is stored, by the audience's id."""
    queries = [query for key, name in names.items() for query in _queries(parts, key, name, wanted)]
    found: dict[int, list[Wanted]] = defaultdict(list)
    for key, number, digest in rows_of(queries, wanted=wanted):
        found[key].append(Wanted(kinds.WIRE_CODES[number], bytes(digest)))
    return found


def _queries(parts: Parts, key: int, name: str, wanted: Sequence[Wanted]) -> list[str]:
    """One query for each partition of a ledger that may hold any of the wanted, however many it may hold."""
    stats = ledger.stats(parts.with_file(name, ledger.MANIFEST))
    by_prefix: dict[str, list[str]] = defaultdict(list)
    for one in wanted:
        if stats.members.get(one.wire_kind):
            digest = one.digest.hex()
            by_prefix[digest[: stats.width]].append(digest)
    queries = []
    for digests in by_prefix.values():
        # Of a few digests that are alike the engine reads only where these are: of a single one hardly anything.
        alike = os.path.commonprefix(digests)  # noqa: RUF071 -- digits and no path
        for file in ledger.file_names(stats, alike):
            folder = parts.with_file(name, file)
        queries.append(f"SELECT {key} AS audience, wire_kind, a, b FROM ({ledger.members(folder, stats, alike)})")
    return queries
