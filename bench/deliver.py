"""How fast real workers deliver to the simulator, beside a bare loop that posts the same ready-made batches.

    python -m bench.deliver                       one million e-mail addresses, three rounds
    python -m bench.deliver --rows 10000000 --rounds 1

Both sides take turns within one call, with the same simulator and the same number of connections. Afterwards 1% of the
people change, and the second run must make no more calls than that needs. Pinterest's rate limits are lifted here.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import duckdb

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.chaos.storm import Operator, operator  # noqa: E402
from tests.support import processes, scripted  # noqa: E402
from tests.support.stack import Stack, running_stack  # noqa: E402

CONNECTIONS = 2
RECORDS = 10_000
LONGEST_S = 3_600
# One process for each connection, as workers are; it waits for a line, posts its share, and prints the seconds.
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
started = time.monotonic()
for body in bodies:
    session.patch(url, data=body, timeout=60).raise_for_status()
print(time.monotonic() - started, flush=True)
"""


@dataclass(frozen=True)
class Times:
    """Seconds of the parts of a run: waiting and preparing, sending (first hint to last answer), settling."""

    prepare: float
    send: float
    settle: float
    calls: int


class Memory(threading.Thread):
    """Notes the highest peak of any process of the worker."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(daemon=True)
        self.stack, self.peak_mib = stack, 0.0
        self.start()

    def run(self) -> None:
        while True:
            for process in self.stack.worker_processes():
                try:
                    text = Path(f"/proc/{process.pid}/status").read_text()
                except OSError:
                    continue
                peak = next((line.split()[1] for line in text.splitlines() if line.startswith("VmHWM")), "0")
                self.peak_mib = max(self.peak_mib, int(peak) / 1024)
            time.sleep(0.5)


def write_people(path: Path, rows: int, *, first: int = 0) -> None:
    """One e-mail address a row, from a first number on."""
    people = (
        f"SELECT 'user' || i || '@mail' || (i % 50) || '.example.com' AS email FROM range({first}, {first + rows}) t(i)"
    )
    duckdb.sql(f"COPY ({people}) TO '{path}' (FORMAT csv, HEADER true)")


def deliver(stack: Stack, asked: Operator, name: str, file: Path) -> Times:
    """One run by the workers alone."""
    run = asked.ask("start", name=name, mode="mirror", file=str(file), mapped=["email=email"], country="")
    sql = "SELECT state FROM audiences_run WHERE id = ?"
    assert processes.wait_until(lambda: scripted.query(stack, sql, run)[0][0] in ("done", "failed"), LONGEST_S)
    assert scripted.query(stack, sql, run)[0][0] == "done", stack.log[-3000:]
    moments = (
        "SELECT created_at, upload_started_at, (SELECT max(sent_at) FROM audiences_batch WHERE run_id = r.id), "
        "finished_at FROM audiences_run r WHERE id = ?"
    )
    unix = "SELECT " + ", ".join("(julianday(?) - 2440587.5) * 86400.0" for _ in range(4))
    created, began, sent, ended = scripted.query(stack, unix, *scripted.query(stack, moments, run)[0])[0]
    calls = scripted.query(stack, "SELECT sum(attempts) FROM audiences_batch WHERE run_id = ?", run)[0][0]
    return Times(began - created, sent - began, ended - sent, int(calls))


def bodies(stack: Stack, folder: Path) -> list[Path]:
    """The bodies of the calls of the first run, as the product makes them, one file each."""
    from audiences.pipeline import payloads

    workspace, run, attempt = scripted.query(
        stack, "SELECT workspace_id, id, files_attempt FROM audiences_run LIMIT 1"
    )[0]
    work = stack.data_dir / "files" / f"workspaces/{workspace}/runs/{run}/{attempt}"
    ranges = scripted.query(stack, 'SELECT first, count FROM audiences_batch WHERE run_id = ? ORDER BY "first"', run)
    paths = []
    for first, count in ranges:
        records = payloads.read(work, "ADD", first, count).records
        paths.append(folder / f"body-{first}.json")
        paths[-1].write_bytes(json.dumps({"operation_type": "ADD", "records": records}).encode())
    return paths


def post_bare(stack: Stack, made: list[Path], number: int) -> float:
    """The lower bound: seconds to post all bodies to a new list."""
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
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return max(pool.map(lambda process: float(process.communicate("go\n")[0]), started))


def compare(stack: Stack, asked: Operator, folder: Path, rows: int, rounds: int) -> None:
    """Turn by turn, then the second run."""
    first, later = folder / "first.csv", folder / "later.csv"
    write_people(first, rows)
    write_people(later, rows, first=rows // 100)
    memory = Memory(stack)
    ours, bare, made = [], [], []
    for number in range(rounds):
        ours.append(deliver(stack, asked, f"Round {number}", first))
        made = made or bodies(stack, folder)
        bare.append(post_bare(stack, made, number))
    print(
        f"{rows:,} identifiers, {len(made)} batches, {CONNECTIONS} connections, {os.cpu_count()} processors, "
        f"median of {rounds}"
    )
    send, floor = median(times.send for times in ours), median(bare)
    prepare, settle = median(times.prepare for times in ours), median(times.settle for times in ours)
    print(f"bare loop       {floor:8.2f} s {rows / floor:12,.0f} identifiers/s")
    print(f"workers, sending{send:8.2f} s {rows / send:12,.0f} identifiers/s   {send / floor:.2f} times the bare loop")
    print(f"  preparing {prepare:.2f} s, settling and making the audience {settle:.2f} s, {ours[0].calls} calls")
    again = deliver(stack, asked, "Round 0", later)
    churn = rows // 100
    needed = 2 * math.ceil(churn / RECORDS)
    print(f"1% churn: preparing {again.prepare:.2f} s, sending {again.send:.2f} s, settling {again.settle:.2f} s")
    print(f"  {again.calls} calls for {2 * churn:,} identifiers; the least is {needed}")
    print(f"peak memory of a process of the worker: {memory.peak_mib:,.0f} MiB")
    assert again.calls <= needed + 1


def main() -> None:
    """Start everything, measure, stop everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    settings = {"DJANGO_SETTINGS_MODULE": "tests.chaos.settings", "PUMPS_PER_RUN": str(CONNECTIONS)}
    with tempfile.TemporaryDirectory() as name, running_stack(Path(name) / "data", settings) as stack:
        scripted.control(stack, "settings", {"tier": "off"})
        scripted.connect(stack)
        with operator(stack) as asked:
            compare(stack, asked, Path(name), options.rows, options.rounds)


if __name__ == "__main__":
    main()
