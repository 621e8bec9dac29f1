"""Leases of dead processes are given back at once, and nobody else's."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from pinconnect.queue import holders, leases, reports
from pinconnect.queue.models import Reconciler

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux says when a process began"),
]


@pytest.fixture
def other() -> Iterator["subprocess.Popen[bytes]"]:
    """Another process of this host."""
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait()


def token_of(process: "subprocess.Popen[bytes]", *, host: str = "", started: int = 0) -> str:
    """As the process would have made it."""
    host = host or holders.new_token().split(".")[0]
    return f"{host}.{process.pid:x}.{started or holders._started_at(process.pid):x}.{'0' * 12}"


def held_by(token: str, name: str = "row") -> Reconciler:
    now = timezone.now()
    return Reconciler.objects.create(name=name, due_at=now, lease_token=token, lease_until=now + timedelta(seconds=60))


def is_held(row: Reconciler) -> bool:
    row.refresh_from_db()
    assert row.lease_until
    return row.lease_until > timezone.now()


def test_tokens_fit_their_column_and_are_never_the_same() -> None:
    found = {holders.new_token() for _ in range(1_000)}
    # The largest number of a process, after three years.
    longest = f"{'f' * 8}.{4_194_304:x}.{10_000_000_000:x}.{'f' * 12}"

    assert len(found) == 1_000
    assert len(longest) <= 40
    assert max(map(len, found)) <= 40


def test_who_lives_keeps_the_lease(other: Any) -> None:
    mine, others = held_by(holders.new_token(), "mine"), held_by(token_of(other), "others")
    other.send_signal(signal.SIGSTOP)

    holders.release_dead()

    assert is_held(mine)
    assert is_held(others), "frozen is not dead"


def test_who_was_killed_loses_it_at_once(other: Any) -> None:
    row = held_by(token_of(other))
    other.kill()
    other.wait()

    assert holders.release_dead() == 1

    assert not is_held(row)
    assert leases.claim(Reconciler.objects.all(), pk=row.pk, lease_s=60)
    assert holders.release_dead() == 0


def test_a_zombie_is_dead(other: Any) -> None:
    row = held_by(token_of(other))
    other.kill()
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)

    holders.release_dead()

    assert not is_held(row)


def test_another_process_with_the_same_number_is_not_the_holder(other: Any) -> None:
    row = held_by(token_of(other, started=12345))

    holders.release_dead()

    assert not is_held(row)


@pytest.mark.parametrize("token", ["0123456789abcdef0123456789abcdef", "", "a.b.c.d", "1.2.3"])
def test_what_names_no_process_runs_out_by_itself(token: str) -> None:
    row = held_by(token)

    holders.release_dead()

    assert is_held(row)


def test_hosts_leave_each_others_leases_alone(other: Any) -> None:
    row = held_by(token_of(other, host="00000000"))
    other.kill()
    other.wait()

    holders.release_dead()

    assert is_held(row)


@pytest.mark.parametrize("is_named", [True, False])
def test_a_proc_of_other_processes_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_named: bool
) -> None:
    number = os.getpid() if is_named else os.getpid() + 1
    boot = tmp_path / "sys" / "kernel" / "random"
    for folder in (boot, tmp_path / str(number) / "ns"):
        folder.mkdir(parents=True)
    (boot / "boot_id").write_text("one")
    (tmp_path / str(number) / "ns" / "pid").touch()
    (tmp_path / "self").symlink_to(str(number))
    monkeypatch.setattr(holders, "_PROC", tmp_path)

    assert bool(holders._key_of.__wrapped__("here")) is is_named


def test_two_hosts_on_one_machine_are_two(settings: Any) -> None:
    here = holders._host()
    settings.HOST_NAME = "another"

    there = holders._host()

    assert len(here) == len(there) == 8
    assert here != there


def test_only_the_dead_ones_lease_is_taken_and_not_that_of_who_came_after(other: Any, monkeypatch: Any) -> None:
    row = held_by(token_of(other))
    other.kill()
    other.wait()
    seen = holders.is_of_the_dead

    def overtaken(token: str) -> bool:
        Reconciler.objects.filter(pk=row.pk).update(lease_token="somebody-else")
        return seen(token)

    monkeypatch.setattr(holders, "is_of_the_dead", overtaken)

    assert holders.release_dead() == 0
    assert is_held(row)


def test_whoever_gave_out_the_work_is_told(other: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    monkeypatch.setattr(holders, "_watched", {})
    holders.watch(Reconciler, told.extend)
    row = held_by(token_of(other))
    other.kill()
    other.wait()

    holders.release_dead()

    assert told == [row.pk]


def test_what_a_failed_task_left_behind_is_given_back_when_the_database_is_there_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = held_by(holders.new_token())
    release = holders.release_own
    monkeypatch.setattr(holders, "release_own", unusable_database)
    reports._on_end(task={"success": False, "result": "OperationalError"})
    assert is_held(row)

    monkeypatch.setattr(holders, "release_own", release)
    reports._on_begin()

    assert not is_held(row)


def test_a_task_that_ended_well_gives_nothing_back() -> None:
    row = held_by(holders.new_token())

    reports._on_end(task={"success": True, "result": 1})
    reports._on_begin()

    assert is_held(row)


def unusable_database() -> int:
    raise OperationalError("the connection is closed")
