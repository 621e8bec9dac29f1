"""How long it takes to find one person in a list of 10 million, with a history of runs: python -m bench.lookup.

The ledger and the changes are written by the product's own code from ready-made digests; writing the changes of the
first run is measured too, as every run pays for it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def prepared(folder: Path, query: str, count: int) -> Path:
    """A run's folder with one sequence of additions, as preparing leaves it."""
    import duckdb

    from audiences.pipeline.sequences import Index, Part, write_index

    (folder / "adds").mkdir(parents=True)
    (folder / "removes").mkdir()
    connection = duckdb.connect(":memory:", config={"memory_limit": "1GB", "temp_directory": str(folder / "tmp")})
    connection.execute(
        f"COPY (SELECT row_number() OVER () - 1 AS n, 1::UTINYINT AS k, h FROM ({query}) ORDER BY h) "
        f"TO '{folder / 'adds/part-all.parquet'}' (FORMAT parquet, COMPRESSION uncompressed, ROW_GROUP_SIZE 10240)"
    )
    connection.close()
    parts = {"ADD": (Part("adds/part-all.parquet", 0, count),), "REMOVE": ()}
    write_index(Index(folder, "records", ("email",), 2, parts))
    return folder


def deliver(audience: Any, run: Any, folder: Path, query: str, count: int) -> None:
    from audiences import files, ledger
    from audiences.models import Audience
    from audiences.people import history
    from audiences.pipeline.plan import BatchRange

    workdir, acknowledged = prepared(folder, query, count), [BatchRange("ADD", 0, count, 0)]
    version = audience.ledger_version + 1
    begun = time.perf_counter()
    old = files.ledger(audience, audience.ledger_version)
    target = files.new_folder(files.ledger_name(audience, version))
    stats = ledger.advance(old, workdir, acknowledged, target)
    advanced = time.perf_counter()
    history.keep(audience, history.write(run, audience, workdir, acknowledged, version))
    if count > 100_000:
        print(f"{count:,} added: ledger {advanced - begun:.1f} s, changes {time.perf_counter() - advanced:.1f} s")
    audience.ledger_version = version
    Audience.objects.filter(pk=audience.pk).update(ledger_version=version, ledger_members=dict(stats.members))
    shutil.rmtree(workdir)


def measure(folder: Path, members: int, runs: int) -> None:
    """In a process of its own, on a new SQLite installation."""
    from django.core.management import call_command

    from audiences.models import Audience, Delivery, Run
    from audiences.people import lookup
    from pinconnect.datasets.models import Dataset
    from pinconnect.profiles.models import AdAccount
    from pinconnect.workspaces.models import Workspace

    call_command("migrate", run_syncdb=True, verbosity=0)
    workspace = Workspace.objects.create(name="Bench", slug="bench")
    dataset = Dataset.objects.create(workspace=workspace, name="Bench")
    account = AdAccount.objects.create(workspace=workspace, pinterest_id="1", name="Bench")
    audience = Audience.objects.create(workspace=workspace, ad_account=account, name="Bench")
    delivery = Delivery.objects.create(workspace=workspace, name="Bench", dataset=dataset, audience=audience)
    for number in range(runs + 1):
        run = Run.objects.create(
            workspace=workspace, delivery=delivery, audience=audience, number=number + 1, state="done"
        )
        first, count = (0, members) if number == 0 else (members + number * 100, 100)
        query = f"SELECT unhex(sha256('p' || i || '@example.com')) AS h FROM range({first}, {first + count}) t(i)"
        # Later runs write the history alone: writing so large a ledger again changes nothing in what is measured.
        if number == 0:
            deliver(audience, run, folder / "run", query, count)
        else:
            _changes_alone(audience, run, folder / "run", query, count)
    times = []
    for number in range(0, members, members // 20):
        wanted = lookup.Wanted("email", sha256(f"p{number}@example.com".encode()).digest())
        begun = time.perf_counter()
        (place,) = lookup.look_up(workspace, [wanted])
        times.append(time.perf_counter() - begun)
        if not place.is_member or len(place.events) != 1:
            raise SystemExit("A member was not found.")
    print(
        f"{members:,} members, {runs} later runs: {statistics.median(times) * 1000:.0f} ms to find one "
        f"(slowest of {len(times)}: {max(times) * 1000:.0f} ms)"
    )


def _changes_alone(audience: Any, run: Any, folder: Path, query: str, count: int) -> None:
    from audiences.people import history
    from audiences.pipeline.plan import BatchRange

    workdir = prepared(folder, query, count)
    history.keep(audience, history.write(run, audience, workdir, [BatchRange("ADD", 0, count, 0)], run.number))
    shutil.rmtree(workdir)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("members", type=int, nargs="?", default=10_000_000)
    parser.add_argument("runs", type=int, nargs="?", default=49)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        import django

        os.environ["DJANGO_SETTINGS_MODULE"] = "pinconnect.settings"
        django.setup()
        return measure(asked.measure, asked.members, asked.runs)
    folder = Path(tempfile.mkdtemp(prefix="pinconnect-bench-"))
    environment = {**os.environ, "DEMO": "true", "DATA_DIR": str(folder / "data"), "LOG_LEVEL": "ERROR"}
    command = [sys.executable, "-m", "bench.lookup", str(asked.members), str(asked.runs), "--measure", str(folder)]
    try:
        subprocess.run(command, env=environment, cwd=ROOT, check=True)
    finally:
        shutil.rmtree(folder)
    return None


if __name__ == "__main__":
    main()
