"""Files of runs and ledgers, with storage on this machine and elsewhere."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage, storages
from django.utils import timezone

from audiences import files, pruning
from audiences.models import Audience, Run
from audiences.states import RunState
from tests.factories_audiences import Shop, drive, expected_members, make_shop, people, step
from tests.support.simulator import SimulatorInTest

NAME = "workspaces/1/runs/2/1"


@pytest.fixture(params=["local", "remote"])
def storage(request: Any, settings: Any) -> Iterator[str]:
    if request.param == "remote":
        backend = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
        settings.STORAGES = {**settings.STORAGES, "default": backend}
    yield request.param
    storages._storages.clear()


def fill(name: str) -> None:
    folder = files.new_folder(name)
    (folder / "adds").mkdir()
    (folder / "adds" / "part.parquet").write_bytes(b"rows")
    (folder / "index.json").write_text("{}")
    files.store(name)


def test_what_is_stored_is_found_again_by_another_host(storage: str, settings: Any, tmp_path: Path) -> None:
    fill(NAME)
    if storage == "remote":
        settings.WORK_DIR = tmp_path / "another host"

    folder = files.fetch(NAME)

    assert (folder / "adds" / "part.parquet").read_bytes() == b"rows"
    assert sorted(path.name for path in folder.iterdir()) == ["adds", "index.json"]


def test_what_others_can_do_without_stays_here(storage: str, settings: Any, tmp_path: Path) -> None:
    folder = files.new_folder(NAME)
    (folder / "newcomers").mkdir()
    (folder / "newcomers" / "part.parquet").write_bytes(b"rows")
    (folder / "newcomers.json").write_text("{}")
    files.store(NAME, but="newcomers")
    if storage == "remote":
        settings.WORK_DIR = tmp_path / "another host"

    found = sorted(path.name for path in files.fetch(NAME).iterdir())

    assert found == (["newcomers.json"] if storage == "remote" else ["newcomers", "newcomers.json"])


def test_what_was_never_stored_is_lost(storage: str) -> None:
    with pytest.raises(files.FilesLostError):
        files.fetch(NAME)


def test_a_new_folder_is_empty_and_a_removed_one_is_gone(storage: str, settings: Any, tmp_path: Path) -> None:
    fill(NAME)
    assert not list(files.new_folder(NAME).iterdir())
    fill(NAME)
    files.remove(NAME)
    settings.WORK_DIR = tmp_path / "another host"

    with pytest.raises(files.FilesLostError):
        files.fetch(NAME)


@pytest.mark.django_db
def test_a_run_goes_from_host_to_host(simulator: SimulatorInTest, storage: str, settings: Any, tmp_path: Path) -> None:
    rows = people(range(30))
    shop = make_shop(simulator, rows)
    run = Run.objects.select_related("audience").get()
    for number in range(5):
        # With local storage nothing of a run is in the work folder, so a new one must not matter either.
        settings.WORK_DIR = tmp_path / f"host {number}"
        step(run)

    drive(run)
    shop.change(people(range(5, 35)))
    settings.WORK_DIR = tmp_path / "the last host"

    assert drive(shop.start()).state == RunState.DONE
    assert shop.members == expected_members(people(range(5, 35)))


@pytest.mark.django_db
class TestPruning:
    @pytest.fixture
    def shop(self, simulator: SimulatorInTest) -> Shop:
        made = make_shop(simulator, [*people(range(30)), {**people([1])[0], "email": "odd.one"}])
        drive(Run.objects.select_related("audience").get())
        return made

    def test_the_files_of_an_old_run_go_and_its_refused_values_stay(self, shop: Shop) -> None:
        run = Run.objects.get()
        assert pruning.prune() == 0, "a run that has just ended keeps its files for a while"
        Run.objects.update(finished_at=timezone.now() - timedelta(days=3))

        pruning.prune()

        assert not default_storage.exists(files.run_name(run, 1))
        opened = files.open_rejects(run)
        assert opened is not None
        text = opened.read().decode()
        assert "email_no_at" in text
        assert "odd.one" not in text, "it is masked"

    def test_only_the_newest_ledgers_are_kept(self, shop: Shop) -> None:
        for number in range(1, 6):
            shop.change(people(range(number, 30)))
            drive(shop.start())
        audience = Audience.objects.get()
        assert files.ledger_versions(audience) == [1, 2, 3, 4, 5, 6]

        pruning.prune()

        assert files.ledger_versions(audience) == [5, 6]
        assert drive(shop.start()).reason == "up_to_date"

    def test_a_run_without_refused_values_offers_none(self, shop: Shop) -> None:
        default_storage.delete(files.rejects_name(Run.objects.get()))

        assert files.open_rejects(Run.objects.get()) is None
