"""How fast the simulator takes records and works members out, beside a bare WSGI program that only reads the body.

Run: .venv/bin/python bench/simulator.py [--calls 200] [--members 10000000]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.support.simulator_process import SimulatorProcess, free_port, running_simulator  # noqa: E402

ACCOUNT = "549700000101"
RECORDS = 10_000
CLIENTS = 2
TARGET_PER_S = 200_000
TARGET_MIB = 1024
REFERENCE = """
def app(environ, start_response):
    environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", "2")])
    return [b"{}"]
"""


@contextmanager
def reference(folder: Path) -> Iterator[str]:
    """The bare program under the same server with the same settings; gives its URL."""
    (folder / "bare.py").write_text(REFERENCE)
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--chdir", str(folder), "-k", "gthread", "-w", "1", "--threads", "32"]
    command += ["--no-control-socket", "--log-level", "warning", "-b", f"127.0.0.1:{port}", "bare:app"]
    process = subprocess.Popen(command)
    try:
        wait_for(lambda: requests.get(f"http://127.0.0.1:{port}/", timeout=5).ok)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(15)


def wait_for(question: Callable[[], bool], seconds: float = 15) -> None:
    """Ask until the answer is yes."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if question():
                return
        except requests.ConnectionError:
            time.sleep(0.05)
    raise RuntimeError("The program did not start.")


def text_body(number: int, size: int = RECORDS) -> bytes:
    """An ADD of distinct digests as one `records` string."""
    start = number * size
    digests = (hashlib.sha256(str(place).encode()).hexdigest() for place in range(start, start + size))
    return json.dumps({"operation_type": "ADD", "records": ",".join(digests)}).encode()


def rows_body(number: int, size: int = RECORDS) -> bytes:
    """An ADD of rows with an e-mail's digest each."""
    start = number * size
    digests = (hashlib.sha256(str(place).encode()).hexdigest() for place in range(start, start + size))
    return json.dumps({"operation_type": "ADD", "records_v2": [{"email": digest} for digest in digests]}).encode()


def wide_rows_body(number: int, size: int = 3_600) -> bytes:
    """An ADD of rows with three digests each, near one megabyte."""
    start = number * size
    digests = [hashlib.sha256(str(place).encode()).hexdigest() for place in range(start, start + size)]
    rows = [{"email": one, "hashed_phone_number": one, "maid": one} for one in digests]
    return json.dumps({"operation_type": "ADD", "records_v2": rows}).encode()


def send_all(url: str, headers: dict[str, str], bodies: list[bytes], calls: int) -> float:
    """Send so many calls from two clients; the seconds they took."""
    local = threading.local()

    def send(number: int) -> None:
        if not hasattr(local, "session"):
            local.session = requests.Session()
        answer = local.session.patch(url, data=bodies[number % len(bodies)], headers=headers, timeout=60)
        answer.raise_for_status()

    with ThreadPoolExecutor(CLIENTS) as pool:
        started = time.perf_counter()
        list(pool.map(send, range(calls)))
        return time.perf_counter() - started


def new_list(simulator: SimulatorProcess, headers: dict[str, str]) -> str:
    """The URL of a new list."""
    base = f"{simulator.api_url}/ad_accounts/{ACCOUNT}/customer_lists"
    data = {"name": "bench", "records": hashlib.sha256(b"0").hexdigest()}
    return f"{base}/{requests.post(base, json=data, headers=headers, timeout=10).json()['id']}"


def measure_calls(simulator: SimulatorProcess, bare_url: str, calls: int) -> bool:
    """Print records per second for each shape beside the reference, taking turns; whether all are fast enough."""
    headers = {**simulator.grant(), "Content-Type": "application/json"}
    is_fast = True
    print(
        f"{'shape':<28}{'simulator':>16}{'bare WSGI':>16}{'ratio':>8}   (identifiers/s, {CLIENTS} clients, median of 3)"
    )
    for name, make, size in (
        ("records, 10,000 e-mails", text_body, RECORDS),
        ("records_v2, 10,000 e-mails", rows_body, RECORDS),
        ("records_v2, 3,600 rows of 3", wide_rows_body, 10_800),
    ):
        bodies = [make(number) for number in range(20)]
        url = new_list(simulator, headers)
        ours, bare = [], []
        for _ in range(3):
            ours.append(calls * size / send_all(url, headers, bodies, calls))
            bare.append(calls * size / send_all(bare_url, headers, bodies, calls))
        mine, theirs = sorted(ours)[1], sorted(bare)[1]
        is_fast = is_fast and mine >= TARGET_PER_S
        print(f"{name:<28}{mine:>16,.0f}{theirs:>16,.0f}{mine / theirs:>8.2f}")
    return is_fast


def memory_mib(group: int) -> float:
    """Peak resident memory of the largest process of a process group."""
    peaks = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            if int((status.parent / "stat").read_text().rpartition(")")[2].split()[2]) == group:
                peaks += [int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        except OSError:
            continue
    return max(peaks) / 1024


def measure_members(simulator: SimulatorProcess, members: int) -> bool:
    """Fill a list with distinct members, have them worked out, and print time and memory."""
    headers = {**simulator.grant(), "Content-Type": "application/json"}
    url = new_list(simulator, headers)
    session = requests.Session()
    for number in range(members // RECORDS):
        session.patch(url, data=text_body(number), headers=headers, timeout=60).raise_for_status()
    # A tenth is removed again, so that order matters.
    for number in range(0, members // RECORDS, 10):
        body = text_body(number).replace(b'"ADD"', b'"REMOVE"')
        session.patch(url, data=body, headers=headers, timeout=60).raise_for_status()
    expected = members - len(range(0, members // RECORDS, 10)) * RECORDS
    # Digest 0 is what the list was made with; it is removed with the first batch.
    started = time.perf_counter()
    lines, last = 0, b""
    with session.get(
        f"{simulator.url}/_simulator/customer_lists/{url.rpartition('/')[2]}/members", stream=True
    ) as answer:
        for line in answer.iter_lines(chunk_size=1 << 20):
            assert line > last
            last = line
            lines += 1
    seconds = time.perf_counter() - started
    assert simulator.process
    peak = memory_mib(simulator.process.pid)
    print(f"\n{members:,} records added, {members // 10:,} removed: {lines:,} members (expected {expected:,}),")
    print(f"worked out, sorted and read in {seconds:.1f} s; peak memory of the simulator {peak:,.0f} MiB.")
    return lines == expected and peak <= TARGET_MIB


def main() -> None:
    """Measure, print, and exit with 1 when a promise of docs/simulator.md is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=200, help="calls per measurement")
    parser.add_argument("--members", type=int, default=10_000_000, help="records of the large list")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bench-simulator-"))
    try:
        with running_simulator(folder / "data", "--tier", "off") as simulator, reference(folder) as bare_url:
            is_fast = measure_calls(simulator, bare_url, options.calls)
            is_small = measure_members(simulator, options.members)
    finally:
        shutil.rmtree(folder)
    client = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"(The measuring client itself needed {client:,.0f} MiB.)")
    if not (is_fast and is_small):
        sys.exit(f"Not within {TARGET_PER_S:,} records/s and {TARGET_MIB} MiB.")


if __name__ == "__main__":
    main()
