"""How long it takes to receive and examine a file, and how much memory: python -m bench.datasets [rows].

Each measurement runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import gzip
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CASES = ("plain", "gzip", "latin-1", "broken rows", "values over lines")


def write(path: Path, rows: int, case: str) -> None:
    """E-mail address, phone number, mobile ad ID, country; about 80 bytes a row."""
    draw = random.Random(1)
    path.unlink(missing_ok=True)
    encoding = "latin-1" if case == "latin-1" else "utf-8"
    with gzip.open(path, "wt", 1, encoding) if case == "gzip" else path.open("w", encoding=encoding) as file:
        file.write("email,phone,maid,city\n")
        for number in range(rows):
            maid = f"{draw.getrandbits(128):032x}"
            city = "Köln" if case == "latin-1" else '"Main Street 5\nKöln"' if case == "values over lines" else "Bonn"
            extra = ",extra" if case == "broken rows" and number % 50 == 0 else ""
            file.write(
                f"person-{number:07d}@example.com,+4930{draw.randrange(10**7, 10**8)},"
                f"{maid[:8]}-{maid[8:12]}-{maid[12:16]}-{maid[16:20]}-{maid[20:]},{city}{extra}\n"
            )


def measure(path: Path) -> None:
    """In a process of its own: receive and examine one file as the command line does."""
    from django.core.management import call_command

    from pinconnect.datasets import services
    from pinconnect.workspaces.models import Workspace

    call_command("migrate", run_syncdb=True, verbosity=0)
    workspace = Workspace.objects.create(name="Bench", slug="bench")
    dataset = services.create_dataset(workspace, by=None, name="Bench")
    begun, worked = time.perf_counter(), time.process_time()
    snapshot = services.receive_file(dataset, path, by=None, mode="append", is_examined=False)
    received = time.perf_counter()
    services.examine(snapshot)
    examined = time.perf_counter()
    worked = time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{snapshot.state}, {snapshot.rows or 0:,} rows, {snapshot.broken_rows or 0:,} broken, "
        f"{snapshot.size_bytes / 1e6:.0f} MB: received in {received - begun:.2f} s, "
        f"examined in {examined - received:.2f} s, "
        f"{worked:.2f} s of processor time, peak {peak:.0f} MiB"
    )


def run(case: str, rows: int) -> None:
    folder = Path(tempfile.mkdtemp(prefix="pinconnect-bench-"))
    try:
        path = folder / "people.csv"
        write(path, rows, case)
        print(f"{case:18}", end=" ", flush=True)
        environment = {**os.environ, "DEMO": "true", "DATA_DIR": str(folder / "data"), "LOG_LEVEL": "ERROR"}
        subprocess.run(
            [sys.executable, "-m", "bench.datasets", "--measure", str(path)], env=environment, cwd=ROOT, check=True
        )
    finally:
        shutil.rmtree(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--case", choices=CASES, action="append")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        import django

        os.environ["DJANGO_SETTINGS_MODULE"] = "pinconnect.settings"
        django.setup()
        return measure(asked.measure)
    for case in asked.case or CASES:
        run(case, asked.rows)
    return None


if __name__ == "__main__":
    main()
