"""Raw values are nowhere on disk once a run has ended, whoever was killed meanwhile."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage, storages
from django.utils import timezone

from audiences import files, pruning, reconcile, tasks
from audiences.models import Run
from audiences.pipeline import prepare as engine
from audiences.services import runs
from audiences.states import RunState
from tests.factories_audiences import Shop, drive, make_due, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
RAW = b"not-an-address-of-maria"


@pytest.fixture(params=["local", "remote"])
def shop(request: Any, settings: Any, simulator: SimulatorInTest) -> Iterator[Shop]:
    if request.param == "remote":
        backend = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
        settings.STORAGES = {**settings.STORAGES, "default": backend}
    yield make_shop(simulator, [*people(range(20)), {**people([21])[0], "email": RAW.decode()}])
    storages._storages.clear()


class Killed(BaseException):
    """Like SIGKILL: nothing is cleaned up."""


def kill_while_preparing(monkeypatch: pytest.MonkeyPatch) -> Run:
    """A worker dies when the raw values have been staged."""

    def die(*args: Any, **kwargs: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(engine, "judge", die)
        patched.setattr(shutil, "rmtree", lambda *args, **kwargs: None)
        with pytest.raises(Killed):
            tasks.prepare_run(Run.objects.get().pk)
    return Run.objects.select_related("audience").get()


def raw_files(root: Path) -> list[Path]:
    """Files with the raw value in them, except what was uploaded."""
    found = (path for path in root.rglob("*") if path.is_file() and "datasets" not in path.parts)
    return [path for path in found if RAW in path.read_bytes()]


def test_raw_values_are_never_below_storage(shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kill_while_preparing(monkeypatch)

    left = raw_files(tmp_path)

    assert left, "the kill came too early to leave anything"
    assert all(files.scratch_folder() in path.parents for path in left)
    assert [folder.stat().st_mode & 0o777 for folder in files.scratch_folder().glob("*")] == [0o700]


def test_the_next_attempt_sweeps_what_the_killed_one_left(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run = kill_while_preparing(monkeypatch)
    make_due(run)

    tasks.prepare_run(run.pk)

    assert not raw_files(tmp_path)
    assert files.attempts(run) == [2]
    assert drive(run).state == RunState.DONE


def test_what_a_killed_attempt_of_a_cancelled_run_left_is_swept_within_a_minute_of_its_lease(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run = kill_while_preparing(monkeypatch)
    assert pruning.sweep() == 0, "its worker may be alive"
    make_due(run)
    runs.cancel(run, by=None)

    assert pruning.sweep() == 1
    assert not raw_files(tmp_path)
    assert (pruning.sweep, 60) in {(one.function, one.every_s) for one in reconcile.reconciler.registered()}


def test_every_ended_run_loses_its_folders(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    run = kill_while_preparing(monkeypatch)
    make_due(run)
    runs.cancel(run, by=None)
    files.new_folder(files.run_name(run, 2))
    staged = default_storage.save(f"{files.run_name(run, 3)}/stage/stage-1.parquet", ContentFile(RAW))
    pruning.sweep()
    Run.objects.update(finished_at=timezone.now() - timedelta(days=3))

    assert (Run.objects.get().state, Run.objects.get().files_attempt) == (RunState.CANCELLED, 0)
    assert pruning.prune() == 3
    assert not default_storage.exists(staged)
    assert not [folder for number in (1, 2, 3) for folder in files._local(files.run_name(run, number)).glob("**/*")]
    assert pruning.prune() == 0
