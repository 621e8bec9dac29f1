"""How fast and how small preparing a run is: rows of e-mail, phone and mobile ID to batches and a new ledger.

    python -m bench.prepare                              one million rows, all contenders
    python -m bench.prepare --rows 10000000              ten million; slow contenders are measured on a part and scaled
    python -m bench.prepare --rows 50000000 --only product

Each contender is a process of its own, so that its peak memory is its own, and they take turns within one call. All
compare the same file with the same ledger, of which 5% of the people were others; the product's first load without a
ledger is shown too. The data is dirty as real lists are: case, blanks, 11% duplicates, 5% already hashed, a tenth
invalid, phones written in many ways.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import duckdb

from bench.rivals.people import generate

__all__ = ["generate"]

RIVALS = {
    "floor": "floor: raw read, one hash each, raw write",
    "product": "PinConnect, 5% churn",
    "duckdb": "plain DuckDB",
    "polars": "plain Polars",
    "chdb": "plain chDB",
    "pandas": "pandas",
    "loop": "plain loop, libphonenumber per row",
}
_MODULES = {"duckdb": "duckdb_", "polars": "polars_", "chdb": "chdb_", "pandas": "pandas_"}
# More rows than these are not worth waiting for: such a contender gets so many and is scaled.
MOST_ROWS = {"loop": 1_000_000, "pandas": 10_000_000}
# What comes to other identifiers by other rules or by none.
NOT_COMPARED = ("floor", "loop")


@dataclass
class Files:
    """first: the earlier file, whose people are on the ledger. later: 5% others. own, flat, binary: that ledger."""

    folder: Path
    rows: int

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.first, self.later = self.folder / "first.csv", self.folder / "later.csv"
        self.own, self.flat, self.binary = self.folder / "ledger", self.folder / "flat", self.folder / "binary"
        generate(self.first, self.rows)
        generate(self.later, self.rows, churn=0.05)

    def ledger_for(self, name: str) -> Path:
        """In the form that contender reads."""
        return {"product": self.own, "loop": self.binary}.get(name, self.flat)


def child(options: argparse.Namespace) -> None:
    """Run one contender in this process and print what it took."""
    module = importlib.import_module(f"bench.rivals.{_MODULES.get(options.child, options.child)}")
    folder = Path(options.folder)
    ledger = Path(options.ledger) if options.ledger else None
    extra = (options.memory,) if options.child in ("product", "duckdb", "chdb") else ()
    started = time.perf_counter()
    found = module.run(Path(options.file), ledger, folder, options.rows, *extra)
    seconds = time.perf_counter() - started
    outcome, steps = found if isinstance(found, tuple) else (found, {})
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(one.ru_utime + one.ru_stime for one in used)
    peak = max(one.ru_maxrss for one in used) / 1024
    print(json.dumps({"seconds": seconds, "cpu": cpu, "peak_mib": peak, "steps": steps, **asdict(outcome)}))


def measure(name: str, file: Path, ledger: Path | None, rows: int, folder: Path, memory: int) -> dict[str, Any]:
    """Start a contender as a process and read what it printed."""
    folder.mkdir()
    command = [sys.executable, "-m", "bench.prepare", "--child", name, "--file", file, "--folder", folder]
    command += ["--rows", rows, "--memory", memory] + (["--ledger", ledger] if ledger else [])
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{name} failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def scaled(name: str, found: dict[str, Any], measured: int, rows: int) -> dict[str, Any]:
    """What the whole would take at the same rate; its memory would be larger still."""
    if measured == rows:
        return found
    factor = rows / measured
    return found | {"seconds": found["seconds"] * factor, "cpu": found["cpu"] * factor, "scaled": True}


def compare(folder: Path, options: argparse.Namespace) -> None:
    """All chosen contenders on the same data, in turns."""
    chosen = options.only.split(",") if options.only else list(RIVALS)
    sizes = {options.rows} | {min(options.rows, MOST_ROWS.get(name, options.rows)) for name in chosen}
    files = {rows: set_up(folder / f"rows-{rows}", rows, options.memory) for rows in sorted(sizes)}
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in chosen}
    for turn in range(options.rounds):
        for name in chosen:
            rows = min(options.rows, MOST_ROWS.get(name, options.rows))
            data = files[rows][0]
            place = folder / f"{name}-{turn}"
            found = measure(name, data.later, data.ledger_for(name), rows, place, options.memory)
            results[name].append(scaled(name, found, rows, options.rows))
            subprocess.run(["rm", "-rf", str(place)], check=True)
    print(
        f"{options.rows:,} rows, {files[options.rows][0].later.stat().st_size / 1e6:,.0f} MB, {os.cpu_count()} "
        f"processors, DuckDB {duckdb.__version__}, load {os.getloadavg()[0]:.1f}, median of {options.rounds}"
    )
    report(results, files[options.rows][1], options.rows)


def set_up(folder: Path, rows: int, memory: int) -> tuple[Files, dict[str, Any]]:
    """The files, the ledger after the first one in every form, and what the product's first load took."""
    from bench.rivals import product

    files = Files(folder, rows)
    first = measure("product", files.first, None, rows, folder / "load", memory)
    (folder / "load" / "ledger").rename(files.own)
    subprocess.run(["rm", "-rf", str(folder / "load")], check=True)
    product.flatten(files.own, files.flat, width=1)
    if rows <= MOST_ROWS["loop"]:
        product.flatten_for_loop(files.flat, files.binary)
    return files, first


def report(results: dict[str, list[dict[str, Any]]], first: dict[str, Any], rows: int) -> None:
    """The table; ratios are of wall time and of processor time."""
    ours = results.get("product")
    base = (median(one["seconds"] for one in ours), median(one["cpu"] for one in ours)) if ours else (1.0, 1.0)
    print(f"{'':40} {'wall':>9} {'processor':>11} {'rows/s':>11} {'peak':>10} {'wall':>8} {'processor':>10}")
    lines = [("PinConnect, first load", [first])] + [(RIVALS[name], found) for name, found in results.items()]
    for label, found in lines:
        seconds, cpu = median(one["seconds"] for one in found), median(one["cpu"] for one in found)
        mark = " (scaled)" if found[0].get("scaled") else ""
        print(
            f"{label + mark:40} {seconds:7.1f} s {cpu:9.1f} s {rows / seconds:11,.0f} "
            f"{max(one['peak_mib'] for one in found):6,.0f} MiB {seconds / base[0]:6.2f} x {cpu / base[1]:8.2f} x"
        )
        if found[0]["steps"]:
            steps = itertools.pairwise(found[0]["steps"].items())
            print(" " * 4 + ", ".join(f"{step} {later - now:.1f}" for (step, now), (_, later) in steps))
    if not ours:
        return
    for name, found in results.items():
        same = all(found[0][field] == ours[0][field] for field in ("rows", "adds", "removes", "ledger"))
        if name not in NOT_COMPARED and not found[0].get("scaled") and not same:
            sys.exit(f"{name} came to other identifiers than the product: {found[0]} against {ours[0]}")


def main() -> None:
    """Generate, measure in turn, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=0, help="turns (default: 3 for up to a million rows, else 1)")
    parser.add_argument("--memory", type=int, default=512, help="DuckDB's memory limit in MB")
    parser.add_argument("--folder", default=None, help="where the files go; a new folder there is removed afterwards")
    parser.add_argument("--only", default="", help=f"some of {','.join(RIVALS)}")
    for name in ("--child", "--file", "--ledger"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.rounds = options.rounds or (3 if options.rows <= 1_000_000 else 1)
    if options.child:
        child(options)
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        compare(Path(name), options)


if __name__ == "__main__":
    main()
