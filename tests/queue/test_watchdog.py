"""A cluster that hangs is told from one that works."""

import os
import subprocess
import sys

import pytest

from pinconnect.queue.watchdog import Patience, Pulse

PATIENCE = Patience(starting_s=100, idle_s=30, partly_busy_s=600, guard_s=90, over_timeout_s=60)


def living(workers: int = 2) -> Pulse:
    pulse = Pulse(workers, now=0, patience=PATIENCE)
    pulse.hear("guard", now=1)
    pulse.hear("canary", now=1)
    return pulse


def trouble_over(pulse: Pulse, until: int, *, start: int = 1, guard: bool = True) -> tuple[str | None, int]:
    """The first trouble, and when, if the cluster says nothing but that its guard lives."""
    for now in range(start, until):
        if guard:
            pulse.hear("guard", now)
        if trouble := pulse.trouble(now):
            return trouble, now
    return None, until


def busy_process() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])


def test_a_cluster_that_answers_is_left_alone() -> None:
    pulse = living()

    for now in range(1, 200, 5):
        pulse.hear("guard", now)
        pulse.hear("canary", now)
        assert pulse.trouble(now) is None
        assert pulse.is_well(now)


def test_an_idle_cluster_without_canaries_hangs() -> None:
    assert trouble_over(living(), 200) == ("its tasks do not come through", 32)


def test_a_fully_busy_cluster_is_left_alone_until_its_tasks_are_over_time() -> None:
    pulse = living(workers=1)
    pulse.hear(f"busy {os.getpid()} 300", now=5)

    assert trouble_over(pulse, 360) == (None, 360)
    assert trouble_over(pulse, 500, start=360) == ("its tasks do not come through", 395)


def test_a_worker_that_was_killed_does_not_count_as_busy() -> None:
    process = busy_process()
    pulse = living(workers=1)
    pulse.hear(f"busy {process.pid} 300", now=5)
    process.kill()
    process.wait()

    assert trouble_over(pulse, 200) == ("its tasks do not come through", 32)


def test_after_work_the_canary_has_its_full_time_again() -> None:
    pulse = living(workers=1)
    pulse.hear(f"busy {os.getpid()} 300", now=5)
    trouble_over(pulse, 100)
    pulse.hear(f"idle {os.getpid()}", now=100)

    assert trouble_over(pulse, 300, start=100) == ("its tasks do not come through", 130)


def test_a_partly_busy_cluster_is_given_long_before_its_work_is_thrown_away() -> None:
    pulse = living(workers=2)
    pulse.hear(f"busy {os.getpid()} 30000", now=5)

    assert trouble_over(pulse, 900) == ("its tasks do not come through", 602)


def test_a_silent_guard_is_trouble() -> None:
    pulse = living()

    for now in range(1, 150, 3):
        pulse.hear("canary", now)
        trouble = pulse.trouble(now)
        if trouble:
            break
    assert (trouble, now) == ("its guard is silent", 94)


@pytest.mark.parametrize("said", [[], ["guard"]], ids=["nothing", "no canary"])
def test_a_cluster_that_does_not_get_going_is_given_up(said: list[str]) -> None:
    pulse = Pulse(2, now=0, patience=PATIENCE)
    for line in said:
        pulse.hear(line, now=1)

    assert trouble_over(pulse, 200, guard=bool(said)) == ("it did not start", 101)
    assert not pulse.is_well(101)


def test_time_in_which_the_host_stood_still_does_not_count() -> None:
    pulse = living()
    pulse.trouble(now=2)

    assert pulse.trouble(now=5_000) is None
    assert trouble_over(pulse, 5_200, start=5_000) == ("its tasks do not come through", 5_030)


def test_a_line_that_makes_no_sense_is_passed_over() -> None:
    pulse = living()

    for line in ("", "busy", "idle 1 2", "something else"):
        pulse.hear(line, now=2)

    assert pulse.trouble(now=3) is None
