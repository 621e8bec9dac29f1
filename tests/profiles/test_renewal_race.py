"""Real processes that renew one profile in the same instant, against the simulator as a program of its own."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.installation import ROOT, Installation
from tests.support.simulator_process import SimulatorProcess, running_simulator

PROCESSES, THREADS = 3, 8

MAKE = """
from datetime import timedelta
from django.utils import timezone
from pinconnect.profiles.models import Profile
from pinconnect.workspaces.models import Workspace
w = Workspace.objects.create(name="W", slug="w")
p = Profile.objects.create(workspace=w, pinterest_id="1", username="bob", token_version=1, access_token={access!r},
    refresh_token={refresh!r}, expires_at=timezone.now() + timedelta(days=1), renewed_at=timezone.now())
print(p.pk)
"""

RENEW = """
import json, sys, time
from concurrent.futures import ThreadPoolExecutor
from django.db import connections
from pinconnect.profiles import tokens
def renew(_):
    try:
        return tokens.renew({pk}, force_if_version=1).token_version
    finally:
        connections.close_all()
time.sleep(max(0, {begin} - time.time()))
with ThreadPoolExecutor({threads}) as pool:
    print(json.dumps(list(pool.map(renew, range({threads})))))
"""


@pytest.fixture
def pinterest(tmp_path: Path) -> Iterator[SimulatorProcess]:
    login = ("--app-id", "1000001", "--app-secret", "race-secret")
    with running_simulator(tmp_path / "simulator", *login, "--tier", "off") as running:
        yield running


@pytest.mark.slow
@pytest.mark.services
def test_many_renewals_at_once_make_one_call_and_store_one_pair(tmp_path: Path, pinterest: SimulatorProcess) -> None:
    pinterest.control("settings", {"rotation": "strict"})
    urls = {"PINTEREST_API_URL": pinterest.api_url, "PINTEREST_OAUTH_URL": f"{pinterest.url}/oauth"}
    app = {"PINTEREST_APP_ID": "1000001", "PINTEREST_APP_SECRET": "race-secret"}
    place = Installation(tmp_path / "data", {**urls, **app})
    place.make_database()
    pair = pinterest.control("grants", {"user": "bob"})
    made = place.manage(
        "shell", "--no-imports", "-c", MAKE.format(access=pair["access_token"], refresh=pair["refresh_token"])
    )

    program = RENEW.format(pk=int(made), begin=time.time() + 6, threads=THREADS)
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", program]
    racers = [
        subprocess.Popen(command, cwd=ROOT, env=place.environment, stdout=subprocess.PIPE) for _ in range(PROCESSES)
    ]
    versions = [version for racer in racers for version in json.loads(racer.communicate(timeout=90)[0])]

    calls = [call for call in pinterest.control("calls")["items"] if call["operation"] == "oauth/token"]
    assert versions == [2] * PROCESSES * THREADS
    assert [call["status"] for call in calls] == [200]
