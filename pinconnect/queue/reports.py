"""What the processes of a cluster tell their supervisor, through a pipe that all of them inherit.

One line each: `guard`, `canary`, `busy PID SECONDS`, `idle PID`. A line is written in one piece and never waits.
"""

import logging
import os
from typing import Any

from django.db import Error, close_old_connections
from django_q import signals
from django_q.conf import Conf

from pinconnect.lib.redact import redact
from pinconnect.queue import holders

logger = logging.getLogger(__name__)

CANARY = "pinconnect.queue.reports.canary"
_pipe: int | None = None
_holds_something = False


def send_to(descriptor: int) -> None:
    """Write reports to this pipe from now on; children that are forked later inherit it."""
    global _pipe
    os.set_blocking(descriptor, False)
    _pipe = descriptor


def is_supervised() -> bool:
    return _pipe is not None


def report(line: str) -> None:
    if _pipe is None:
        return
    try:
        os.write(_pipe, f"{line}\n".encode())
    except BlockingIOError:
        # The supervisor is behind by thousands of lines; the next report says all that this one would have.
        return
    except OSError:
        logger.debug("The supervisor is gone.")


def canary() -> None:
    """The task that proves a cluster alive by coming out at its other end."""


def connect() -> None:
    """Listen to what django-q2 does in workers (execute) and in the monitor (results)."""
    signals.pre_execute.connect(_on_begin, dispatch_uid="queue.begin")
    signals.post_execute_in_worker.connect(_on_end, dispatch_uid="queue.end")
    signals.post_execute.connect(_on_result, dispatch_uid="queue.result")


def _on_begin(**_: Any) -> None:
    report(f"busy {os.getpid()} {Conf.TIMEOUT}")
    if _holds_something:
        _let_go()


def _on_end(task: dict[str, Any], **_: Any) -> None:
    # The result of a failed task is its traceback. It is kept and logged, so nothing personal may be left in it.
    if not task.get("success") and isinstance(task.get("result"), str):
        task["result"] = redact(task["result"])
    if not task.get("success"):
        _let_go()
    report(f"idle {os.getpid()}")


def _let_go() -> None:
    """A task that broke off still holds its row; without a database that is put right before the next task."""
    global _holds_something
    try:
        close_old_connections()
        holders.release_own()
    except Error as error:
        logger.warning("What a failed task held cannot be given back yet (%s).", type(error).__name__)
        _holds_something = True
    else:
        _holds_something = False


def _on_result(task: dict[str, Any], **_: Any) -> None:
    if task.get("func") == CANARY:
        report("canary")
