"""How three hosts deliver one large list and several small ones, with one of them lost for good half-way.

    python -m bench.hosts                         200,000 people and five lists of 1,000, on both kinds of ground
    python -m bench.hosts --ground redis --rows 1000000

Each host has its own name, data folder, work folder and worker; they share PostgreSQL and either Redis and a mounted
folder, or SQS and S3 as moto pretends them. All run on this machine, so it shows what is lost and how long it takes to
go on, not what three machines could do. Every list is compared with what was asked for.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.chaos.storm import Operator, operator  # noqa: E402
from tests.support import processes, scripted  # noqa: E402
from tests.support.hosts import GROUNDS, Hosts, running_hosts  # noqa: E402

SMALL_LISTS, SMALL_ROWS = 5, 1_000
BATCH_RECORDS = 2_000
# So long a call takes at Pinterest.
CALL_S = 0.2
LONGEST_S = 1_800.0


@dataclass(frozen=True)
class Found:
    """Seconds from the start to the end of a list, and who sent how many batches before and after the loss."""

    seconds: dict[str, float]
    lost_after_s: float
    before: dict[str, int]
    after: dict[str, int]


def write(folder: Path, name: str, rows: int) -> tuple[Path, set[scripted.Member]]:
    """A file of made-up people, and who has to be on the list."""
    emails = [f"{name}.{number}@hosts.example" for number in range(rows)]
    file = folder / f"{name}.csv"
    file.write_text("\n".join(["email", *emails]), encoding="utf-8")
    return file, {("email", hashlib.sha256(email.encode()).hexdigest()) for email in emails}


def deliver(hosts: Hosts, asked: Operator, files: dict[str, Path], batches: int) -> Found:
    """All lists at once; host 3 is killed when half of the batches of the large one are answered."""
    started = time.monotonic()
    for name, file in files.items():
        asked.ask("start", name=name, mode="mirror", file=str(file), mapped=["email=email"], country="")
    assert processes.wait_until(lambda: sum(hosts.calls().values()) >= batches / 2, LONGEST_S), hosts.calls()
    lost_after_s, before = time.monotonic() - started, hosts.calls()
    hosts.lose("host-3")
    ended = "SELECT count(*) FROM audiences_run WHERE state IN ('done', 'failed')"
    assert processes.wait_until(lambda: hosts.query(ended)[0][0] == len(files), LONGEST_S)
    took = "SELECT d.name, extract(epoch FROM r.finished_at - r.created_at)::float, r.state FROM audiences_run r "
    found = hosts.query(took + "JOIN audiences_delivery d ON d.id = r.delivery_id")
    assert {state for *_, state in found} == {"done"}
    return Found({name: seconds for name, seconds, _ in found}, lost_after_s, before, hosts.calls())


def measure(ground: str, rows: int) -> None:
    sizes = {"large": rows, **{f"small-{number}": SMALL_ROWS for number in range(1, SMALL_LISTS + 1)}}
    batches = sum(-(-size // BATCH_RECORDS) for size in sizes.values())
    with tempfile.TemporaryDirectory(prefix="pinconnect-hosts-") as text:
        folder = Path(text)
        made = {name: write(folder, name, size) for name, size in sizes.items()}
        settings = {"BATCH_RECORDS": str(BATCH_RECORDS)}
        with running_hosts(folder, ground, ["host-2", "host-3"], settings) as hosts, operator(hosts.stack) as asked:
            scripted.control(hosts.stack, "settings", {"tier": "off", "ready_delay_s": 1})
            slow = {"kind": "slow", "operation": "customer_lists/update", "seconds": CALL_S, "times": None}
            scripted.control(hosts.stack, "faults", slow)
            found = deliver(hosts, asked, {name: file for name, (file, _) in made.items()}, batches)
            lists = asked.insist("report")["lists"]
            wrong = [name for name in made if scripted.members(hosts.stack, lists[name]) != made[name][1]]
    say(ground, found, wrong, len(made))


def say(ground: str, found: Found, wrong: list[str], lists: int) -> None:
    small = sorted(seconds for name, seconds in found.seconds.items() if name != "large")
    write_line = sys.stdout.write
    write_line(f"{ground}: large list {found.seconds['large']:.0f} s; small ones {small[0]:.0f} to {small[-1]:.0f} s\n")
    write_line(f"  host-3 lost after {found.lost_after_s:.0f} s\n")
    for host in sorted(found.after):
        first, later = found.before.get(host, 0), found.after[host] - found.before.get(host, 0)
        write_line(f"  {host}: {first} batches before, {later} after\n")
    write_line(f"  lists that are exact: {lists - len(wrong)} of {lists}\n")
    if wrong:
        sys.exit(f"Not exact: {', '.join(wrong)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--ground", choices=[*GROUNDS, "both"], default="both")
    options = parser.parse_args()
    for ground in GROUNDS if options.ground == "both" else [options.ground]:
        measure(ground, options.rows)


if __name__ == "__main__":
    main()
