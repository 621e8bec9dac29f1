"""Programs end with the one that started them, also where the kernel does not see to it."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from pinconnect.queue import processes
from pinconnect.queue.processes import Backoff, Child, Program, stop_all
from tests.support.processes import wait_until

SLEEP = (sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)")
STUBBORN = (sys.executable, "-c", textwrap.dedent("""
    import signal, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("up", flush=True)
    time.sleep(60)
"""))  # fmt: skip
WITH_OWN_CHILD = (sys.executable, "-c", textwrap.dedent("""
    import subprocess, sys, time
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    print(child.pid, flush=True)
    time.sleep(60)
"""))  # fmt: skip


def is_alive(pid: int) -> bool:
    """Zombies, which some parent has yet to bury, are dead enough."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def started(command: tuple[str, ...]) -> tuple[Child, list[str]]:
    lines: list[str] = []
    child = Child(Program("child", command), on_line=lambda _, line: lines.append(line))
    child.start()
    assert wait_until(lambda: lines)
    return child, lines


def test_a_child_that_obeys_is_stopped_and_one_that_does_not_is_killed() -> None:
    kind, _ = started(SLEEP)
    stubborn, _ = started(STUBBORN)

    late = stop_all([kind, stubborn], grace_s=0.5)

    assert late == ["child"]
    assert (kind.status, stubborn.status) == (-signal.SIGTERM, -signal.SIGKILL)


def test_killing_a_child_kills_what_it_started() -> None:
    child, lines = started(WITH_OWN_CHILD)

    child.kill()

    assert wait_until(lambda: not is_alive(int(lines[0])), 3)


def test_stopping_a_child_that_never_started_does_nothing() -> None:
    assert stop_all([Child(Program("child", SLEEP))], grace_s=1) == []


def parent_of(code: str) -> subprocess.Popen[str]:
    """A process that starts another one, prints its pid and waits."""
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("tie", ["become", "accompany"])
def test_a_tied_program_does_not_outlive_its_parent(tie: str) -> None:
    parent = parent_of(f"""
        import os, subprocess, sys, time
        code = (
            "from pinconnect.queue import tied; import sys;"
            "tied.{tie}([sys.executable, '-c', 'import os, time; print(os.getpid(), flush=True); time.sleep(60)'],"
            f" {{os.getpid()}})"
        )
        subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
        time.sleep(60)
    """)
    assert parent.stdout
    pid = int(parent.stdout.readline())
    assert is_alive(pid)

    parent.kill()
    parent.wait()

    assert wait_until(lambda: not is_alive(pid), 3)


def test_beside_a_program_signals_are_passed_on_and_its_status_is_ours() -> None:
    program = (
        "import signal, sys, time; signal.signal(15, lambda *_: sys.exit(7)); print(1, flush=True); time.sleep(60)"
    )
    beside = parent_of(f"""
        import os, sys
        from pinconnect.queue import tied
        sys.exit(tied.accompany([sys.executable, "-c", {program!r}], os.getppid()))
    """)
    assert beside.stdout
    beside.stdout.readline()

    beside.terminate()

    assert beside.wait(5) == 7


def test_what_a_tied_process_forks_ends_with_it_too() -> None:
    parent = parent_of("""
        import os, time
        from pinconnect.queue import tied
        tied.tie_forks()
        if os.fork() == 0:
            grandchild = os.fork()
            if grandchild:
                print(os.getpid(), grandchild, flush=True)
            time.sleep(60)
        time.sleep(60)
    """)
    assert parent.stdout
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert all(is_alive(pid) for pid in pids)

    parent.kill()
    parent.wait()

    assert wait_until(lambda: not any(is_alive(pid) for pid in pids), 3)


def test_pauses_grow_with_failures_in_a_row_and_are_forgotten_after_a_good_while() -> None:
    backoff = Backoff()
    pauses = []
    for failure in range(7):
        backoff.started(now=failure)
        pauses.append(backoff.pause_s(now=failure + 1))

    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    backoff.started(now=100)
    assert backoff.pause_s(now=100 + processes._HEALTHY_AFTER_S + 1) == 1


def test_a_stop_signal_is_noted_however_often_it_comes() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    try:
        signals = processes.StopSignals()
        assert not signals.asked

        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)

        assert signals.asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
