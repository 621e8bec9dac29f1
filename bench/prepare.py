"""How fast and how small preparing a run is: rows of e-mail, phone and mobile ID to batches and a new ledger.

    python -m bench.prepare                    one million rows
    python -m bench.prepare --rows 10000000    ten million; the plain loop is measured on a part and scaled

Each contender is a process of its own, so that its peak memory is its own. The data is dirty as real lists are: case,
blanks, 11% duplicates, 5% already hashed, a tenth invalid, phones written in many ways.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

COLUMNS = ("email", "phone", "gaid", "city")
LOOP_ROWS = 200_000


def generate(path: Path, rows: int, *, churn: float = 0.0, seed: int = 1) -> None:
    """Write the file with DuckDB; the same seed gives the same rows. churn: the share of people who are others."""
    person = f"(CASE WHEN hash(i, 'd', {seed}) % 100 < 11 THEN i // 2 ELSE i END)"
    person = (
        f"(CASE WHEN hash({person}, 'c') % 1000 < {int(churn * 1000)} THEN {person} + 1000000000 ELSE {person} END)"
    )
    email = (
        "'user' || p || CASE WHEN hash(p,1) % 3 = 0 THEN '+News' ELSE '' END || '@Mail' || (hash(p,2) % 50) || '.com'"
    )
    digits = "(hash(p,5) % 8 + 2)::VARCHAR || lpad((hash(p,6) % 100)::VARCHAR, 2, '0')"
    subscriber = "(hash(p,7) % 8 + 2)::VARCHAR || lpad((hash(p,8) % 1000000)::VARCHAR, 6, '0')"
    maid = "substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-4' || substr(h, 14, 3)"
    maid += " || '-8' || substr(h, 18, 3) || '-' || substr(h, 21, 12)"
    maid = maid.replace("h,", "md5(p::VARCHAR),")
    duckdb.sql(
        f"""COPY (SELECT
        CASE WHEN m < 4 THEN '' WHEN m < 5 THEN ' ' WHEN m < 7 THEN 'null'
             WHEN m < 14 THEN 'user' || p || '.example.com'
             WHEN m < 17 THEN 'user ' || p || '@mail.com' WHEN m < 22 THEN sha256(lower(e)) WHEN m < 40 THEN upper(e)
             WHEN m < 45 THEN '  ' || e || ' ' ELSE e END AS email,
        CASE WHEN n < 6 THEN '' WHEN n < 12 THEN substr(s, 1, 5) WHEN n < 16 THEN 'call ' || p
             WHEN n < 21 THEN sha256('1' || a || s)
             WHEN n < 40 THEN '(' || a || ') ' || substr(s, 1, 3) || '-' || substr(s, 4)
             WHEN n < 50 THEN '+1-' || a || '-' || substr(s, 1, 3) || '-' || substr(s, 4) WHEN n < 60 THEN a || s
             WHEN n < 62 THEN a || s || ' ext. 12' WHEN n < 70 THEN '+44 7' || substr(a, 2) || s
             WHEN n < 73 THEN '+49 (0) 171 ' || s ELSE '+1' || a || s END AS phone,
        CASE WHEN o < 5 THEN '' WHEN o < 7 THEN '00000000-0000-0000-0000-000000000000' WHEN o < 10 THEN 'x' || g
             WHEN o < 15 THEN sha256(g) WHEN o < 30 THEN upper(g) WHEN o < 33 THEN replace(g, '-', '')
             ELSE g END AS gaid,
        'City ' || (p % 1000) AS city
        FROM (SELECT p, {email} AS e, {digits} AS a, {subscriber} AS s, {maid} AS g,
              hash(p,10) % 100 AS m, hash(p,11) % 100 AS n, hash(p,12) % 100 AS o
              FROM (SELECT {person} AS p FROM range({rows}) t(i)))) TO '{path}' (FORMAT csv, HEADER true)"""
    )


def run_engine(path: Path, folder: Path, ledger_path: Path | None, memory_limit_mb: int) -> dict[str, object]:
    """The product's own way, from file to new ledger."""
    from audiences import ledger
    from audiences.pipeline.plan import ColumnMapping, CsvFormat, Plan, Source
    from audiences.pipeline.prepare import prepare
    from audiences.pipeline.wire import choose

    columns = (
        ColumnMapping("email", "email"),
        ColumnMapping("phone", "phone", default_country="US"),
        ColumnMapping("gaid", "gaid"),
    )
    wire = choose(column.kind for column in columns)
    source = Source(path, CsvFormat(COLUMNS))
    steps: dict[str, float] = {}
    plan = Plan((source,), columns, "mirror", wire, ledger=ledger_path, memory_limit_mb=memory_limit_mb)
    started = time.perf_counter()
    prepared = prepare(
        plan, folder / "work", progress=lambda p: steps.setdefault(p.step, time.perf_counter() - started)
    )
    done = time.perf_counter() - started
    ledger.advance(ledger_path, folder / "work", prepared.batches, folder / "ledger", memory_limit_mb=memory_limit_mb)
    steps |= {"ledger": done, "end": time.perf_counter() - started}
    return {"rows": vars(prepared.counts.rows), "removals": prepared.counts.removals, "starts": steps}


def run_loop(path: Path) -> dict[str, object]:
    """A plain Python loop with the rule for each value: what one writes first."""
    import csv

    from pinconnect.identifiers.rules import judge

    found: set[tuple[str, bytes]] = set()
    rows = 0
    with path.open(newline="") as text:
        for row in csv.DictReader(text):
            rows += 1
            for kind, name, country in (("email", "email", None), ("phone", "phone", "US"), ("gaid", "gaid", None)):
                verdict = judge(kind, row[name], "auto", country)
                if verdict.digest:
                    found.add((kind, verdict.digest))
    ordered = sorted(found)
    batches = [",".join(digest.hex() for _, digest in ordered[n : n + 10_000]) for n in range(0, len(ordered), 10_000)]
    return {"rows": rows, "identifiers": len(ordered), "batches": len(batches)}


def run_floor(path: Path, folder: Path) -> dict[str, object]:
    """Nothing but reading the columns, one hash for each value and writing the digests."""
    connection = duckdb.connect(":memory:", config={"memory_limit": "512MB", "preserve_insertion_order": False})
    connection.execute(
        f"COPY (SELECT unhex(sha256(email)) a, unhex(sha256(phone)) b, unhex(sha256(gaid)) c FROM read_csv('{path}', "
        f"all_varchar = true)) TO '{folder}/floor.parquet' (FORMAT parquet, COMPRESSION uncompressed)"
    )
    return {}


def child(arguments: argparse.Namespace) -> None:
    """Run one contender in this process and print what it took."""
    started = time.perf_counter()
    folder = Path(arguments.folder)
    ledger_path = Path(arguments.ledger) if arguments.ledger else None
    if arguments.only == "engine":
        found = run_engine(Path(arguments.file), folder, ledger_path, arguments.memory)
    elif arguments.only == "loop":
        found = run_loop(Path(arguments.file))
    else:
        found = run_floor(Path(arguments.file), folder)
    taken = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": taken, "cpu": time.process_time(), "peak_mib": peak, **found}))


def measure(only: str, file: Path, folder: Path, ledger_path: Path | None, memory: int) -> dict[str, object]:
    """Start a contender as a process and read what it printed."""
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "bench.prepare", "--only", only, "--file", file, "--folder", folder]
    command += ["--memory", str(memory)] + (["--ledger", ledger_path] if ledger_path else [])
    output = subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout
    return json.loads(output)


def show(name: str, found: dict[str, object], rows: int, base: float) -> None:
    """One line of the table."""
    seconds = float(found["seconds"])
    speed = f"{seconds:9.1f} s {float(found['cpu']):9.1f} s {rows / seconds:12,.0f} rows/s"
    print(f"{name:34} {speed} {found['peak_mib']:7.0f} MiB {seconds / base:8.2f} x")
    if "starts" in found:
        starts = list(found["starts"].items())
        parts = [f"{step} {later - now:.1f}" for (step, now), (_, later) in itertools.pairwise(starts)]
        print(f"{'':34} {', '.join(parts)}; {found['rows']}, removals {found['removals']:,}")


def main() -> None:
    """Generate, measure in turn, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--memory", type=int, default=512, help="DuckDB's memory limit in MB")
    parser.add_argument("--folder", default=None)
    parser.add_argument("--no-loop", action="store_true")
    for name in ("--only", "--file", "--ledger"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        child(arguments)
        return
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        compare(Path(name), arguments)


def compare(folder: Path, arguments: argparse.Namespace) -> None:
    """All contenders on the same data."""
    rows = arguments.rows
    file, later, part = folder / "first.csv", folder / "later.csv", folder / "part.csv"
    generate(file, rows)
    generate(later, rows, churn=0.05)
    generate(part, min(rows, LOOP_ROWS), seed=random.Random(1).randint(1, 9))
    print(
        f"{rows:,} rows, {file.stat().st_size / 1e6:,.0f} MB, {os.cpu_count()} processors, DuckDB {duckdb.__version__}"
    )
    floor = measure("floor", file, folder / "floor", None, arguments.memory)
    first = measure("engine", file, folder / "one", None, arguments.memory)
    second = measure("engine", later, folder / "two", folder / "one" / "ledger", arguments.memory)
    base = float(first["seconds"])
    print(f"{'':34} {'wall':>11} {'processor':>11} {'':19} {'peak':>11} {'to first load':>10}")
    show("floor: read, hash, write", floor, rows, base)
    show("first load", first, rows, base)
    show("5% churn against that ledger", second, rows, base)
    if not arguments.no_loop:
        loop = measure("loop", part, folder / "loop", None, arguments.memory)
        scale = rows / min(rows, LOOP_ROWS)
        loop |= {"seconds": float(loop["seconds"]) * scale, "cpu": float(loop["cpu"]) * scale}
        show(f"plain Python loop{' (scaled)' if scale > 1 else ''}", loop, rows, base)


if __name__ == "__main__":
    main()
