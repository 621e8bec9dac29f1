"""How long the pages of a workspace take that has been used for years, and how often they ask the database.

    python -m bench.pages                 1,000 deliveries, 100,000 runs, 1 million batches, on SQLite
    python -m bench.pages --size 0.1      a tenth of that
    python -m bench.pages --slowest 5     with the slowest queries of the five slowest pages

Processor time, because other programs hardly change it; the median of five, warm. The same pages are asked for in a
workspace of a hundredth of the size: a page that asks the database more often in the large one is named.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

ROUNDS = 5
GOAL_MS = 200


@dataclass(frozen=True)
class Measured:
    queries: int
    processor_ms: float
    wall_ms: float
    slowest: tuple[str, ...]


def amounts(size: float) -> Any:
    from tests.support.filling import Amounts

    whole = Amounts(
        deliveries=1_000,
        runs=100_000,
        batches=1_000_000,
        of_one_run=10_000,
        calls=300_000,
        observations=100_000,
        events=200_000,
        datasets=300,
        alerts=5_000,
        open_alerts=40,
    )
    return replace(whole, **{name: max(4, round(value * size)) for name, value in vars(whole).items()})


def measure(client: Any, path: str) -> Measured:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    assert client.get(path).status_code == 200, path
    with CaptureQueriesContext(connection) as asked:
        client.get(path)
    # Copied, because the next request empties the log.
    queries = list(asked.captured_queries)
    spent, took = [], []
    for _ in range(ROUNDS):
        begun, cpu = time.perf_counter(), time.process_time()
        client.get(path)
        spent.append(time.process_time() - cpu)
        took.append(time.perf_counter() - begun)
    slowest = sorted(queries, key=lambda query: -float(query["time"]))[:2]
    return Measured(
        len(queries), median(spent) * 1000, median(took) * 1000, tuple(f"{q['time']} s {q['sql']}" for q in slowest)
    )


def workspace_of(name: str, size: float) -> Any:
    """A workspace of that size, an admin of it who may see the administration, and its pages."""
    from tests.factories import make_user, make_workspace
    from tests.support.filling import fill, pages

    owner = make_user(name, is_staff=True, is_superuser=True)
    workspace = make_workspace(name, owner=owner)
    begun = time.perf_counter()
    filled = fill(workspace, amounts(size))
    print(f"{name} filled in {time.perf_counter() - begun:.0f} s", flush=True)
    return owner, pages(workspace, filled)


def compare(size: float, shown: int) -> None:
    from django.db import connection
    from django.test import Client

    found: dict[str, list[Measured]] = {}
    # The small one first: the administration shows all workspaces.
    for name, part in (("Small", size / 100), ("Large", size)):
        owner, pages = workspace_of(name, part)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        client = Client()
        client.force_login(owner)
        for page, path in pages.items():
            found.setdefault(page, []).append(measure(client, path))
    print(f"{'page':36}{'queries':>8}{'processor ms':>14}{'wall ms':>9}   in the small workspace")
    for page, (small, large) in found.items():
        notes = " MORE QUERIES" * (large.queries > small.queries) + " OVER THE GOAL" * (large.processor_ms > GOAL_MS)
        print(
            f"{page:36}{large.queries:8}{large.processor_ms:14.0f}{large.wall_ms:9.0f}"
            f"{small.queries:8}{small.processor_ms:9.0f}{notes}"
        )
    for page, (_, large) in sorted(found.items(), key=lambda item: -item[1][1].processor_ms)[:shown]:
        print(f"\n{page}", *large.slowest, sep="\n  ")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=float, default=1.0)
    parser.add_argument("--slowest", type=int, default=0)
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATABASE_URL"] = f"sqlite:///{folder}/pages.sqlite3"
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.0f}")
        compare(options.size, options.slowest)


if __name__ == "__main__":
    main()
