"""What an installation stands on while everything goes wrong, and what of it can be taken away."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.support import services


@dataclass(frozen=True)
class Ground:
    """outages: what can be cut off, by what that is called. tables: all that the database holds, as text, by table."""

    settings: Mapping[str, str]
    outages: Mapping[str, Callable[[], None]]
    tables: Callable[[], dict[str, str]]
    logs: Callable[[], dict[str, str]] = field(default=dict)


@contextmanager
def on_sqlite(data_dir: Path) -> Iterator[Ground]:
    """One file and nothing else to run."""
    yield Ground({}, {}, lambda: _sqlite_tables(data_dir / "pinconnect.sqlite3"))


@contextmanager
def on_postgres(_: Path) -> Iterator[Ground]:
    """PostgreSQL, cut off and started again, and Redis, which forgets everything when that happens to it."""
    with services.postgres(with_tables=True) as database, services.redis() as broker:
        yield Ground(
            {"DATABASE_URL": database.url, "QUEUE_BROKER": "redis", "REDIS_URL": broker.url},
            {
                "restart database": lambda: database.restart(down_s=0.5),
                "restart broker": lambda: broker.restart(down_s=0.5),
            },
            lambda: _postgres_tables(database.url),
            lambda: {"log of PostgreSQL": database.log},
        )


GROUNDS = {"sqlite": on_sqlite, "postgres": on_postgres}


def _sqlite_tables(path: Path) -> dict[str, str]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: "\n".join(map(str, database.execute(f'SELECT * FROM "{name}"'))) for name in names}


def _postgres_tables(url: str) -> dict[str, str]:
    with psycopg.connect(url) as database:
        found = database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return {name: "\n".join(map(str, database.execute(f'SELECT * FROM "{name}"'))) for (name,) in found}
