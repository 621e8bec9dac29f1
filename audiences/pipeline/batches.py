"""Cut the sequences into batches that fit Pinterest's limits by count and by bytes."""

# SQL is put together from our own expressions and names.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Iterable, Iterator

from audiences.pipeline import wire
from audiences.pipeline.plan import BatchLimits, BatchRange, Operation
from audiences.pipeline.sequences import Index
from audiences.pipeline.session import Session
from pinconnect.identifiers import kinds

# With the comma. A SHA-1 or MD5 takes less, so a batch that holds some is a little smaller than it might be.
_RECORD_BYTES = 65
_LARGEST_BLOCK = 64


def cut(index: Index, limits: BatchLimits, session: Session) -> tuple[BatchRange, ...]:
    """All additions in order, then all removals. Rows differ in size, so their bytes are added up."""
    found: list[BatchRange] = []
    for operation in ("ADD", "REMOVE"):
        found += _cut_one(index, operation, limits, session)
    return tuple(found)


def _cut_one(index: Index, operation: Operation, limits: BatchLimits, session: Session) -> list[BatchRange]:
    total = index.count(operation)
    room = max(1, limits.bytes - wire.ENVELOPE_BYTES)
    if index.shape == "records":
        most = most_records(limits)
        return [
            BatchRange(operation, first, count, count * _RECORD_BYTES - 1)
            for first in range(0, total, most)
            for count in [min(most, total - first)]
        ]
    # Blocks keep this fast at any size; a batch ends at a block, so at most one in a hundred records is given away.
    block = max(1, min(_LARGEST_BLOCK, limits.records // 100, room // 40_000))
    rows = _block_sizes(index, operation, block, total, session)
    return list(_greedy(operation, rows, limits.records, room))


def most_records(limits: BatchLimits) -> int:
    """The most SHA-256 digests that fit into one call of the shape `records`."""
    room = max(1, limits.bytes - wire.ENVELOPE_BYTES)
    return max(1, min(limits.records, (room + 1) // _RECORD_BYTES))


def _block_sizes(
    index: Index, operation: Operation, block: int, total: int, session: Session
) -> Iterator[tuple[int, int]]:
    """(rows, bytes with a comma after each) of each block in order."""
    if index.has_rows(operation):
        size = wire.row_bytes_sql({code: code for code in index.wire_kinds})
    else:
        cases = " ".join(
            f"WHEN {kinds.WIRE_NUMBERS[code]} THEN {wire.row_bytes_sql({code: 'h'})}" for code in kinds.ROW_FIELDS
        )
        size = f"CASE k {cases} END"
    entries = index.entries(operation, 0, total)
    query = f"SELECT count(*), sum({size} + 1) FROM ({entries}) GROUP BY n // {block} ORDER BY n // {block}"
    for rows in session.stream(query):
        for count, size_of_block in rows:
            yield int(count), int(size_of_block)


def _greedy(
    operation: Operation, blocks: Iterable[tuple[int, int]], most_records: int, room: int
) -> Iterator[BatchRange]:
    """Take blocks while they fit. The brackets take the place of the last comma and one byte more."""
    first = count = size = 0
    for rows, more in blocks:
        if count and (count + rows > most_records or size + more + 1 > room):
            yield BatchRange(operation, first, count, size + 1)
            first, count, size = first + count, 0, 0
        count, size = count + rows, size + more
    if count:
        yield BatchRange(operation, first, count, size + 1)
