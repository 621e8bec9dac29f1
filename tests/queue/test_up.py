"""`up` starts everything in the foreground, and leaves nothing behind however it ends."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.fernet import Fernet
from django.core.management import get_commands

from pinconnect.queue import launching
from pinconnect.queue.management.commands import up
from tests.support import processes
from tests.support.installation import Installation
from tests.support.stack import Stack, end, free_port

pytestmark = pytest.mark.slow


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """Not a demo, so that the start is quick: the journey through the demo is tested in the browser."""
    port = free_port()
    production = {
        "DEMO": "false",
        "SECRET_KEY": "k" * 50,
        "FIELD_KEYS": Fernet.generate_key().decode(),
        "BASE_URL": f"http://localhost:{port}",
        "EMAIL_URL": "consolemail://",
    }
    made = Stack(tmp_path / "data", production, port=port)
    made.installation.make_database()
    yield made
    end(made)


def test_it_serves_pages_runs_tasks_refuses_a_second_start_and_stops_on_ctrl_c(stack: Stack) -> None:
    stack.start()
    stack.installation.hint("note", 1)

    with pytest.raises(AssertionError, match=r"PinConnect is already running on .*data\. Stop that one first"):
        stack.installation.manage("up")

    assert requests.get(f"{stack.url}/healthz", timeout=5).status_code == 200
    assert processes.wait_until(lambda: (stack.installation.notes / "1").exists())
    assert f"PinConnect is running:  {stack.url}" in stack.log
    assert stack.stop(signal.SIGINT) == 0
    assert processes.all_of(stack.data_dir) == []


def test_it_gets_over_kills_of_its_parts_and_of_itself(stack: Stack) -> None:
    stack.start()
    os.kill(processes.the_one("gunicorn", stack.data_dir).pid, signal.SIGKILL)
    assert processes.wait_until(lambda: "web ended with status -9 and is started again in 1 s" in stack.log)
    stack.kill_worker()
    assert processes.wait_until(lambda: launching.answers("127.0.0.1", stack.port, "/healthz"))

    assert stack.process
    os.killpg(stack.process.pid, signal.SIGKILL)
    assert processes.none_left(stack.data_dir, within_s=5)

    stack.start()
    assert stack.stop() == 0
    assert processes.all_of(stack.data_dir) == []


def test_it_names_the_command_that_makes_the_first_admin(settings: Any) -> None:
    settings.DEMO = False

    said = up._welcome()

    command = said.partition("python manage.py ")[2].split()[0]
    assert command == "create_admin"
    assert get_commands()[command] == "pinconnect.workspaces"


def test_a_taken_port_is_named_with_its_setting(stack: Stack) -> None:
    with socket.create_server(("127.0.0.1", stack.port)):
        with pytest.raises(AssertionError, match=f"Port {stack.port} is taken by another program.* PORT=") as refusal:
            stack.installation.manage("up")
        assert "Traceback" not in str(refusal.value)


def test_a_missing_secret_is_a_sentence(stack: Stack) -> None:
    without_key = Installation(stack.data_dir, {**stack.settings, "SECRET_KEY": ""})

    with pytest.raises(AssertionError, match=r"^PinConnect cannot start. SECRET_KEY is missing. Set it") as refusal:
        without_key.manage("up")

    assert "Traceback" not in str(refusal.value)


def test_sigterm_while_it_starts_leaves_nothing(stack: Stack) -> None:
    with (stack.data_dir / "up.log").open("w") as log:
        stack.process = subprocess.Popen(
            stack.command, env=stack.installation.environment, stdout=log, stderr=log, start_new_session=True
        )
    assert processes.wait_until(lambda: any("gunicorn" in found.command for found in processes.all_of(stack.data_dir)))

    assert stack.stop() == 0

    assert processes.all_of(stack.data_dir) == []
    assert "PinConnect is running:" not in stack.log
