"""Where rows lie between two steps: in tables of the engine if they fit into memory, else in files by partition.

Every row has p, the number of its partition. Both ways of keeping them have the same methods and give SQL to run.
"""

# SQL is put together from our own expressions and names; every value in it went through quote().
# ruff: noqa: S608

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from audiences.pipeline.session import FORMAT
from pinconnect.identifiers.columnar import quote


class Store(Protocol):
    """name: of a collection of rows. columns: their SQL types, p not among them."""

    def write(self, name: str, columns: Mapping[str, str], query: str, tag: str) -> str:
        """A statement that adds the rows of a query, in no order. tag: another one for each statement."""
        ...

    def read(self, name: str, columns: Mapping[str, str], wanted: Sequence[str], place: int | None = None) -> str:
        """A query for these columns, of all partitions or of one; p may be wanted, too."""
        ...


def nothing(columns: Mapping[str, str], wanted: Sequence[str]) -> str:
    """A query for no rows with these of the columns."""
    return f"SELECT {', '.join(f'NULL::{columns[column]} AS {column}' for column in wanted)} WHERE false"


class Tables:
    """In the engine's memory; it spills if memory is short."""

    def write(self, name: str, columns: Mapping[str, str], query: str, tag: str) -> str:
        """See Store."""
        listed = ", ".join(f"{column} {type_}" for column, type_ in columns.items())
        return f"CREATE TABLE IF NOT EXISTS {name} ({listed}, p USMALLINT); INSERT INTO {name} BY NAME {query}"

    def read(self, name: str, columns: Mapping[str, str], wanted: Sequence[str], place: int | None = None) -> str:
        """See Store."""
        where = "" if place is None else f" WHERE p = {place}"
        return f"SELECT {', '.join(wanted)} FROM {name}{where}"


class Files:
    """Parquet files in a folder for each partition."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, name: str, columns: Mapping[str, str], query: str, tag: str) -> str:
        """See Store."""
        return (
            f"COPY ({query}) TO {quote(str(self._folder / name))} ({FORMAT}, PARTITION_BY (p), WRITE_PARTITION_COLUMNS "
            f"false, FILENAME_PATTERN '{tag}_{{i}}', OVERWRITE_OR_IGNORE true)"
        )

    def remove(self, name: str, place: int | None = None) -> None:
        """Remove the files of all partitions or of one."""
        folder = self._folder / name
        shutil.rmtree(folder if place is None else folder / f"p={place}", ignore_errors=True)

    def read(self, name: str, columns: Mapping[str, str], wanted: Sequence[str], place: int | None = None) -> str:
        """See Store."""
        pattern = f"p={'*' if place is None else place}/*.parquet"
        # The engine takes a pattern that nothing matches for an error.
        if not any((self._folder / name).glob(pattern)):
            return nothing({**columns, "p": "USMALLINT"}, wanted)
        options = "hive_partitioning = true, hive_types = {'p': USMALLINT}"
        files = quote(str(self._folder / name / pattern))
        return f"SELECT {', '.join(wanted)} FROM read_parquet({files}, {options})"
