"""How fast real workers deliver to the simulator, beside a bare loop that posts the same ready-made batches.

    python -m bench.deliver                       one million e-mail addresses, seven rounds
    python -m bench.deliver --rows 10000000 --rounds 1

Both sides take turns within one call, after a small delivery that warms everything up, with the same simulator and the
same number of connections. Sending is all from the moment when the batches are ready until the last one was answered:
hearing of it, making the list and its audience, claiming, reading, posting, writing down. The bare loop has its bodies
in memory and its connections open, and does nothing but post. Afterwards 1% of the people change, and the second run
must make no more calls than that needs. Pinterest's rate limits are lifted here.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import duckdb

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.watching import Watch  # noqa: E402
from tests.chaos.storm import Operator, operator  # noqa: E402
from tests.support import processes, scripted  # noqa: E402
from tests.support.stack import Stack, running_stack  # noqa: E402

CONNECTIONS = 2
RECORDS = 10_000
WARM_UP_ROWS = 50_000
LONGEST_S = 3_600
# One process for each connection, as workers are; it waits for a line, posts its share, and prints the seconds of the
# clock and of the processor.
BARE = """
import sys, time
from pathlib import Path
import requests
url, token, *paths = sys.argv[1:]
bodies = [Path(path).read_bytes() for path in paths]
session = requests.Session()
session.headers.update({"Authorization": "Bearer " + token, "Content-Type": "application/json"})
session.get(url).raise_for_status()
print("ready", flush=True)
sys.stdin.readline()
started, used = time.monotonic(), time.process_time()
for body in bodies:
    session.patch(url, data=body, timeout=60).raise_for_status()
print(time.monotonic() - started, time.process_time() - used, flush=True)
"""


@dataclass(frozen=True)
class Times:
    """Seconds of the parts of a run, and processor seconds of the workers and of the simulator while it was sending."""

    prepare: float
    send: float
    settle: float
    calls: int
    cpu: float
    simulator_cpu: float


@dataclass(frozen=True)
class Bare:
    """Seconds of the bare loop; processor seconds of its processes and of the simulator."""

    send: float
    cpu: float
    simulator_cpu: float


def write_people(path: Path, rows: int, *, first: int = 0) -> None:
    """One e-mail address a row, from a first number on."""
    people = (
        f"SELECT 'user' || i || '@mail' || (i % 50) || '.example.com' AS email FROM range({first}, {first + rows}) t(i)"
    )
    duckdb.sql(f"COPY ({people}) TO '{path}' (FORMAT csv, HEADER true)")


def deliver(stack: Stack, asked: Operator, watch: Watch, name: str, file: Path) -> Times:
    """One run by the workers alone."""
    run = asked.ask("start", name=name, mode="mirror", file=str(file), mapped=["email=email"], country="")
    sql = "SELECT state FROM audiences_run WHERE id = ?"
    assert processes.wait_until(lambda: scripted.query(stack, sql, run)[0][0] in ("done", "failed"), LONGEST_S, 0.3)
    assert scripted.query(stack, sql, run)[0][0] == "done", stack.log[-3000:]
    moments = (
        "SELECT created_at, upload_started_at, (SELECT max(sent_at) FROM audiences_batch WHERE run_id = r.id), "
        "finished_at FROM audiences_run r WHERE id = ?"
    )
    unix = "SELECT " + ", ".join("(julianday(?) - 2440587.5) * 86400.0" for _ in range(4))
    created, began, sent, ended = scripted.query(stack, unix, *scripted.query(stack, moments, run)[0])[0]
    calls = scripted.query(stack, "SELECT sum(attempts) FROM audiences_batch WHERE run_id = ?", run)[0][0]
    cpu, simulator_cpu = watch.between(began, sent)
    return Times(began - created, sent - began, ended - sent, int(calls), cpu, simulator_cpu)


def bodies(stack: Stack, folder: Path, delivery: str) -> list[Path]:
    """The bodies of the calls of a delivery's first run, as the product makes them, one file each."""
    from audiences.pipeline import payloads

    workspace, run, attempt = scripted.query(
        stack,
        "SELECT r.workspace_id, r.id, r.files_attempt FROM audiences_run r JOIN audiences_delivery d "
        "ON d.id = r.delivery_id WHERE d.name = ? ORDER BY r.id LIMIT 1",
        delivery,
    )[0]
    work = stack.data_dir / "files" / f"workspaces/{workspace}/runs/{run}/{attempt}"
    ranges = scripted.query(stack, 'SELECT first, count FROM audiences_batch WHERE run_id = ? ORDER BY "first"', run)
    paths = []
    for first, count in ranges:
        records = payloads.read(work, "ADD", first, count).text
        paths.append(folder / f"body-{first}.json")
        paths[-1].write_text(f'{{"operation_type":"ADD","records":"{records}"}}')
    return paths


def post_bare(stack: Stack, watch: Watch, made: list[Path], number: int) -> Bare:
    """The lower bound: post all bodies to a new list."""
    import requests

    token = scripted.control(stack, "grants", {"user": "bob"})["access_token"]
    account = scripted.query(stack, "SELECT pinterest_id FROM profiles_adaccount WHERE is_chosen LIMIT 1")[0][0]
    base = f"{stack.simulator_url}/v5/ad_accounts/{account}/customer_lists"
    data = {"name": f"Bare {number}", "list_type": "EMAIL", "records": "0" * 64}
    made_list = requests.post(base, json=data, headers={"Authorization": f"Bearer {token}"}, timeout=30).json()["id"]
    started = [
        subprocess.Popen(
            [sys.executable, "-c", BARE, f"{base}/{made_list}", token, *map(str, made[part::CONNECTIONS])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for part in range(CONNECTIONS)
    ]
    for process in started:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    with watch.counting() as used, ThreadPoolExecutor(CONNECTIONS) as pool:
        said = list(pool.map(lambda process: process.communicate("go\n")[0].split(), started))
    return Bare(max(float(wall) for wall, _ in said), sum(float(cpu) for _, cpu in said), used.simulator)


def compare(stack: Stack, asked: Operator, folder: Path, rows: int, rounds: int) -> None:
    """Turn by turn, then the second run."""
    first, later, small = folder / "first.csv", folder / "later.csv", folder / "small.csv"
    write_people(first, rows)
    write_people(later, rows, first=rows // 100)
    write_people(small, WARM_UP_ROWS)
    watch = Watch(stack)
    deliver(stack, asked, watch, "Warm up", small)
    ours: list[Times] = []
    bare: list[Bare] = []
    made: list[Path] = []
    for number in range(rounds):
        ours.append(deliver(stack, asked, watch, f"Round {number}", first))
        made = made or bodies(stack, folder, "Round 0")
        bare.append(post_bare(stack, watch, made, number))
    again = deliver(stack, asked, watch, "Round 0", later)
    report(rows, ours, bare, again)
    print(f"peak memory of a process of the worker: {watch.peak_mib:,.0f} MiB")
    assert again.calls <= 2 * math.ceil(rows // 100 / RECORDS) + 1


def report(rows: int, ours: list[Times], bare: list[Bare], again: Times) -> None:
    """Medians, side by side."""
    batches = ours[0].calls
    print(
        f"{rows:,} identifiers, {batches} calls, {CONNECTIONS} connections, {os.cpu_count()} processors, "
        f"load {os.getloadavg()[0]:.1f}, median of {len(ours)}"
    )
    floor, send = middle(bare, "send"), middle(ours, "send")
    for name, seconds, found in (("bare loop", floor, bare), ("workers, sending", send, ours)):
        own, simulator = middle(found, "cpu"), middle(found, "simulator_cpu")
        print(
            f"{name:17}{seconds:7.2f} s {rows / seconds:12,.0f} identifiers/s; processor: {own:.2f} s of its own "
            f"({1000 * own / batches:.1f} ms a call), {simulator:.2f} s of the simulator"
        )
    ratios = sorted(one.send / other.send for one, other in zip(ours, bare, strict=True))
    print(f"workers to bare loop: {send / floor:.2f}; in each round {', '.join(f'{ratio:.2f}' for ratio in ratios)}")
    prepare, settle = middle(ours, "prepare"), middle(ours, "settle")
    print(f"preparing {prepare:.2f} s before, settling {settle:.2f} s after")
    total = again.prepare + again.send + again.settle
    print(
        f"1% churn: preparing {again.prepare:.2f} s, sending {again.send:.2f} s, settling {again.settle:.2f} s: "
        f"{100 * again.send / total:.0f}% of the time is sending"
    )
    least = 2 * math.ceil(rows // 100 / RECORDS)
    print(f"  {again.calls} calls for {2 * (rows // 100):,} identifiers; the least is {least}")


def middle(found: list[Any], field: str) -> float:
    """The median of a field."""
    return median(getattr(one, field) for one in found)


def main() -> None:
    """Start everything, measure, stop everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    settings = {"DJANGO_SETTINGS_MODULE": "tests.chaos.settings", "PUMPS_PER_RUN": str(CONNECTIONS)}
    # Calls are what is compared; Pinterest lets few accounts send files.
    settings["PINTEREST_FILE_UPLOADS"] = "false"
    with tempfile.TemporaryDirectory() as name, running_stack(Path(name) / "data", settings) as stack:
        scripted.control(stack, "settings", {"tier": "off"})
        scripted.connect(stack)
        with operator(stack) as asked:
            compare(stack, asked, Path(name), options.rows, options.rounds)


if __name__ == "__main__":
    main()
