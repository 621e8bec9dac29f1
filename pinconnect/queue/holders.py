"""Whose lease it is, and giving back at once the leases of processes of this host that are dead.

A lease token names the process that took it, so that its host need not wait until the lease of a killed process has run
out. Only a process that the kernel says is gone is taken for dead: one that is frozen or slow keeps its leases, and so
does everybody on another host, whose processes cannot be seen from here.
"""

import functools
import hashlib
import logging
import os
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

logger = logging.getLogger(__name__)

_PROC = Path("/proc")
_RANDOM_BYTES = 6


@dataclass(frozen=True)
class Watched:
    """A model with leases, and what to do once some of its rows were given back (their ids)."""

    model: type[models.Model]
    freed: Callable[[Sequence[int]], Any]


_watched: dict[str, Watched] = {}
_hint_again: list[Callable[[], Any]] = []


def watch(model: type[models.Model], freed: Callable[[Sequence[int]], Any]) -> None:
    """Give back the leases on this model when their holders die. Call it from an app's ready().

    Only for work that may be repeated at once: whatever the dead asked of others may still be under way.
    """
    _watched[model._meta.label] = Watched(model, freed)


def when_hints_are_lost(function: Callable[[], Any]) -> None:
    """Have a function called after a cluster of this host was killed: hints that it had taken may be gone with it."""
    if function not in _hint_again:
        _hint_again.append(function)


def note_lost_hints() -> None:
    for function in _hint_again:
        function()


def new_token() -> str:
    """A token that nobody else has, of at most 40 characters: HOST.PID.START.RANDOM; only RANDOM without /proc."""
    me = os.getpid()
    host, start = _host(), _started_at(me)
    chance = secrets.token_hex(_RANDOM_BYTES)
    return f"{host}.{me:x}.{start:x}.{chance}" if host and start else secrets.token_hex(16)


def is_of_the_dead(token: str) -> bool:
    """Whether a process of this host took the lease and is gone for certain."""
    try:
        host, pid_text, start_text, _ = token.split(".")
        pid, start = int(pid_text, 16), int(start_text, 16)
    except ValueError:
        return False
    if not host or host != _host():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    # Another process may have got the number since; a zombie will do nothing any more.
    now = _stat(pid)
    return now is not None and (now[1] != start or now[0] in "ZX")


def release_own() -> int:
    """Give back whatever this process still holds: a task of it ended in an error and let go of nothing."""
    mine = new_token().rpartition(".")[0]
    return _release(lambda token: bool(mine) and token.startswith(f"{mine}."), "a failed task")


def release_dead() -> int:
    """Let the leases run out now whose holders on this host are dead; returns how many."""
    return _release(is_of_the_dead, "killed processes")


def _release(is_over: Callable[[str], bool], whose: str) -> int:
    return sum(_release_of(watched, is_over, whose) for watched in _watched.values())


def _release_of(watched: Watched, is_over: Callable[[str], bool], whose: str) -> int:
    now = timezone.now()
    rows = watched.model._base_manager
    held = rows.filter(lease_until__gt=now).values_list("pk", "lease_token")
    over = [(pk, token) for pk, token in held if is_over(token)]
    # The token stays: it belongs to nobody now, and whoever comes next overwrites it.
    freed = [pk for pk, token in over if rows.filter(pk=pk, lease_token=token).update(lease_until=now)]
    if freed:
        logger.info("%s of %s: %s can go on.", watched.model._meta.verbose_name, whose, len(freed))
        watched.freed(freed)
    return len(freed)


def _host() -> str:
    return _key_of(settings.HOST_NAME)


@functools.cache
def _key_of(name: str) -> str:
    """This host, as far as its processes see each other; empty where that cannot be told (it takes Linux's /proc).

    Containers may share a host's name or its boot, but not both the name and the numbers of their processes. Where
    /proc shows the processes of another container, numbers mean others there, and nobody may be taken for dead.
    """
    with suppress(OSError):
        if (_PROC / "self").readlink().name != str(os.getpid()):
            return ""
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        seen = (_PROC / "self/ns/pid").stat().st_ino
        return hashlib.sha256(f"{name}|{boot}|{seen}".encode()).hexdigest()[:8]
    return ""


def _started_at(pid: int) -> int:
    """When the process began, in the kernel's ticks since the host did; 0 where that cannot be told."""
    found = _stat(pid)
    return found[1] if found else 0


def _stat(pid: int) -> tuple[str, int] | None:
    """State and start of a process. What comes before the last bracket is a name, in which anything may stand."""
    try:
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        return fields[0], int(fields[19])
    except (OSError, ValueError, IndexError):
        return None
