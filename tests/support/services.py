"""Real PostgreSQL and Redis, and stand-ins for Amazon SQS and S3, started by the tests that need them."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.processes import wait_until
from tests.support.stack import free_port

_POSTGRES_FOLDERS = ("usr/lib/postgresql/*/bin", "usr/local/opt/postgresql*/bin", "opt/homebrew/opt/postgresql*/bin")


@dataclass(frozen=True)
class Server:
    """A running service: the address that settings want, and its process."""

    url: str
    port: int
    process: "subprocess.Popen[bytes]"


@contextmanager
def postgres(database: str = "pinconnect") -> Iterator[Server]:
    """PostgreSQL with one empty database, in a temporary folder, without the waits that keep data over a power cut."""
    programs = _postgres_programs()
    folder = Path(tempfile.mkdtemp(prefix="pinconnect-postgres-"))
    # PostgreSQL refuses to run as root, so root lends the folder to the user that Debian's package has made.
    run_as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if run_as:
        shutil.chown(folder, "postgres")
    port = free_port()
    try:
        _call([*run_as, programs / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-N"], folder)
        options = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
        options += ["-c", f"unix_socket_directories={folder}", "-c", "listen_addresses=127.0.0.1"]
        server = [*run_as, programs / "postgres", "-D", folder / "data", "-p", str(port), *options]
        with _running(server, folder) as process:
            address = ["-h", "127.0.0.1", "-p", str(port), "-U", "postgres"]
            ready = [programs / "pg_isready", "-q", *address]
            _wait_for(lambda: subprocess.run(ready, check=False).returncode == 0, process, "PostgreSQL", folder)
            _call([programs / "createdb", *address, database], folder)
            yield Server(f"postgres://postgres@127.0.0.1:{port}/{database}", port, process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def redis() -> Iterator[Server]:
    """Redis without anything on disk."""
    program = shutil.which("redis-server") or pytest.fail("redis-server is missing: apt-get install redis-server")
    folder = Path(tempfile.mkdtemp(prefix="pinconnect-redis-"))
    port = free_port()
    try:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
        with _running([program, *options], folder) as process:
            ping = [shutil.which("redis-cli") or "redis-cli", "-p", str(port), "ping"]
            _wait_for(lambda: b"PONG" in subprocess.run(ping, capture_output=True).stdout, process, "Redis", folder)
            yield Server(f"redis://127.0.0.1:{port}/0", port, process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def aws() -> Iterator[str]:
    """Amazon's S3 and SQS as moto pretends them, with empty state; gives the endpoint's address."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
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
def _running(command: Sequence[object], folder: Path) -> "Iterator[subprocess.Popen[bytes]]":
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(word) for word in command], cwd="/", stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield process
    finally:
        # Immediate shutdown: nothing of a test is worth keeping.
        os.killpg(process.pid, signal.SIGQUIT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _call(command: Sequence[object], folder: Path) -> None:
    done = subprocess.run([str(word) for word in command], cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr + str(folder)


def _wait_for(ready: Callable[[], bool], process: "subprocess.Popen[bytes]", name: str, folder: Path) -> None:
    wait_until(lambda: process.poll() is not None or ready(), 30)
    assert process.poll() is None, f"{name} did not start:\n{(folder / 'log').read_text(errors='replace')}"
