"""What `up` does before and while it runs the programs: lock, ports, database, and asking whether they answer."""

import errno
import fcntl
import http.client
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO

from django.conf import settings
from django.core.checks import Tags, run_checks
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError, connections

from pinconnect.queue import starting
from pinconnect.queue.hints import CLUSTERS
from pinconnect.queue.models import WorkerBeat

# After a kill -9 it takes some seconds until the last program of the killed start has let go of its port.
_PORT_WAIT_S = 8.0


@contextmanager
def only_one(data_dir: Path) -> Iterator[bool]:
    """Hold the data folder for this start; gives whether the start before was cut off without an end.

    Raises CommandError when another start holds the folder.
    """
    # Nobody else on this machine may read what people upload, or the sessions in the database.
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (data_dir / "up.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(
                f"PinConnect is already running on {data_dir}. Stop that one first, "
                "or give this one a folder of its own with DATA_DIR (and a PORT and SIMULATOR_PORT)."
            ) from None
        file.seek(0)
        was_cut_off = bool(file.read())
        file.write("running\n")
        file.flush()
        try:
            yield was_cut_off
        finally:
            file.truncate(0)


def refuse_taken_port(setting: str, host: str, port: int, *, was_cut_off: bool) -> None:
    """Raises CommandError when another program listens on the port."""
    end = time.monotonic() + (_PORT_WAIT_S if was_cut_off else 0.0)
    while not _is_free(host, port):
        if time.monotonic() > end:
            raise CommandError(
                f"Port {port} is taken by another program. Stop it, or choose another port with {setting}: "
                f"for example {setting}={port + 10} make run"
            )
        time.sleep(0.2)


def _is_free(host: str, port: int) -> bool:
    """Whether we can listen there, and nobody answers on the other localhost, where browsers look as well."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError as error:
            raise CommandError(f"This user may not listen on port {port}. Choose one above 1024.") from error
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise CommandError(f"LISTEN_HOST is {host}, and this machine cannot listen there.") from error
    with socket.socket(socket.AF_INET6) as other, suppress(OSError):
        other.settimeout(0.5)
        return other.connect_ex(("::1", port)) != 0
    return True


def prepare(say: Callable[[str], None]) -> None:
    """Bring database, static files and demo data up to date. Every step may be repeated and interrupted."""
    for found in run_checks(tags=[Tags.security]):
        say(f"{found.msg} {found.hint or ''}".strip())
    say("Bringing the database up to date.")
    try:
        call_command("migrate", run_syncdb=True, interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
    except OperationalError as error:
        raise CommandError(starting.unreachable(error)) from error
    with _static_files() as folder:
        fcntl.flock(folder, fcntl.LOCK_EX)
        call_command("collectstatic", interactive=False, verbosity=0)
    if settings.DEMO:
        say("Looking after the demo data.")
        call_command("demo")
    starting.refuse_forbidden_contents()
    connections.close_all()


@contextmanager
def _static_files() -> Iterator[int]:
    """The folder of static files, which several starts from one clone share."""
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(settings.STATIC_ROOT, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def answers(host: str, port: int, path: str) -> bool:
    """Whether a web server answers there without an error of its own."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", path, headers={"Host": f"localhost:{port}"})
        return connection.getresponse().status < http.client.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def worker_runs(since: datetime) -> bool:
    """Whether both clusters of this host have run a task since then."""
    try:
        beats = WorkerBeat.objects.filter(host=settings.HOST_NAME, seen_at__gte=since)
        return beats.values("cluster").distinct().count() >= len(CLUSTERS)
    except OperationalError:
        return False
    finally:
        connections.close_all()


class Printer:
    """Writes whole lines from several threads, each with the name of its program before it."""

    _COLOURS = {"web": 36, "worker": 33, "simulator": 35}

    def __init__(self, stream: IO[str], *, width: int = 9) -> None:
        self._stream, self._width = stream, width
        self._coloured = stream.isatty()

    def line(self, name: str, text: str) -> None:
        label = name.ljust(self._width)
        if self._coloured:
            label = f"\x1b[{self._COLOURS.get(name, 32)}m{label}\x1b[0m"
        self.write(f"{label} | {text}\n")

    def write(self, text: str) -> None:
        # Whoever read our output may be gone; that is no reason to leave programs running unattended.
        with suppress(OSError, ValueError):
            self._stream.write(text)
            self._stream.flush()
