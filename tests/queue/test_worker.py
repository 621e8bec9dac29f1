"""The worker command with real clusters: it runs tasks, gets over kills, and leaves nothing behind."""

import os
import re
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support import processes
from tests.support.installation import Installation

pytestmark = pytest.mark.slow

PRINT_FAILURES = "from django_q.models import Failure; print([failure.result for failure in Failure.objects.all()])"


def appears(installation: Installation, *names: object, within_s: float = 30.0) -> bool:
    return processes.wait_until(lambda: all((installation.notes / str(name)).exists() for name in names), within_s)


def began(installation: Installation, pk: int) -> bool:
    return processes.wait_until(lambda: list(installation.notes.glob(f"{pk}-began-*")))


def test_tasks_run_on_both_clusters_and_a_group_sigterm_leaves_nothing(installation: Installation) -> None:
    with installation.worker() as worker:
        installation.hint("note", 1, 2, 3)
        installation.hint("note", 4, cluster="prepare")
        assert appears(installation, 1, 2, 3, 4)

        assert worker.stop() == 0
        assert processes.all_of(installation.data_dir) == []


def test_what_a_failed_task_leaves_behind_names_nobody(installation: Installation) -> None:
    with installation.worker():
        installation.hint("fail_with_a_person", 5)
        assert processes.wait_until(lambda: "Failed 'tests.queue.tasks.fail_with_a_person'" in installation.log)

    stored = installation.manage("shell", "--no-imports", "-c", PRINT_FAILURES)
    assert "[e-mail] is taken" in stored
    assert "jane.doe" not in stored + installation.log


def test_a_cluster_whose_idle_workers_were_killed_is_started_again(installation: Installation) -> None:
    with installation.worker("--silence=3") as worker:
        trouble = "The short cluster is started again in 1 s: its tasks do not come through"
        for _ in range(6):
            for process in worker.task_processes():
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
            # One that had not begun to wait yet, on a crowded machine, leaves nothing locked behind.
            if processes.wait_until(lambda: trouble in installation.log, 15):
                break
        assert trouble in installation.log
        installation.hint("note", 1, 2, 3)

        assert appears(installation, 1, 2, 3)
        assert "The prepare cluster is started again" not in installation.log


def test_a_cluster_without_its_guard_is_started_again(installation: Installation) -> None:
    with installation.worker() as worker:
        os.kill(worker.sentinel().pid, signal.SIGKILL)
        installation.hint("note", 1)

        assert appears(installation, 1)
        assert "The short cluster is started again in 1 s: it ended with status 1" in installation.log


def test_after_kill_minus_nine_nothing_lives_on_and_a_restart_goes_on(installation: Installation) -> None:
    with installation.worker() as worker:
        installation.hint("note_slowly", 1)
        assert began(installation, 1)
        os.killpg(worker.process.pid, signal.SIGKILL)
        assert processes.none_left(installation.data_dir, within_s=3)
        installation.hint("note", 2)

    with installation.worker() as worker:
        assert appears(installation, 2)
        assert worker.stop() == 0


def test_sigterm_to_every_single_process_does_not_hang_the_stop(installation: Installation) -> None:
    with installation.worker() as worker:
        for process in processes.all_of(installation.data_dir):
            os.kill(process.pid, signal.SIGTERM)

        assert worker.process.wait(8) == 0
        assert processes.none_left(installation.data_dir, within_s=1)


def test_a_long_task_is_told_to_stop_and_ends_in_good_order(installation: Installation) -> None:
    with installation.worker() as worker:
        installation.hint("note_until_stopped", 1, cluster="prepare")
        assert began(installation, 1)

        assert worker.stop(signal.SIGINT) == 0
        assert (installation.notes / "1-stopped").exists()
        assert "were cut off" not in installation.log


def test_a_task_that_does_not_end_in_time_is_cut_off_and_said_so(installation: Installation) -> None:
    with installation.worker("--grace=0.3") as worker:
        installation.hint("note_slowly", 1)
        assert began(installation, 1)

        assert worker.stop() == 0
        assert re.search(r"Tasks of the short .*cluster did not end in 0 s and were cut off", installation.log)
        assert not (installation.notes / "1-ended").exists()
        assert processes.all_of(installation.data_dir) == []


def test_a_busy_cluster_is_not_taken_for_one_that_hangs(installation: Installation) -> None:
    with installation.worker("--silence=1") as worker:
        before = worker.cluster().pid
        installation.hint("note_slowly", 1, 2, 3, 4)

        assert appears(installation, "1-ended", "2-ended", "3-ended", "4-ended")
        assert worker.cluster().pid == before
        assert "started again" not in installation.log


def test_a_worker_does_not_start_on_a_database_without_tables(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"The database is not up to date. Run: python manage.py migrate"):
        Installation(tmp_path).manage("worker")
