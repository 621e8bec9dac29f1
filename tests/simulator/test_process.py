"""The simulator as a program: real sockets, parallel calls, restarts and kill -9."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest
import requests

from tests.simulator.helpers import ACCOUNT, emails, sha256
from tests.support.simulator_process import ROOT, SimulatorProcess, free_port, running_simulator

pytestmark = pytest.mark.services


@pytest.fixture
def program(tmp_path: Path) -> Iterator[SimulatorProcess]:
    """A running program."""
    with running_simulator(tmp_path / "data", "--tier", "off", "--ready-delay", "0") as running:
        yield running


def lists_url(program: SimulatorProcess) -> str:
    """Where the customer lists of Bob's first ad account are."""
    return f"{program.api_url}/ad_accounts/{ACCOUNT}/customer_lists"


def new_list(program: SimulatorProcess, headers: dict[str, str], records: str) -> str:
    """The id of a new list."""
    answer = requests.post(lists_url(program), json={"name": "x", "records": records}, headers=headers, timeout=10)
    return str(answer.json()["id"])


def add(program: SimulatorProcess, headers: dict[str, str], list_id: str, records: str) -> requests.Response:
    """ADD records."""
    data = {"operation_type": "ADD", "records": records}
    return requests.patch(f"{lists_url(program)}/{list_id}", json=data, headers=headers, timeout=10)


def members(program: SimulatorProcess, list_id: str) -> set[str]:
    """The digests in a list."""
    return {line.split()[1] for line in program.control(f"customer_lists/{list_id}/members").splitlines()}


def group_is_gone(group: int) -> bool:
    """Whether no process of the group is left."""
    with suppress(ProcessLookupError):
        os.killpg(group, 0)
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly_and_leaves_no_process(program: SimulatorProcess, number: int) -> None:
    assert program.process

    program.process.send_signal(number)

    assert program.process.wait(10) == 0
    assert group_is_gone(program.process.pid)


def test_everything_survives_a_restart(program: SimulatorProcess) -> None:
    headers = program.grant()
    list_id = new_list(program, headers, emails(120))
    program.control("clock", {"advance": 1000})

    program.stop()
    program.start()

    found = requests.get(f"{lists_url(program)}/{list_id}", headers=headers, timeout=10).json()
    assert (found["status"], found["num_uploaded_user_records"]) == ("READY", 120)
    assert len(members(program, list_id)) == 120
    assert program.control("state")["clock_offset"] == pytest.approx(1000, abs=1)


def test_what_was_answered_survives_kill_9(program: SimulatorProcess) -> None:
    headers = program.grant()
    list_id = new_list(program, headers, sha256("first"))
    answered: list[str] = [sha256("first")]
    sent = set(answered)

    def keep_adding(worker: int) -> None:
        for number in range(10_000):
            digest = sha256(f"{worker} {number}")
            sent.add(digest)
            try:
                add(program, headers, list_id, digest).raise_for_status()
            except requests.RequestException:
                return
            answered.append(digest)

    with ThreadPoolExecutor(4) as pool:
        for worker in range(4):
            pool.submit(keep_adding, worker)
        time.sleep(1)
        assert program.process
        os.killpg(program.process.pid, signal.SIGKILL)
    program.process.wait(10)
    program.start()

    found = members(program, list_id)
    assert len(answered) > 20
    assert set(answered) <= found <= sent
    assert add(program, headers, list_id, sha256("last")).status_code == 200
    assert members(program, list_id) == found | {sha256("last")}


def test_it_comes_back_after_its_parent_alone_was_killed(program: SimulatorProcess) -> None:
    headers = program.grant()
    assert program.process

    os.kill(program.process.pid, signal.SIGKILL)
    program.process.wait(10)
    program.start()

    assert requests.get(lists_url(program), headers=headers, timeout=10).status_code == 200


def test_parallel_calls_on_one_list_lose_nothing(program: SimulatorProcess) -> None:
    headers = program.grant()
    list_id = new_list(program, headers, sha256("first"))

    def add_some(number: int) -> int:
        records = ",".join(sha256(f"{number} {place}") for place in range(50))
        return add(program, headers, list_id, records).status_code

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(add_some, range(100)))

    found = requests.get(f"{lists_url(program)}/{list_id}", headers=headers, timeout=10).json()
    assert set(statuses) == {200}
    assert (found["num_batches"], found["num_uploaded_user_records"]) == (101, 5_001)
    assert len(members(program, list_id)) == 5_001


def test_faults_cut_real_connections(program: SimulatorProcess) -> None:
    headers = program.grant()
    list_id = new_list(program, headers, sha256("first"))
    for kind, expected in (
        ("drop_before", requests.ConnectionError),
        ("drop_after", requests.ConnectionError),
        ("truncated", requests.exceptions.ChunkedEncodingError),
    ):
        program.control("faults", {"kind": kind, "operation": "customer_lists/update"})
        with pytest.raises(expected):
            add(program, headers, list_id, sha256(kind))

    assert members(program, list_id) == {sha256("first"), sha256("drop_after"), sha256("truncated")}


def test_a_slow_answer_outlasts_the_client_s_patience(program: SimulatorProcess) -> None:
    headers = program.grant()
    program.control("faults", {"kind": "slow", "seconds": 3})

    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.get(lists_url(program), headers=headers, timeout=0.5)

    assert requests.get(lists_url(program), headers=headers, timeout=2).status_code == 200


def test_a_host_name_of_somebody_else_is_refused(program: SimulatorProcess) -> None:
    answer = requests.get(f"{program.url}/_simulator/state", headers={"Host": "evil.example"}, timeout=10)

    assert answer.status_code == 403


def test_bytes_that_are_no_http_do_not_stop_it(program: SimulatorProcess) -> None:
    with socket.create_connection(("127.0.0.1", program.port), timeout=5) as connection:
        connection.sendall(b"\x00\xff nonsense\r\n\r\n")
        connection.recv(100)

    assert requests.get(f"{program.url}/v5/%ff%00?page_size=%ff", timeout=10).status_code == 404


def test_a_second_simulator_cannot_use_the_same_folder(program: SimulatorProcess) -> None:
    code = "import sys; from pinconnect.simulator import __main__ as m; m.LOCK_WAIT_S = 0.2; m.main()"
    command = [sys.executable, "-c", code, "--data-dir", str(program.data_dir), "--port", str(free_port())]

    second = subprocess.run(command, capture_output=True, cwd=ROOT, check=False, timeout=30)

    assert second.returncode == 4
    assert b"Another simulator is using this data folder" in second.stderr
    assert program.control("state")["users"]


def test_state_of_another_version_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "state.sqlite3")) as old:
        old.execute("CREATE TABLE meta (key TEXT)")
    command = [sys.executable, "-m", "pinconnect.simulator", "--data-dir", str(tmp_path), "--port", str(free_port())]

    answer = subprocess.run(command, capture_output=True, cwd=ROOT, check=False, timeout=30)

    assert answer.returncode == 4
    assert b"written by another version" in answer.stderr
