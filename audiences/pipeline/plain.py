"""Digests straight from the bytes of a Parquet file, where it holds them plainly: one after the other, no compression.

The files of a sequence do: a row group is one page of their column h, and ends with the length and the bytes of each
digest in turn. Reading a batch so takes a tenth of the time that a query takes. Nothing is believed: whatever does not
look exactly like that gives None, and the caller asks DuckDB instead.
"""

# SQL is put together from our own expressions and names; every value in it went through quote().
# ruff: noqa: S608

from __future__ import annotations

from array import array
from binascii import hexlify
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from io import FileIO
from pathlib import Path

import duckdb

from audiences.pipeline.sequences import Index
from pinconnect.identifiers.columnar import quote

# Where the row groups of a file lie is asked once; for fewer entries asking takes longer than it saves.
WORTH_IT_FROM = 20_000
# Bytes of the digests that there are: SHA-256, SHA-1, MD5. All are whole words, and so is the length before each.
_LENGTHS = (32, 20, 16)
_WORD_BYTES = 4
_WORDS = "I"


@dataclass(frozen=True)
class Groups:
    """The row groups of a file: the entry with which each begins, and the byte at which its column h ends."""

    firsts: tuple[int, ...]
    ends: tuple[int, ...]
    rows: int

    def spans(self, first: int, end: int) -> list[tuple[int, int, int]]:
        """Where entries first .. end - 1 lie: (byte at which a group ends, entries from there back, how many)."""
        found = []
        place = bisect_right(self.firsts, first) - 1
        while first < end:
            after = self.firsts[place + 1] if place + 1 < len(self.firsts) else self.rows
            upto = min(end, after)
            found.append((self.ends[place], after - first, upto - first))
            first, place = upto, place + 1
        return found


def digests(
    index: Index, operation: str, first: int, count: int, connection: duckdb.DuckDBPyConnection
) -> bytes | None:
    """Hexadecimal digests of entries first .. first + count - 1 with commas between; None where a query has to do it.

    For sequences of single identifiers. Raises OSError and duckdb.Error for files that are not there or no Parquet.
    """
    total = index.count(operation)
    if total < WORTH_IT_FROM or first < 0 or first + count > total:
        return None
    texts = []
    for part in index.parts[operation]:
        low, high = max(first, part.first) - part.first, min(first + count, part.first + part.count) - part.first
        if low < high:
            text = _of_file(index.workdir / part.file, low, high, part.count, connection)
            if text is None:
                return None
            texts.append(text)
    return b",".join(texts)


def _of_file(path: Path, first: int, end: int, rows: int, connection: duckdb.DuckDBPyConnection) -> bytes | None:
    stat = path.stat()
    groups = _groups(str(path), (stat.st_ino, stat.st_size, stat.st_mtime_ns), connection)
    if groups is None or groups.rows != rows:
        return None
    spans, count = groups.spans(first, end), end - first
    with path.open("rb", buffering=0) as file:
        for length in _LENGTHS:
            words = _read(file, spans, 1 + length // _WORD_BYTES, count)
            if _is_plain(words, count, length):
                del words[:: 1 + length // _WORD_BYTES]
                return hexlify(words, b",", length)
    return None


def _read(file: FileIO, spans: list[tuple[int, int, int]], stride: int, count: int) -> array[int]:
    """So many words for each entry, counted from the ends of its groups."""
    words = array(_WORDS, bytes(count * stride * _WORD_BYTES))
    rest = memoryview(words).cast("B")
    for ends_at, back, wanted in spans:
        file.seek(max(0, ends_at - back * stride * _WORD_BYTES))
        file.readinto(rest[: wanted * stride * _WORD_BYTES])
        rest = rest[wanted * stride * _WORD_BYTES :]
    return words


def _is_plain(words: array[int], count: int, length: int) -> bool:
    """Whether every entry begins with this length."""
    prefix = array(_WORDS, length.to_bytes(_WORD_BYTES, "little"))
    return words[:: 1 + length // _WORD_BYTES] == prefix * count


@lru_cache(maxsize=64)
def _groups(path: str, version: tuple[int, ...], connection: duckdb.DuckDBPyConnection) -> Groups | None:
    """The row groups of a file; None when its column h is not plain. version: tells files at the same path apart."""
    found = connection.execute(
        "SELECT row_group_num_rows, data_page_offset + total_compressed_size, encodings = 'PLAIN' "
        "AND compression = 'UNCOMPRESSED' AND dictionary_page_offset IS NULL AND stats_null_count = 0 "
        f"FROM parquet_metadata({quote(path)}) WHERE path_in_schema = 'h' ORDER BY row_group_id"
    ).fetchall()
    if not found or not all(is_plain for *_, is_plain in found):
        return None
    firsts, position = [], 0
    for rows, *_ in found:
        firsts.append(position)
        position += rows
    return Groups(tuple(firsts), tuple(end for _, end, _ in found), position)
