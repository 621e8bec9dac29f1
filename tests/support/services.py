"""Real PostgreSQL and Redis, and stand-ins for Amazon SQS and S3, started by the tests that need them."""

import logging
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.support.installation import Installation
from tests.support.processes import wait_until
from tests.support.stack import free_port
from tests.support.templates import template

_DATABASE = "pinconnect"
_POSTGRES_FOLDERS = ("usr/lib/postgresql/*/bin", "usr/local/opt/postgresql*/bin", "opt/homebrew/opt/postgresql*/bin")


@dataclass
class Server:
    """A running service: the address that settings want, how to start it, and its process."""

    url: str
    port: int
    folder: Path
    command: Sequence[object]
    answers: Callable[[], bool]
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def log(self) -> str:
        """What it printed over all starts."""
        return (self.folder / "log").read_text(errors="replace")

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            words = [str(word) for word in self.command]
            process = self.process = subprocess.Popen(words, cwd="/", stdout=log, stderr=log, start_new_session=True)
        wait_until(lambda: process.poll() is not None or self.answers(), 60)
        assert process.poll() is None, f"{words[0]} did not start:\n{self.log}"
        assert self.answers(), f"{words[0]} does not answer:\n{self.log}"

    def stop(self, number: int = signal.SIGQUIT) -> None:
        """A signal to all of it; SIGQUIT is what PostgreSQL calls an immediate shutdown, and the end of Redis."""
        assert self.process
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)
        wait_until(lambda: not _is_any_left(self.process), 10)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def restart(self, *, down_s: float = 0.0) -> None:
        """Cut it off without a word to whoever is connected, and start it again after so long."""
        self.stop()
        time.sleep(down_s)
        self.start()


@contextmanager
def postgres(*, with_tables: bool = False) -> Iterator[Server]:
    """PostgreSQL with one database, in a temporary folder, without the waits that keep data over a power cut.

    What was committed outlives a restart all the same: the operating system has it. with_tables: all of them, empty.
    """
    programs = _postgres_programs()
    folder = Path(tempfile.mkdtemp(prefix="pinconnect-postgres-"))
    # PostgreSQL refuses to run as root, so root lends the folder to the user that Debian's package has made.
    run_as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if run_as:
        shutil.chown(folder, "postgres")
    port = free_port()
    address = ["-h", "127.0.0.1", "-p", str(port), "-U", "postgres"]
    options = ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "listen_addresses=127.0.0.1"]
    options += ["-c", f"unix_socket_directories={folder}"]
    ready = [programs / "pg_isready", "-q", *address]
    server = Server(
        f"postgres://postgres@127.0.0.1:{port}/{_DATABASE}",
        port,
        folder,
        [*run_as, programs / "postgres", "-D", folder / "data", "-p", str(port), *options],
        lambda: subprocess.run(ready, check=False).returncode == 0,
    )
    try:
        if with_tables and (tables := template("postgres", _make_tables)):
            shutil.copytree(tables, folder / "data")
            if run_as:
                _call(["chown", "-R", "postgres", folder / "data"], folder)
            with _running(server):
                yield server
            return
        _call([*run_as, programs / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-N"], folder)
        with _running(server):
            _call([programs / "createdb", *address, _DATABASE], folder)
            if with_tables:
                Installation(folder / "maker", {"DATABASE_URL": server.url}).make_database()
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make_tables(folder: Path) -> None:
    """The data of a server that was stopped in good order."""
    with postgres() as server:
        Installation(server.folder / "maker", {"DATABASE_URL": server.url}).make_database()
        server.stop(signal.SIGINT)
        assert not (server.folder / "data" / "postmaster.pid").exists(), f"It did not shut down:\n{server.log}"
        shutil.copytree(server.folder / "data", folder)


@contextmanager
def redis() -> Iterator[Server]:
    """Redis without anything on disk: whatever it holds is gone when it is restarted."""
    program = shutil.which("redis-server") or pytest.fail("redis-server is missing: apt-get install redis-server")
    folder = Path(tempfile.mkdtemp(prefix="pinconnect-redis-"))
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
    ping = [shutil.which("redis-cli") or "redis-cli", "-p", str(port), "ping"]
    server = Server(
        f"redis://127.0.0.1:{port}/0",
        port,
        folder,
        [program, *options],
        lambda: b"PONG" in subprocess.run(ping, capture_output=True, check=False).stdout,
    )
    try:
        with _running(server):
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def aws(port: int = 0) -> Iterator[str]:
    """Amazon's S3 and SQS as moto pretends them, with empty state; gives the endpoint's address."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        requests.post(f"http://{host}:{port}/moto-api/reset", timeout=30).raise_for_status()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


# What boto3 needs in the environment to talk to the stand-in.
AWS_SETTINGS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
}


def _postgres_programs() -> Path:
    """The newest installed PostgreSQL's folder of programs; Debian does not put it on the PATH."""
    found = sorted(path for pattern in _POSTGRES_FOLDERS for path in Path("/").glob(f"{pattern}/initdb"))
    initdb = found[-1] if found else shutil.which("initdb")
    return Path(initdb).parent if initdb else pytest.fail("PostgreSQL is missing: apt-get install postgresql")


@contextmanager
def _running(server: Server) -> Iterator[None]:
    server.start()
    try:
        yield
    finally:
        # Nothing of a test is worth keeping.
        server.stop()


def _is_any_left(process: "subprocess.Popen[bytes]") -> bool:
    """Whether anything of its process group lives."""
    process.poll()
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    return True


def _call(command: Sequence[object], folder: Path) -> None:
    done = subprocess.run([str(word) for word in command], cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr + str(folder)
