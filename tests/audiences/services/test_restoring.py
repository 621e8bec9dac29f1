"""When the files of a run are lost they are prepared again, and what cannot be known is never guessed."""

from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from audiences import files, reconcile, tasks
from audiences.models import Audience, Batch, Delivery, Run, Trigger
from audiences.people import erasing
from audiences.people.members import Wanted
from audiences.pipeline import upload
from audiences.services import inputs, restoring, runs
from audiences.states import BatchState, RunState
from pinconnect.alerts.models import Alert
from pinconnect.datasets import pins
from pinconnect.datasets.services import delete_snapshot
from tests.factories_audiences import (
    Rows,
    Shop,
    csv_bytes,
    drive,
    drive_through,
    expected_members,
    make_due,
    make_shop,
    people,
)
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
ROWS, LATER = people(range(120)), [*people(range(110)), *people(range(200, 260))]


def make_prepared(simulator: SimulatorInTest, settings: Any) -> Shop:
    """ROWS are on the list, and a run to LATER is prepared."""
    settings.BATCH_RECORDS = 30
    made = make_shop(simulator, ROWS)
    Delivery.objects.update(hold_share=100)
    drive_through(newest_run())
    made.change(LATER)
    made.start()
    tasks.prepare_run(newest_run().pk)
    return made


@pytest.fixture
def shop(simulator: SimulatorInTest, settings: Any) -> Shop:
    return make_prepared(simulator, settings)


def newest_run() -> Run:
    return Run.objects.select_related("audience", "delivery").latest("pk")


def lose_files() -> None:
    files.remove(files.run_name(newest_run(), newest_run().files_attempt))


def send_first_without_an_answer(shop: Shop, operation: str) -> None:
    """Pinterest carries out the batches of this operation and does not say so."""
    others = Batch.objects.filter(run=newest_run()).exclude(operation=operation)
    others.update(next_attempt_at=timezone.now() + timedelta(hours=1))
    shop.simulator.fault("server_error", operation="customer_lists/update", when="after")
    drive(newest_run())
    assert Batch.objects.filter(run=newest_run(), state=BatchState.UNKNOWN).exists()
    shop.simulator.clear_faults()


def go_on(rounds: int = 10) -> Run:
    """What workers and reconcilers do as time passes."""
    for _ in range(rounds):
        run = newest_run()
        make_due(run)
        tasks.restore_run(run.pk)
        if drive(run).is_finished:
            break
    return newest_run()


@pytest.mark.parametrize("operation", ["ADD", "REMOVE"])
def test_files_lost_while_an_answer_is_missing_are_prepared_again(shop: Shop, operation: str) -> None:
    send_first_without_an_answer(shop, operation)
    lose_files()

    run = go_on()

    assert (run.state, run.reason, run.files_lost_at) == (RunState.DONE, "", None)
    assert shop.members == expected_members(LATER)
    shop.change(ROWS)
    assert drive_through(shop.start()).state == RunState.DONE
    assert shop.members == expected_members(ROWS), "the ledger was right"


def test_files_lost_before_settling_are_prepared_again(shop: Shop) -> None:
    tasks.pump_run(newest_run().pk)
    assert newest_run().state == RunState.SETTLING
    lose_files()

    assert tasks.settle_run(newest_run().pk) == RunState.SETTLING
    assert newest_run().files_lost_at is not None
    assert go_on().state == RunState.DONE
    assert Audience.objects.get().member_count == len(LATER)


def test_a_cancelled_run_gets_its_files_back_too(shop: Shop) -> None:
    send_first_without_an_answer(shop, "REMOVE")
    lose_files()
    runs.cancel(newest_run(), by=None)

    assert go_on().state == RunState.CANCELLED
    assert Audience.objects.get().member_count == len(shop.members) == 110


def test_where_it_cannot_be_prepared_again_the_run_waits_and_says_so(shop: Shop) -> None:
    send_first_without_an_answer(shop, "REMOVE")
    lose_files()
    delete_snapshot(shop.dataset.snapshots.latest("number"), by=None)

    run = go_on(rounds=3)

    assert (run.state, run.reason, run.ending) == (RunState.UPLOADING, "files_lost", "")
    assert Batch.objects.filter(run=run, state=BatchState.UNKNOWN).exists(), "it is still not known"
    assert Alert.objects.filter(kind="audiences.files_lost", resolved_at=None).count() == 1
    assert run.next_attempt_at is not None, "it looks again now and then"


def test_files_that_come_back_from_a_backup_are_taken_as_they_are(shop: Shop) -> None:
    upload.pump(newest_run().pk, budget_s=0)
    folder = files.fetch(files.run_name(newest_run(), newest_run().files_attempt))
    folder.rename(folder.with_name("backup"))
    delete_snapshot(shop.dataset.snapshots.latest("number"), by=None)
    assert go_on(rounds=2).reason == "files_lost"

    folder.with_name("backup").rename(folder)

    assert go_on().state == RunState.DONE
    assert shop.members == expected_members(LATER)
    assert not Alert.objects.filter(resolved_at=None).exists()


def test_a_run_that_sent_nothing_fails_and_can_be_started_again(simulator: SimulatorInTest) -> None:
    shop = make_shop(simulator, ROWS)
    tasks.prepare_run(newest_run().pk)
    lose_files()
    delete_snapshot(shop.dataset.snapshots.get(), by=None)

    run = go_on()

    assert (run.state, run.reason) == (RunState.FAILED, "files_gone")
    shop.change(LATER)
    assert drive(shop.start()).state == RunState.DONE


def test_data_that_reads_differently_now_is_not_taken_for_the_same(shop: Shop) -> None:
    upload.pump(newest_run().pk, budget_s=0)
    lose_files()
    shop.dataset.snapshots.update(sha256="another")

    assert go_on(rounds=2).reason == "files_lost"


def reads_otherwise(monkeypatch: pytest.MonkeyPatch, folder: Path, rows: Rows) -> None:
    """As another version of the engine or of a rule might: the same data becomes other records, and as many."""
    other = folder / "otherwise.csv"
    other.write_bytes(csv_bytes(rows))
    monkeypatch.setattr(inputs, "local_copy", lambda *_: other)


def test_records_that_come_out_otherwise_are_not_taken_for_those_that_were_sent(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    upload.pump(newest_run().pk, budget_s=0)
    lose_files()
    reads_otherwise(monkeypatch, tmp_path, [*LATER[:-1], *people([900])])

    assert go_on(rounds=2).reason == "files_lost"
    assert Batch.objects.filter(run=newest_run(), state=BatchState.SENT).count() == 1, "nothing more was sent"
    monkeypatch.undo()

    assert go_on().state == RunState.DONE
    assert shop.members == expected_members(LATER)


def test_runs_prepared_before_there_were_marks_are_restored_as_they_were(shop: Shop) -> None:
    upload.pump(newest_run().pk, budget_s=0)
    lose_files()
    run = newest_run()
    assert run.counts.pop("mark")
    run.save(update_fields=["counts"])

    assert go_on().state == RunState.DONE


def test_a_secret_that_was_changed_meanwhile_is_no_reason_to_wait(shop: Shop, settings: Any) -> None:
    upload.pump(newest_run().pk, budget_s=0)
    lose_files()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another secret" * 5, [settings.SECRET_KEY]

    assert go_on().state == RunState.DONE


def test_person_who_was_erased_meanwhile_is_no_reason_to_wait(shop: Shop) -> None:
    """The run was prepared before the erasure: what it sends is what its batches say, and the removal comes after."""
    send_first_without_an_answer(shop, "REMOVE")
    lose_files()
    digest = sha256(LATER[115]["email"].encode()).digest()
    erasure = erasing.request(shop.workspace, by=None, wanted=[Wanted("email", digest)])

    assert go_on().state == RunState.DONE

    erasing.work(erasure.pk)
    assert drive_through(newest_run()).trigger == Trigger.ERASURE
    assert erasing.work(erasure.pk) == 0
    assert shop.members == expected_members([*LATER[:115], *LATER[116:]])


def test_person_who_was_erased_before_is_held_back_again(simulator: SimulatorInTest, settings: Any) -> None:
    settings.BATCH_RECORDS = 30
    shop = make_shop(simulator, ROWS)
    digest = sha256(ROWS[7]["email"].encode()).digest()
    erasure = erasing.request(shop.workspace, by=None, wanted=[Wanted("email", digest)])
    tasks.prepare_run(newest_run().pk)
    assert newest_run().counts["erased_up_to"] == erasure.pk
    upload.pump(newest_run().pk, budget_s=0)
    lose_files()

    assert go_on().state == RunState.DONE
    assert shop.members == expected_members([*ROWS[:7], *ROWS[8:]])


def test_damaged_files_are_not_whole(shop: Shop) -> None:
    run = newest_run()
    assert restoring.are_whole(run)
    page = next(files.fetch(files.run_name(run, run.files_attempt)).glob("adds/*.parquet"))
    page.write_bytes(page.read_bytes()[:200])

    assert not restoring.are_whole(run)
    assert go_on().state == RunState.DONE
    assert shop.members == expected_members(LATER)


def test_reconciling_hints_a_run_whose_files_are_lost(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    Run.objects.filter(pk=newest_run().pk).update(files_lost_at=timezone.now(), hinted_at=None)
    monkeypatch.setattr(reconcile.hinting.hints, "enqueue", lambda path, pk, cluster="short": asked.append(path))

    reconcile.hint_runs()

    assert asked == ["audiences.tasks.restore_run"]
    assert tasks.pump_run(newest_run().pk) == 0, "nothing is sent meanwhile"


def test_the_data_of_an_unfinished_run_is_pinned(shop: Shop) -> None:
    snapshot = shop.dataset.snapshots.latest("number")
    assert pins.pinned() == {snapshot.pk}

    drive_through(newest_run())

    assert pins.pinned() == set()
