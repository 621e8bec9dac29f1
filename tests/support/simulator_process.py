"""The simulator as a real program on a free port, for tests with real processes and real sockets."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 20.0


def free_port() -> int:
    """A port of this machine that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class SimulatorProcess:
    """A running program; url has no slash at its end."""

    data_dir: Path
    port: int = field(default_factory=free_port)
    arguments: tuple[str, ...] = ("--tier", "off")
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def api_url(self) -> str:
        """The API's base URL."""
        return f"{self.url}/v5"

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [sys.executable, "-m", "pinconnect.simulator", "--port", str(self.port)]
        command += ["--data-dir", str(self.data_dir), *self.arguments]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True)
        until = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < until:
            try:
                if requests.get(f"{self.url}/_simulator/settings", timeout=5).ok:
                    return
            except requests.ConnectionError:
                time.sleep(0.05)
            if self.process.poll() is not None:
                break
        raise RuntimeError("The simulator did not start.")

    def stop(self) -> int:
        """SIGTERM; returns the exit status."""
        assert self.process
        self.process.terminate()
        return self.process.wait(15)

    def control(self, path: str, json_body: Any = None, *, method: str | None = None) -> Any:
        """Work a control below /_simulator/: POST with a body, else GET."""
        name = method or ("GET" if json_body is None else "POST")
        answer = requests.request(name, f"{self.url}/_simulator/{path}", json=json_body, timeout=120)
        answer.raise_for_status()
        return answer.json() if "json" in answer.headers["content-type"] else answer.text

    def grant(self, user: str = "bob") -> dict[str, str]:
        """Headers with a fresh token of the user."""
        return {"Authorization": f"Bearer {self.control('grants', {'user': user})['access_token']}"}


@contextmanager
def running_simulator(data_dir: Path, *arguments: str) -> Iterator[SimulatorProcess]:
    """The program with its state in data_dir; it is stopped at the end."""
    running = SimulatorProcess(data_dir, arguments=arguments or ("--tier", "off"))
    running.start()
    try:
        yield running
    finally:
        if running.process and running.process.poll() is None:
            running.stop()
