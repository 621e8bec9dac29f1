"""Real processes, real kills: whatever is killed with -9, the run goes on by itself and ends exactly right."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.factories_audiences import ALL_KINDS, csv_bytes, expected_members, people
from tests.support.installation import ROOT, Installation
from tests.support.simulator_process import SimulatorProcess, free_port

pytestmark = pytest.mark.slow
ROWS = people(range(3_000))
DELIVER = ("deliver", "--audience", "News", "--map", "email=email", "--map", "phone=phone", "--map", "gaid=gaid")


@pytest.fixture
def pinterest(tmp_path: Path) -> Iterator[SimulatorProcess]:
    """Slow enough that a run is caught in the middle: every call takes a third of a second."""
    port = free_port()
    identity = ("--app-id", "1000001", "--app-secret", "demo-secret-of-the-test", "--tier", "off")
    running = SimulatorProcess(tmp_path / "simulator", port=port, arguments=identity)
    running.start()
    running.control("faults", {"kind": "slow", "operation": "customer_lists/update", "seconds": 0.3, "times": None})
    yield running
    running.stop()


@pytest.fixture
def installation(tmp_path: Path, pinterest: SimulatorProcess) -> Installation:
    made = Installation(
        tmp_path / "data",
        {
            "PINTEREST_APP_ID": "1000001",
            "PINTEREST_APP_SECRET": "demo-secret-of-the-test",
            "PINTEREST_API_URL": pinterest.api_url,
            "BATCH_RECORDS": "100",
        },
    )
    made.data_dir.mkdir()
    made.make_database()
    made.manage("demo")
    connect(made, pinterest)
    (made.data_dir / "customers.csv").write_bytes(csv_bytes(ROWS))
    return made


def connect(installation: Installation, pinterest: SimulatorProcess) -> None:
    """Bob's profile and one ad account, as if he had connected it in a browser."""
    pair = pinterest.control("grants", {"user": "bob"})
    code = f"""
from datetime import timedelta
from django.utils import timezone
from pinconnect.profiles.models import Profile
from pinconnect.profiles.services import read_ad_accounts
from pinconnect.workspaces.models import Workspace
Profile.objects.create(workspace=Workspace.objects.get(), username="bobs_garden", pinterest_id="1",
    access_token={pair["access_token"]!r}, refresh_token={pair["refresh_token"]!r},
    scopes=["ads:read", "ads:write", "user_accounts:read"], expires_at=timezone.now() + timedelta(days=30),
    token_version=1, renewed_at=timezone.now())
read_ad_accounts(Profile.objects.get())
"""
    installation.manage("shell", "--no-imports", "-c", code)


def rows(installation: Installation, sql: str) -> list[Any]:
    with sqlite3.connect(f"file:{installation.data_dir}/pinconnect.sqlite3?mode=ro", uri=True) as database:
        return database.execute(sql).fetchall()


def wait_for(installation: Installation, sql: str, wanted: Any, within_s: float = 180.0) -> None:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        found = rows(installation, sql)
        if found and (wanted(found[0]) if callable(wanted) else found[0] == wanted):
            return
        time.sleep(0.1)
    raise AssertionError(f"{sql} is {rows(installation, sql)}; {installation.log[-3000:]}")


def test_a_killed_command_is_finished_by_workers_and_killed_workers_by_their_successors(
    installation: Installation, pinterest: SimulatorProcess
) -> None:
    sent = "SELECT count(*) FROM audiences_batch WHERE state = 'sent'"
    command = [sys.executable, "manage.py", DELIVER[0], str(installation.data_dir / "customers.csv"), *DELIVER[1:]]
    delivering = subprocess.Popen(
        [*command, "--ad-account", "549700000101"], cwd=ROOT, env=installation.environment, stderr=subprocess.DEVNULL
    )
    wait_for(installation, sent, lambda found: found[0] >= 3)
    delivering.send_signal(signal.SIGKILL)
    delivering.wait()

    with installation.worker() as first:
        wait_for(installation, sent, lambda found: found[0] >= 10)
        os.killpg(first.process.pid, signal.SIGKILL)
    assert rows(installation, sent)[0][0] < 30, "it was killed half-way"
    held = rows(installation, "SELECT count(*) FROM audiences_batch WHERE state = 'sending'")[0][0]
    with installation.worker():
        wait_for(installation, "SELECT state FROM audiences_run", ("done",))
    assert not held or "batch of killed processes" in installation.log, "it waited for the lease"

    list_id = rows(installation, "SELECT customer_list_id FROM audiences_audience")[0][0]
    lines = pinterest.control(f"customer_lists/{list_id}/members").split()
    assert set(zip(lines[::2], lines[1::2], strict=True)) == expected_members(ROWS, ALL_KINDS)
    assert len(pinterest.control("state")["customer_lists"]) == 1
