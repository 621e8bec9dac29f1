"""Preparing: claimed once, tried a few times, and every way to fail has its reason."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audiences import files, tasks
from audiences.models import Batch, Run
from audiences.pipeline.plan import DiskFull, MemoryShort, SourceBroken
from audiences.services import deliveries, preparing, reporting, runs
from audiences.states import RunState
from pinconnect.alerts.models import Alert
from pinconnect.datasets.services import delete_snapshot
from tests.factories_audiences import Shop, drive, make_due, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
ROWS = people(range(10))


@pytest.fixture
def shop(simulator: SimulatorInTest) -> Shop:
    return make_shop(simulator, ROWS)


def failing(error: Exception) -> Callable[..., Any]:
    def prepare(*args: Any, **kwargs: Any) -> Any:
        raise error

    return prepare


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SourceBroken("unclosed_quote", row=7), "unclosed_quote"),
        (DiskFull("full"), "disk_full"),
        (OSError(28, "No space left on device"), "disk_full"),
        (MemoryShort("short"), "memory_short"),
    ],
)
def test_what_a_person_has_to_mend_fails_at_once_with_its_reason(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, error: Exception, code: str
) -> None:
    monkeypatch.setattr(preparing.engine, "prepare", failing(error))

    assert tasks.prepare_run(Run.objects.get().pk) == RunState.FAILED

    run = Run.objects.get()
    assert (run.reason, run.lease_until) == (code, None)
    assert Alert.objects.get().kind == "audiences.run_failed"
    with pytest.raises(files.FilesLostError):
        files.fetch(files.run_name(run, 1))


def test_a_broken_source_says_where(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = SourceBroken("unclosed_quote", source=1, row=7)
    monkeypatch.setattr(preparing.engine, "prepare", failing(broken))

    tasks.prepare_run(Run.objects.get().pk)

    assert Run.objects.get().counts["problem"] == {"source": 1, "row": 7, "detail": ""}


def test_a_mistake_of_ours_is_tried_again_a_few_times(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing.engine, "prepare", failing(RuntimeError("oops")))
    run = Run.objects.get()

    for _ in range(preparing.MAX_ATTEMPTS):
        assert Run.objects.get().state in (RunState.QUEUED, RunState.PREPARING)
        tasks.prepare_run(run.pk)
        make_due(run)

    assert (Run.objects.get().state, Run.objects.get().reason) == (RunState.FAILED, "internal_error")


def test_a_run_that_kills_its_worker_every_time_is_given_up(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def prepare(*args: Any, **kwargs: Any) -> Any:
        raise Killed

    monkeypatch.setattr(preparing.engine, "prepare", prepare)
    run = Run.objects.get()
    for _ in range(preparing.MAX_BEGUN):
        with pytest.raises(Killed):
            tasks.prepare_run(run.pk)
        assert tasks.prepare_run(run.pk) == "", "its lease protects it until it runs out"
        make_due(run)

    assert tasks.prepare_run(run.pk) == RunState.FAILED
    assert Run.objects.get().reason == "gave_up"


def test_data_that_was_deleted_meanwhile_is_said(shop: Shop) -> None:
    delete_snapshot(shop.dataset.snapshots.get(), by=None)

    run = drive(Run.objects.get())

    assert (run.state, run.reason) == (RunState.FAILED, "source_missing")


def test_nothing_usable_is_a_failure_while_there_is_no_list(simulator: SimulatorInTest) -> None:
    make_shop(simulator, [{**people([1])[0], "email": "nobody"}])

    run = drive(Run.objects.get())

    assert (run.state, run.reason) == (RunState.FAILED, "nothing_usable")
    assert run.counts["rows"]["invalid"] == 1


def test_the_same_data_again_sends_nothing(shop: Shop) -> None:
    drive(Run.objects.get())
    before = len(shop.simulator.calls("customer_lists/update"))

    run = drive(shop.start())

    assert (run.state, run.reason) == (RunState.DONE, "up_to_date")
    assert len(shop.simulator.calls("customer_lists/update")) == before


def test_progress_is_written_at_most_once_a_second(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([100.0, 100.5, 101.2])
    monkeypatch.setattr(reporting.time, "monotonic", lambda: next(clock))
    run = Run.objects.get()
    Run.objects.update(lease_token="mine", lease_until=timezone.now() + timedelta(minutes=1))
    reporter = reporting.Reporter(run, "mine", beat=None)  # type: ignore[arg-type]

    seen = []
    for rows in (1, 2, 3):
        reporter.progress(preparing.engine.Progress("reading", 0.5, rows))
        seen.append(Run.objects.get().progress["rows"])

    assert seen == [1, 1, 3]


def test_a_worker_that_lost_its_lease_writes_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    real = preparing.engine.prepare

    def slow(*args: Any, **kwargs: Any) -> Any:
        prepared = real(*args, **kwargs)
        Run.objects.update(lease_token="another worker's")
        return prepared

    monkeypatch.setattr(preparing.engine, "prepare", slow)
    tasks.prepare_run(Run.objects.get().pk)

    assert (Run.objects.get().state, Run.objects.get().counts) == (RunState.PREPARING, {})
    assert not Batch.objects.exists()


def finishing_after(monkeypatch: pytest.MonkeyPatch, what: Callable[[], object]) -> None:
    """Something happens between the engine's last look and the end of the preparing."""
    finish = preparing.Attempt.finish

    def late(self: preparing.Attempt, prepared: Any) -> None:
        assert what() is not False
        finish(self, prepared)

    monkeypatch.setattr(preparing.Attempt, "finish", late)


@pytest.mark.parametrize(
    ("rows", "otherwise"),
    [(people(range(11)), "uploading"), (people([1]), "held"), (ROWS, "settling"), (people([50]), "held")],
)
def test_a_run_cancelled_when_it_is_just_prepared_goes_no_further(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, rows: Any, otherwise: str
) -> None:
    drive(Run.objects.get())
    shop.change(rows)
    run = shop.start()
    finishing_after(monkeypatch, lambda: runs.cancel(run, by=None))

    assert tasks.prepare_run(run.pk) == RunState.CANCELLED, f"not {otherwise}"

    run.refresh_from_db()
    assert (run.reason, run.lease_until, run.batches.count()) == ("cancelled", None, 0)
    with pytest.raises(files.FilesLostError):
        files.fetch(files.run_name(run, 1))
    assert shop.start() != run, "the list is free for the next run"


def test_a_cancelled_run_does_not_fail_in_the_same_moment(
    simulator: SimulatorInTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_shop(simulator, [{**people([1])[0], "email": "nobody"}])
    finishing_after(monkeypatch, lambda: runs.cancel(Run.objects.get(), by=None))

    assert tasks.prepare_run(Run.objects.get().pk) == RunState.CANCELLED
    assert not Alert.objects.exists()


def test_a_run_whose_delivery_is_archived_when_it_is_just_prepared_is_stopped(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    finishing_after(monkeypatch, lambda: deliveries.archive(shop.delivery, by=None))

    assert tasks.prepare_run(Run.objects.get().pk) == RunState.CANCELLED
    assert Run.objects.get().reason == "archived"
    assert not shop.simulator.calls()


@pytest.mark.parametrize("error", [RuntimeError("the connection broke"), DiskFull("full")])
def test_a_commit_that_was_made_without_an_answer_keeps_its_files(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    begin = preparing.Attempt._begin_upload

    def without_an_answer(self: preparing.Attempt, prepared: Any, counts: Any) -> None:
        begin(self, prepared, counts)
        raise error

    monkeypatch.setattr(preparing.Attempt, "_begin_upload", without_an_answer)

    assert tasks.prepare_run(Run.objects.get().pk) == RunState.UPLOADING
    assert drive(Run.objects.get()).state == RunState.DONE
    assert len(shop.members) == len(ROWS)


def test_an_attempt_that_was_not_committed_leaves_no_files(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(self: preparing.Attempt, *arguments: Any) -> None:
        raise RuntimeError("before the commit")

    with monkeypatch.context() as patched:
        patched.setattr(preparing.Attempt, "_begin_upload", fails)
        assert tasks.prepare_run(Run.objects.get().pk) == RunState.PREPARING
    assert files.attempts(Run.objects.get()) == []
    make_due(Run.objects.get())

    assert drive(Run.objects.get()).state == RunState.DONE
