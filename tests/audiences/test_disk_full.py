"""A disk without room, for real: a small file system of its own, or the kernel's own device that is always full."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from audiences import files, tasks
from audiences.messages import reason
from audiences.models import Audience, Run
from audiences.people import history
from audiences.pipeline import layout
from audiences.states import RunState
from pinconnect.alerts.models import Alert
from tests.factories_audiences import Shop, drive, drive_through, expected_members, make_due, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("mount"), reason="only root can make a small disk"),
]
ROWS = people(range(30_000))


class SmallDisk:
    """A file system of a few megabytes. fill() takes all that is left of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, *, leave: int = 0) -> None:
        free = os.statvfs(self.folder)
        with self._ballast.open("wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, max(1, free.f_bavail * free.f_frsize - leave))

    def make_room(self) -> None:
        self._ballast.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    folder = tmp_path / "small"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("this machine does not let us mount")
    yield SmallDisk(folder)
    subprocess.run(["umount", "--lazy", folder], check=True)


def keep_work_on(disk: SmallDisk, settings: Any) -> None:
    settings.WORK_DIR = disk.folder / "work"


def keep_files_on(disk: SmallDisk, settings: Any) -> None:
    options = {"location": str(disk.folder / "files"), "base_url": None}
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options},
    }


@pytest.fixture
def shop(simulator: SimulatorInTest, settings: Any) -> Shop:
    settings.BATCH_RECORDS = 5_000
    return make_shop(simulator, ROWS)


def assert_it_can_be_repeated(shop: Shop) -> None:
    run = drive_through(shop.start())

    assert run.state == RunState.DONE
    assert shop.members == expected_members(ROWS)


def test_a_full_work_folder_ends_a_preparation_with_its_reason_and_nothing_is_lost(
    shop: Shop, disk: SmallDisk, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Only what does not fit into memory needs the folder.
    monkeypatch.setattr(layout, "_AT_ONCE_PER_MB", 1)
    keep_work_on(disk, settings)
    disk.fill(leave=300_000)

    assert tasks.prepare_run(Run.objects.get().pk) == RunState.FAILED

    run = Run.objects.get()
    assert run.reason == "disk_full"
    assert "Make room" in reason("disk_full").next_step
    assert Alert.objects.filter(kind="audiences.run_failed").exists()
    assert not shop.simulator.calls("customer_lists/create")
    disk.make_room()
    assert_it_can_be_repeated(shop)


def test_a_full_storage_ends_a_preparation_with_its_reason_and_nothing_is_lost(
    simulator: SimulatorInTest, disk: SmallDisk, settings: Any
) -> None:
    settings.BATCH_RECORDS = 5_000
    keep_files_on(disk, settings)
    shop = make_shop(simulator, ROWS)
    disk.fill(leave=200_000)

    assert tasks.prepare_run(Run.objects.get().pk) == RunState.FAILED

    assert Run.objects.get().reason == "disk_full"
    disk.make_room()
    assert_it_can_be_repeated(shop)


def test_a_storage_that_fills_up_before_settling_lets_the_run_wait_and_say_why(
    simulator: SimulatorInTest, disk: SmallDisk, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BATCH_RECORDS = 5_000
    keep_files_on(disk, settings)
    shop = make_shop(simulator, ROWS)
    run = Run.objects.select_related("audience").get()
    while run.state != RunState.SETTLING:
        tasks.prepare_run(run.pk) if run.state == RunState.QUEUED else tasks.pump_run(run.pk)
        run.refresh_from_db()
    disk.fill(leave=100_000)

    for _ in range(3):
        assert tasks.settle_run(run.pk) == RunState.SETTLING
        make_due(run)

    run.refresh_from_db()
    audience = Audience.objects.get()
    assert run.reason == "disk_full"
    assert files.ledger_versions(audience) == [], "no half ledger takes up room"
    disk.make_room()

    # Room for the ledger, and not for the history beside it.
    copy_all = history._copy_all

    def copy_all_on_a_full_disk(*given: Any) -> int:
        disk.fill()
        return copy_all(*given)

    make_due(run)
    with monkeypatch.context() as patched:
        patched.setattr(history, "_copy_all", copy_all_on_a_full_disk)
        assert tasks.settle_run(run.pk) == RunState.SETTLING
    assert files.ledger_versions(audience) == []
    assert not list((disk.folder / "files").glob("workspaces/*/history/*/*"))
    disk.make_room()
    make_due(run)
    assert drive(run).state == RunState.DONE
    assert run.reason == ""
    assert Audience.objects.get().member_count == len(ROWS)
    assert shop.members == expected_members(ROWS)
