"""How fast hints, tasks, leases and shared rates are, and how soon a cluster that hangs works again.

    python -m bench.queue                on SQLite, as `make run` has it
    python -m bench.queue --postgres     on a PostgreSQL that is started for it

Numbers are for one host; a hint and a task are one insert, two updates and one delete in the database.
"""

import argparse
import json
import os
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support import processes, services
from tests.support.installation import Installation

HINTS = 1_000
SILENCE_S = 10

IN_PROCESS = """
import json, time
from django.utils import timezone
from pinconnect.queue import hints, leases, limits
from pinconnect.queue.models import Reconciler

def rate(count, function):
    begin = time.perf_counter()
    for number in range(count):
        function(number)
    return round(count / (time.perf_counter() - begin))

rows = Reconciler.objects.bulk_create([Reconciler(name=f"bench {n}", due_at=timezone.now()) for n in range(1000)])
claim = lambda n: leases.claim(Reconciler.objects.all(), pk=rows[n].pk, lease_s=60)
print(json.dumps({
    "claims of a lease per second": rate(1000, claim),
    "grants of a shared rate per second": rate(1000, lambda n: limits.take("bench", per_s=1e6, burst=1e6)),
    "hints sent per second": rate(%d, lambda n: hints.enqueue("tests.queue.tasks.note", n)),
}))
"""


@contextmanager
def database(*, postgres: bool) -> Iterator[Mapping[str, str]]:
    """Settings of the database to measure on."""
    if not postgres:
        yield {}
        return
    with services.postgres() as server:
        yield {"DATABASE_URL": server.url}


def run_tasks(installation: Installation) -> float:
    """Tasks per second that one worker command with default settings works off."""
    with installation.worker():
        assert processes.wait_until(lambda: any(installation.notes.iterdir()), 60)
        first, begin = len(list(installation.notes.iterdir())), time.perf_counter()
        assert processes.wait_until(lambda: len(list(installation.notes.iterdir())) >= HINTS, 120)
        return (HINTS - first) / (time.perf_counter() - begin)


def recover(installation: Installation) -> float:
    """Seconds from the kill of all waiting workers of a cluster until it runs tasks again."""
    with installation.worker(f"--silence={SILENCE_S}") as worker:
        lines = installation.log.count("The short cluster runs tasks")
        begin = time.perf_counter()
        for process in worker.task_processes():
            os.kill(process.pid, signal.SIGKILL)
        assert processes.wait_until(lambda: installation.log.count("The short cluster runs tasks") > lines, 120)
        return time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--postgres", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, database(postgres=options.postgres) as settings:
        installation = Installation(Path(folder), settings)
        installation.make_database()
        measured = json.loads(installation.manage("shell", "--no-imports", "-c", IN_PROCESS % HINTS))
        measured["tasks run per second"] = round(run_tasks(installation))
        measured[f"seconds until a hung cluster works again (silence {SILENCE_S} s)"] = round(recover(installation), 1)
    for what, value in measured.items():
        print(f"{value:>10}  {what}")


if __name__ == "__main__":
    main()
