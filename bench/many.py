"""Very many small deliveries due in the same minute, beside a large one: when are all done, and who waits for whom?

    python -m bench.many                          1,000 deliveries of 10 rows, in 4 workspaces, and one of 300,000 rows
    python -m bench.many --deliveries 200         fewer, as on a crowded machine

The first workspace has two fifths of the deliveries, the last one a tenth. Pinterest's rate limits are lifted here:
with them each user may write 400 times a minute, and every new list takes two of those.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.support import processes, scripted  # noqa: E402
from tests.support.crowd import Crowd, make_crowd  # noqa: E402
from tests.support.stack import Stack, running_stack  # noqa: E402

LONGEST_S = 3_600
SHARES = (4, 3, 2, 1)
_RUNS = """
    SELECT w.name, r.plan ->> 'source_bytes' > 100000, r.state,
        (julianday(r.created_at) - 2440587.5) * 86400.0, (julianday(r.started_at) - 2440587.5) * 86400.0,
        (julianday(r.finished_at) - 2440587.5) * 86400.0, a.customer_list_id, r.delivery_id
    FROM audiences_run r JOIN workspaces_workspace w ON w.id = r.workspace_id
    JOIN audiences_audience a ON a.id = r.audience_id
"""


@dataclass(frozen=True)
class Ended:
    """One run; times are Unix seconds, 0.0 for what has not happened."""

    workspace: str
    is_large: bool
    state: str
    created: float
    started: float
    finished: float
    list_id: str
    delivery: int


def runs(stack: Stack) -> list[Ended]:
    return [
        Ended(name, bool(large), state, *(float(moment or 0) for moment in moments), list_id, delivery)
        for name, large, state, *moments, list_id, delivery in scripted.query(stack, _RUNS)
    ]


def processor_s(stack: Stack) -> float:
    """Processor seconds of the workers and their tasks so far, those of ended children included."""
    total = 0
    for process in stack.worker_processes():
        try:
            fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(int(field) for field in fields[11:15])
    return total / os.sysconf("SC_CLK_TCK")


def wait_for_all(stack: Stack, number: int, longest_s: float) -> bool:
    """Whether so many runs have ended in time."""
    ended = "SELECT count(*) FROM audiences_run WHERE state IN ('done', 'failed', 'cancelled')"
    return processes.wait_until(lambda: scripted.query(stack, ended)[0][0] >= number, longest_s, every_s=1.0)


def report(stack: Stack, crowd: Crowd, number: int, spent_s: float) -> dict[str, Any]:
    """What is claimed: all done, right, fair, and no small one behind the large one."""
    found, began = runs(stack), crowd.due_at
    done = [run for run in found if run.state == "done"]
    small = [run for run in done if not run.is_large]
    large = next((run for run in done if run.is_large), None)
    wrong = [run.delivery for run in small[::10] if scripted.members(stack, run.list_id) != crowd.members[run.delivery]]
    by_workspace: dict[str, list[float]] = {}
    for run in small:
        by_workspace.setdefault(run.workspace, []).append(run.finished - began)
    last = max(run.finished for run in small) - began
    return {
        "small deliveries": len(small),
        "not done": number - len(done),
        "lists compared, and wrong": [len(small[::10]), len(wrong)],
        "seconds until all small ones are done": round(last, 1),
        "small runs per second": round(len(small) / last, 2),
        "processor seconds of the workers, large one included": round(spent_s, 1),
        "seconds of the large one": round(large.finished - began, 1) if large else None,
        "small ones done before the large one": sum(run.finished < large.finished for run in small) if large else None,
        "calls to Pinterest": len(scripted.calls(stack)),
        "workspaces: deliveries, median and last second": {
            name: [len(times), round(median(times), 1), round(max(times), 1)]
            for name, times in sorted(by_workspace.items())
        },
    }


def measure(
    stack: Stack, folder: Path, deliveries: int, large_rows: int, longest_s: float = LONGEST_S
) -> dict[str, Any]:
    """Make them, let them be due, wait."""
    scripted.control(stack, "settings", {"tier": "off"})
    numbers = [deliveries * share // sum(SHARES) for share in SHARES]
    numbers[0] += deliveries - sum(numbers)
    crowd = make_crowd(stack, folder, numbers, large_rows)
    scripted.forget_calls(stack)
    spent = processor_s(stack)
    number = deliveries + bool(large_rows)
    # What is not done by then is counted.
    wait_for_all(stack, number, longest_s)
    return report(stack, crowd, number, processor_s(stack) - spent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deliveries", type=int, default=1_000)
    parser.add_argument("--large", type=int, default=300_000, metavar="ROWS", help="of the large one; 0 for none")
    parser.add_argument(
        "--longest", type=float, default=LONGEST_S, metavar="SECONDS", help="then it is reported as it is"
    )
    options = parser.parse_args()
    load = os.getloadavg()[0]
    settings = {"DJANGO_SETTINGS_MODULE": "tests.chaos.settings"}
    with tempfile.TemporaryDirectory() as name, running_stack(Path(name) / "data", settings) as stack:
        found = measure(stack, Path(name), options.deliveries, options.large, options.longest)
    print(f"{os.cpu_count()} processors, load {load:.0f} before and {os.getloadavg()[0]:.0f} after")
    print(json.dumps(found, indent=2))
    assert found["not done"] == 0
    assert found["lists compared, and wrong"][1] == 0


if __name__ == "__main__":
    main()
