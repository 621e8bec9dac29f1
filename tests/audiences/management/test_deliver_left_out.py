"""`manage.py deliver` ends, and says why, where no run will ever take the file it was given."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from audiences.management import driving
from audiences.management.commands.deliver import Command
from audiences.models import Delivery, Run, Scope
from audiences.services import deliveries
from pinconnect.datasets.models import Dataset, WriteMode
from pinconnect.datasets.services import delete_snapshot
from pinconnect.profiles.models import Profile
from tests.audiences.management.test_deliver import deliver, refusal_of, write
from tests.factories_audiences import (
    ALL_KINDS,
    add_snapshot,
    expected_members,
    make_dataset,
    people,
)
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
GIVEN, NEWER, OLDER = people(range(120)), people(range(200, 290)), people(range(300, 340))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "customers.csv", GIVEN)


@pytest.fixture(autouse=True)
def few_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that starts one run after another fails its test, instead of never ending."""
    drive, driven = driving.drive, []

    def counted(run: Run, say: Callable[[str], None]) -> Run:
        driven.append(run)
        assert len(driven) < 10, "the command does not end"
        return drive(run, say)

    monkeypatch.setattr(driving, "drive", counted)


def once_received(monkeypatch: pytest.MonkeyPatch, happens: Callable[[Dataset], Any]) -> None:
    """Something happens to the dataset between the file's arrival and the run."""
    monkeypatch.setattr(Command, "_finish_earlier", lambda command, dataset, name: happens(dataset))


def make_new_only(profile: Profile, dataset: Dataset) -> Delivery:
    """What somebody began on the pages: a draft that takes only data written after it was published."""
    return deliveries.create_draft(
        workspace=profile.workspace, by=None, name="News", dataset=dataset, mode="mirror", scope=Scope.NEW
    )


def test_a_file_that_newer_data_replaced_meanwhile_is_said_not_to_be_delivered(
    profile: Profile, simulator: SimulatorInTest, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once_received(monkeypatch, lambda dataset: add_snapshot(dataset, NEWER))

    sentence = refusal_of(file)

    assert "newer data replaced it" in sentence
    assert "follows that newer data" in sentence
    audience = Run.objects.get().audience
    assert audience is not None
    assert simulator.members(audience.customer_list_id) == expected_members(NEWER, ALL_KINDS)


def test_a_file_whose_data_was_deleted_meanwhile_is_said_not_to_be_delivered(
    profile: Profile, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(file)
    once_received(monkeypatch, lambda dataset: delete_snapshot(dataset.snapshots.latest("number"), by=None))

    assert "taken out of the dataset" in refusal_of(file)


def test_a_file_that_more_was_added_to_meanwhile_is_delivered(
    profile: Profile, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once_received(monkeypatch, lambda dataset: add_snapshot(dataset, NEWER, mode=WriteMode.APPEND))

    assert deliver(file)["read"] == len(GIVEN) + len(NEWER)


@pytest.mark.parametrize("older", [[], OLDER])
def test_the_file_is_delivered_with_a_draft_that_takes_only_new_data(
    profile: Profile, simulator: SimulatorInTest, file: Path, older: list[dict[str, str]]
) -> None:
    make_new_only(profile, make_dataset(profile.workspace, older, name="News"))

    found = deliver(file)

    assert (found["state"], found["sent"], Run.objects.count()) == ("done", 120, 1)
    assert simulator.members(found["customer_list_id"]) == expected_members(GIVEN, ALL_KINDS)
    assert Delivery.objects.get().scope == Scope.ALL


def test_a_draft_that_takes_only_new_data_never_sends_older_data_that_a_file_is_appended_to(
    profile: Profile, simulator: SimulatorInTest, file: Path
) -> None:
    make_new_only(profile, make_dataset(profile.workspace, OLDER, name="News"))

    assert "only data that is written after it was published" in refusal_of(file, "--append")
    found = deliver(file, "--append")

    assert (found["read"], found["sent"], Delivery.objects.get().scope) == (120, 120, Scope.NEW)
    assert simulator.members(found["customer_list_id"]) == expected_members(GIVEN, ALL_KINDS)


def test_a_file_that_came_before_somebody_published_a_delivery_of_new_data_is_delivered_when_called_again(
    profile: Profile, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(file)
    Delivery.objects.update(scope=Scope.NEW)
    with monkeypatch.context() as patched:
        once_received(patched, lambda _: Delivery.objects.update(published_at=timezone.now()))
        assert "Call this command again" in refusal_of(file)

    assert deliver(file)["already_there"] == 120
