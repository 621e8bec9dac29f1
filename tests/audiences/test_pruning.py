"""What pruning may never take: what a run that goes on needs, or is just about to need."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages

from audiences import files, pruning, reconcile, tasks
from audiences.models import Audience, Run
from audiences.pipeline import settle
from audiences.states import RunState
from pinconnect.lib import leftovers
from pinconnect.queue.budget import TimeBudget
from tests.factories_audiences import Shop, drive, expected_members, make_due, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(simulator: SimulatorInTest) -> Shop:
    """Its first run is done."""
    made = make_shop(simulator, people(range(20)))
    assert drive(newest_run()).state == RunState.DONE
    return made


@pytest.fixture
def remote(settings: Any) -> Iterator[None]:
    backend = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = {**settings.STORAGES, "default": backend}
    yield
    storages._storages.clear()


def newest_run() -> Run:
    return Run.objects.select_related("audience").latest("pk")


def until_settling(shop: Shop) -> Run:
    run = shop.start()
    tasks.prepare_run(run.pk)
    tasks.pump_run(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.SETTLING
    return run


def test_a_ledger_newer_than_the_current_one_is_left_alone(shop: Shop) -> None:
    audience = Audience.objects.get()
    files.new_folder(files.ledger_name(audience, audience.ledger_version + 1))

    pruning.prune()

    assert files.ledger_versions(audience) == [1, 2]


def test_a_run_that_began_after_the_audience_was_listed_keeps_every_ledger(shop: Shop) -> None:
    for number in range(1, 5):
        shop.change(people(range(number, 20)))
        drive(shop.start())
    audience = Audience.objects.get()
    run = shop.start()

    assert pruning._prune_ledger(audience.pk) == 0
    assert len(files.ledger_versions(audience)) == 5
    drive(run)
    assert pruning._prune_ledger(audience.pk) == 4


def test_the_books_are_not_switched_to_a_ledger_that_storage_does_not_hold(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.change(people(range(5, 25)))
    run = until_settling(shop)
    write = settle.history.write

    def while_it_is_deleted(run: Run, audience: Audience, *arguments: Any) -> Any:
        files.remove(files.ledger_name(audience, arguments[-1]))
        return write(run, audience, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(settle.history, "write", while_it_is_deleted)
        assert tasks.settle_run(run.pk) == RunState.SETTLING
    assert Audience.objects.get().ledger_version == 1
    make_due(run)

    assert drive(newest_run()).state == RunState.DONE
    assert drive(shop.start()).reason == "up_to_date"


def test_old_copies_of_a_run_that_goes_on_stay_and_others_go(remote: None, shop: Shop) -> None:
    ended = newest_run()
    shop.change(people(range(30)))
    run = until_settling(shop)
    folders = [files.fetch(files.run_name(one, one.files_attempt)) for one in (ended, run)]
    long_ago = time.time() - 3 * pruning.LOCAL_COPIES_KEPT_S
    for folder in folders:
        os.utime(folder, (long_ago, long_ago))

    pruning.prune()

    assert [folder.exists() for folder in folders] == [False, True]
    assert drive(run).state == RunState.DONE


def test_parts_that_a_killed_look_up_has_left_go_after_a_day(remote: None, settings: Any) -> None:
    left, fresh = (Path(settings.WORK_DIR) / f"parts-{name}" for name in ("left", "fresh"))
    for folder in (left, fresh):
        (folder / "p=1").mkdir(parents=True)
    long_ago = time.time() - 2 * leftovers.ABANDONED_S
    os.utime(left, (long_ago, long_ago))
    # As one that goes between finding it and looking at it.
    fresh.with_name("parts-gone").symlink_to(fresh / "nowhere")

    assert pruning.prune() >= 1

    assert (left.exists(), fresh.exists()) == (False, True)


def test_a_copy_that_is_needed_again_is_young_again(remote: None, shop: Shop) -> None:
    run = newest_run()
    name = files.run_name(run, run.files_attempt)
    os.utime(files.fetch(name), (0, 0))

    folder = files.fetch(name)

    assert time.time() - folder.stat().st_mtime < 60


def test_a_folder_leaves_its_name_before_its_files_are_deleted(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "some" / "3"
    (folder / "adds").mkdir(parents=True)
    seen: list[tuple[bool, bool]] = []
    monkeypatch.setattr(
        files.shutil, "rmtree", lambda path, **options: seen.append((folder.exists(), (path / "adds").exists()))
    )

    files.delete_folder(folder)

    assert seen == [(False, True)]


def test_a_sender_with_a_damaged_copy_gets_another_one(remote: None, shop: Shop) -> None:
    shop.change(people(range(40)))
    run = shop.start()
    tasks.prepare_run(run.pk)
    run.refresh_from_db()
    copy = files.fetch(files.run_name(run, run.files_attempt))
    for path in copy.rglob("*.parquet"):
        path.unlink()

    assert drive(run).state == RunState.DONE
    assert shop.members == expected_members(people(range(40)))


def test_pruning_is_a_task_and_stops_when_its_time_is_up(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int]] = []
    monkeypatch.setattr(pruning.hints, "enqueue", lambda path, pk: asked.append((path, pk)))
    registered = {one.name: one.function for one in reconcile.reconciler.registered()}

    registered["audiences.pruning"]()

    assert asked == [("audiences.tasks.prune_files", 0)]
    shop.change(people(range(3)))
    assert pruning.prune(TimeBudget(0)) == 0
    assert tasks.prune_files(0) == 0
