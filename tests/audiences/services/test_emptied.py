"""Deleting all data of a dataset removes nobody unless a person agrees."""

import pytest
from django.utils import timezone

from audiences.models import Mode, Run, Scope
from audiences.services import runs
from audiences.states import RunState
from pinconnect.datasets.models import Snapshot
from pinconnect.datasets.services import deleting
from tests.factories_audiences import Shop, add_snapshot, drive, expected_members, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
ROWS = people(range(30))


def delivered(simulator: SimulatorInTest, **draft: str) -> Shop:
    shop = make_shop(simulator, ROWS, **draft)
    assert drive(Run.objects.get()).state == RunState.DONE
    return shop


def delete_all(shop: Shop) -> None:
    for snapshot in Snapshot.objects.ready().filter(dataset=shop.dataset):
        deleting.delete_snapshot(snapshot, by=None)


def test_who_mirrors_it_is_asked_first_and_empties_the_list_then(simulator: SimulatorInTest) -> None:
    shop = delivered(simulator)
    said = deleting.consequences_of_deleting(Snapshot.objects.get())
    delete_all(shop)

    run = drive(shop.start())

    assert "they stop and ask you first" in said[1]
    assert (run.state, run.reason, run.counts["removals"]) == (RunState.HELD, "empties_list", 30)
    assert shop.members == expected_members(ROWS)
    assert runs.approve(run, by=None)
    assert drive(run).state == RunState.DONE
    assert shop.members == set()


def test_the_numbers_can_be_looked_at_before(simulator: SimulatorInTest) -> None:
    shop = delivered(simulator)
    delete_all(shop)

    dry = drive(shop.start(is_dry_run=True))

    assert (dry.state, dry.counts["removals"], dry.counts["rows"]["read"]) == (RunState.DONE, 30, 0)


@pytest.mark.parametrize("mode", [Mode.ADD, Mode.REMOVE])
def test_who_does_not_mirror_removes_nobody(simulator: SimulatorInTest, mode: str) -> None:
    shop = delivered(simulator)
    type(shop.delivery).objects.update(mode=mode)
    delete_all(shop)

    run = drive(shop.start())

    assert (run.state, run.reason) == (RunState.DONE, "nothing_new")
    assert shop.members == expected_members(ROWS)


def test_archiving_the_dataset_removes_nobody(simulator: SimulatorInTest) -> None:
    shop = delivered(simulator)
    type(shop.dataset).objects.update(archived_at=timezone.now())
    delete_all(shop)

    assert drive(shop.start()).reason == "nothing_new"


def test_who_delivers_only_new_data_removes_nobody(simulator: SimulatorInTest) -> None:
    shop = make_shop(simulator, people(range(5)), scope=Scope.NEW)
    drive(Run.objects.get())
    add_snapshot(shop.dataset, ROWS)
    assert drive(shop.start()).state == RunState.DONE
    delete_all(shop)

    run = drive(shop.start())

    assert (run.state, run.reason) == (RunState.DONE, "nothing_new")
    assert shop.members == expected_members(ROWS)
