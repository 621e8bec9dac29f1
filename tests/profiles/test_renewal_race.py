"""Real processes that renew one profile in the same instant, on SQLite and PostgreSQL, in strict rotation."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from tests.support import services
from tests.support.installation import ROOT, Installation
from tests.support.simulator_process import SimulatorProcess, running_simulator

PROCESSES, THREADS = 5, 10
# Between the word to go and the moment itself.
START_S = 1

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
from django.db import connection, connections
from pinconnect.profiles import tokens
def renew(_):
    try:
        return tokens.renew({pk}, force_if_version=1).token_version
    finally:
        connections.close_all()
print("ready", flush=True)
begin = float(input())
time.sleep(max(0, begin - time.time()))
late_s = time.time() - begin
with ThreadPoolExecutor({threads}) as pool:
    versions = list(pool.map(renew, range({threads})))
print(json.dumps({{"versions": versions, "late_s": late_s, "on": connection.vendor}}))
"""


@pytest.fixture
def pinterest(tmp_path: Path) -> Iterator[SimulatorProcess]:
    login = ("--app-id", "1000001", "--app-secret", "race-secret")
    with running_simulator(tmp_path / "simulator", *login, "--tier", "off") as running:
        yield running


CHECK = """
import json
from pinconnect.alerts.models import Alert
from pinconnect.pinterest import user_accounts
from pinconnect.profiles import tokens
from pinconnect.profiles.models import Profile
p = Profile.objects.get()
works = user_accounts.get(tokens.client_for(p)).username
again = tokens.renew(p.pk).token_version
print(json.dumps([p.state, p.token_version, p.lease_token, works, again, Alert.objects.count()]))
"""


@pytest.mark.slow
@pytest.mark.services
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_fifty_renewals_at_once_make_one_call_and_store_one_pair(
    tmp_path: Path, pinterest: SimulatorProcess, database: str
) -> None:
    pinterest.control("settings", {"rotation": "strict"})
    urls = {"PINTEREST_API_URL": pinterest.api_url, "PINTEREST_OAUTH_URL": f"{pinterest.url}/oauth"}
    app = {"PINTEREST_APP_ID": "1000001", "PINTEREST_APP_SECRET": "race-secret"}
    with services.postgres(with_tables=True) if database == "postgresql" else nullcontext() as server:
        address = {"DATABASE_URL": server.url} if server else {}
        place = Installation(tmp_path / "data", {**urls, **app, **address})
        if not server:
            place.make_database()
        pair = pinterest.control("grants", {"user": "bob"})
        made = _manage(place, MAKE.format(access=pair["access_token"], refresh=pair["refresh_token"]))

        raced = _race(place, int(made))
        calls = [call for call in pinterest.control("calls")["items"] if call["operation"] == "oauth/token"]
        after = json.loads(_manage(place, CHECK))

    assert {result["on"] for result in raced} == {database}
    assert [version for result in raced for version in result["versions"]] == [2] * PROCESSES * THREADS
    assert max(result["late_s"] for result in raced) < 1, "all began in the same instant"
    assert [call["status"] for call in calls] == [200], "one call to Pinterest"
    assert after == ["connected", 2, "", "bobs_garden", 3, 0], "the stored pair works, and renews once more"


def _race(place: Installation, pk: int) -> list[dict[str, Any]]:
    program = RENEW.format(pk=pk, threads=THREADS)
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", program]
    racers = [
        subprocess.Popen(
            command, cwd=ROOT, env=place.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(PROCESSES)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    begin = f"{time.time() + START_S}\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write(begin)
        racer.stdin.flush()
    return [json.loads(racer.communicate(timeout=120)[0]) for racer in racers]


def _manage(place: Installation, program: str) -> str:
    return place.manage("shell", "--no-imports", "-c", program)
