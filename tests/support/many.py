"""The slow reference over files of a million rows: the same rules, in several processes."""

import csv
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from tests.support.reference import Column, Member, identifiers

_AT_ONCE = 20_000
Tuples = list[tuple[Member | None, ...]]


def read(path: Path, columns: Sequence[Column]) -> Tuples:
    """What each row of a CSV file with a header holds, in the order of the file."""
    # Not forked: the process that asks may have threads.
    with ProcessPoolExecutor(os.cpu_count() or 1, mp_context=get_context("spawn")) as pool:
        parts = pool.map(_identify, _parts(path, columns))
        return [found for part in parts for found in part]


def _parts(path: Path, columns: Sequence[Column]) -> Iterator[tuple[list[list[str]], tuple[Column, ...]]]:
    with path.open(encoding="utf-8", newline="") as text:
        rows = csv.reader(text)
        header = next(rows)
        places = [header.index(column.name) for column in columns]
        while part := [[row[place] for place in places] for row in islice(rows, _AT_ONCE)]:
            yield part, tuple(columns)


def _identify(part: tuple[list[list[str]], tuple[Column, ...]]) -> Tuples:
    rows, columns = part
    names = [column.name for column in columns]
    return [identifiers(dict(zip(names, row, strict=True)), columns) for row in rows]
