"""The clock of a storm is set for processes that run already, and for those that they fork."""

import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

from tests.chaos.clock import FILE, Clock
from tests.support.installation import ROOT

ASKED = """
import os, sys, time
from datetime import UTC, datetime
from tests.chaos import clock

clock.follow()
for _ in sys.stdin:
    began = time.monotonic()
    read, write = os.pipe()
    if os.fork() == 0:
        os.write(write, str(time.time()).encode())
        os._exit(0)
    forked = float(os.read(read, 100))
    os.wait()
    print(time.time(), datetime.now(UTC).timestamp(), forked, time.monotonic() - began, flush=True)
"""


def test_processes_that_follow_it_see_it_jump(tmp_path: Path) -> None:
    clock = Clock(tmp_path / "clock")
    environment = {"PATH": os.environ["PATH"], FILE: str(clock.path)}
    command = [sys.executable, "-c", ASKED]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        for hours in (0, 24, -24, 1):
            clock.set_ahead(timedelta(hours=hours))
            process.stdin.write("\n")
            process.stdin.flush()
            *seen, passed_s = map(float, process.stdout.readline().split())
            assert all(abs(one - time.time() - 3_600 * hours) < 60 for one in seen), (hours, seen)
            assert passed_s < 60
            assert clock.ahead == timedelta(hours=hours)
