"""Start the simulator: python -m pinconnect.simulator --port 8001 --data-dir DIR."""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]

from pinconnect.simulator.app import Simulator
from pinconnect.simulator.store import OtherVersionError
from pinconnect.simulator.world import Config
from pinconnect.simulator.wsgi import application

THREADS = 32
LOCK_WAIT_S = 10.0
PR_SET_PDEATHSIG = 1


class FolderInUseError(Exception):
    """Another simulator holds the lock of the data folder."""


class Server(BaseApplication):
    """gunicorn with one worker process of many threads: the locks of the state hold within one process."""

    def __init__(self, config: Config, host: str, port: int, *, access_log: bool) -> None:
        self._config = config
        self._lock: Any = None
        shown_host = f"[{host}]" if ":" in host else host
        self._options = {
            "bind": [f"{shown_host}:{port}"],
            "worker_class": "gthread",
            "workers": 1,
            "threads": THREADS,
            "timeout": 0,
            "graceful_timeout": 3,
            "keepalive": 30,
            "control_socket_disable": True,
            "loglevel": "warning",
            "accesslog": "-" if access_log else None,
            "proc_name": "pinterest-simulator",
        }
        super().__init__()

    def load_config(self) -> None:
        """Hand our settings to gunicorn, which then reads no file and no environment."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Open the state in the worker, once no other simulator uses it."""
        die_with_parent()
        try:
            self._lock = lock(self._config.data_dir)
            return application(Simulator(self._config))
        except (FolderInUseError, OtherVersionError) as error:
            # The status tells gunicorn not to start another worker.
            print(error, file=sys.stderr, flush=True)  # noqa: T201
            sys.exit(Arbiter.APP_LOAD_ERROR)


def die_with_parent() -> None:
    """On Linux, have the kernel kill this process when its parent is killed, so that the port is free at once."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def lock(data_dir: Path) -> Any:
    """The lock of the data folder; a worker that was orphaned by kill -9 gets some seconds to let go."""
    data_dir.mkdir(parents=True, exist_ok=True)
    file = (data_dir / "lock").open("w")
    until = time.monotonic() + LOCK_WAIT_S
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() > until:
                text = "Another simulator is using this data folder. Stop it, or choose another --data-dir."
                raise FolderInUseError(text) from None
            time.sleep(0.1)
        else:
            return file


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    default = Config(Path())
    parser = argparse.ArgumentParser(prog="python -m pinconnect.simulator", description="A pretend Pinterest.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--data-dir", type=Path, required=True, help="where its state is kept")
    parser.add_argument("--app-id", default=default.app_id)
    parser.add_argument("--app-secret", default=default.app_secret)
    parser.add_argument("--redirect-uri", action="append", default=[], help="a registered redirect URI; repeatable")
    parser.add_argument("--allow-host", action="append", default=[], help="a further Host name to answer to")
    parser.add_argument("--ready-delay", type=float, help="seconds until a list or audience has been matched")
    parser.add_argument("--tier", choices=("standard", "trial", "off"), help="which rate limits hold")
    parser.add_argument("--access-log", action="store_true", help="print each request")
    return parser.parse_args(arguments)


def config_from(options: argparse.Namespace) -> Config:
    """The configuration that the command line asks for."""
    default = Config(Path())
    initial = {"ready_delay_s": options.ready_delay, "tier": options.tier}
    return Config(
        data_dir=options.data_dir.resolve(),
        app_id=options.app_id,
        app_secret=options.app_secret,
        redirect_uris=tuple(options.redirect_uri) or default.redirect_uris,
        allowed_hosts=tuple(options.allow_host),
        initial={name: value for name, value in initial.items() if value is not None},
    )


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    options = parse()
    print(f"Pinterest simulator on http://{options.host}:{options.port}/_simulator/", flush=True)  # noqa: T201
    Server(config_from(options), options.host, options.port, access_log=options.access_log).run()


if __name__ == "__main__":
    main()
