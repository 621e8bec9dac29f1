"""The slow reference over files of a million rows: the same rules, in several processes, and each value only once."""

import csv
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from tests.support.reference import WIRE, Column, Member, digest_of

_AT_ONCE = 10_000
Tuples = list[tuple[Member | None, ...]]


def read(paths: Sequence[Path], columns: Sequence[Column]) -> dict[Path, Tuples]:
    """What each row of CSV files with the same header holds, in the order of the file."""
    tables = {path: _columns(path, columns) for path in paths}
    # Not forked: the process that asks may have threads.
    with ProcessPoolExecutor(os.cpu_count() or 1, mp_context=get_context("spawn")) as pool:
        judged = []
        for place, column in enumerate(columns):
            values = list({value for table in tables.values() for value in table[place]})
            parts = [(column, values[first : first + _AT_ONCE]) for first in range(0, len(values), _AT_ONCE)]
            digests = (digest for part in pool.map(_judge, parts) for digest in part)
            members = ((WIRE[column.kind], digest) if digest else None for digest in digests)
            judged.append(dict(zip(values, members, strict=True)))
    return {
        path: list(zip(*(map(found.__getitem__, table[place]) for place, found in enumerate(judged)), strict=True))
        for path, table in tables.items()
    }


def _columns(path: Path, columns: Sequence[Column]) -> list[tuple[str, ...]]:
    with path.open(encoding="utf-8", newline="") as text:
        header, *rows = csv.reader(text)
    table = list(zip(*rows, strict=True))
    return [table[header.index(column.name)] for column in columns]


def _judge(part: tuple[Column, list[str]]) -> list[str | None]:
    column, values = part
    return [digest_of(column.kind, value, column.treatment, column.default_country) for value in values]
