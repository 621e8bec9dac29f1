"""`manage.py deliver --list-id`: into a list that is on Pinterest already, and out of one."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from audiences.models import Delivery, ListedList
from pinconnect.profiles.models import Profile
from tests.audiences.management.test_deliver import write
from tests.factories import make_user, make_workspace
from tests.factories_audiences import BOBS_ACCOUNT, expected_members, make_ad_account, make_profile, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db


@pytest.fixture
def lists(simulator: SimulatorInTest) -> list[str]:
    profile = make_profile(make_workspace("Acme", owner=make_user("Alice")), simulator)
    make_ad_account(profile)
    assert Profile.objects.count() == 1
    return simulator.seed_lists(BOBS_ACCOUNT, 6)


def deliver(file: Path, wanted: str, *options: str) -> dict[str, Any]:
    out = StringIO()
    command = ("deliver", str(file), "--list-id", wanted, "--map", "email=email", *options, "--json")
    call_command(*command, stdout=out)
    return dict(json.loads(out.getvalue()))


def test_a_file_goes_into_a_list_by_id_and_again_without_asking_for_all(
    lists: list[str], simulator: SimulatorInTest, tmp_path: Path
) -> None:
    before = simulator.members(lists[2])
    file = write(tmp_path / "a.csv", people(range(2000, 2120)))

    assert deliver(file, lists[2])["customer_list_id"] == lists[2]
    listings = len(simulator.calls("customer_lists/list"))
    again = deliver(write(tmp_path / "b.csv", people(range(2000, 2130))), lists[2])

    assert (again["sent"], again["already_there"]) == (10, 120)
    assert simulator.members(lists[2]) == before | expected_members(people(range(2000, 2130)))
    assert len(simulator.calls("customer_lists/list")) == listings


def test_people_are_taken_out_of_a_list_by_name(lists: list[str], simulator: SimulatorInTest, tmp_path: Path) -> None:
    before = simulator.members(lists[0])
    file = write(tmp_path / "optouts.csv", people(range(5)))

    found = deliver(file, "Customer List-Newsletter 001", "--mode", "remove")

    assert found["removed"] == 5
    assert simulator.members(lists[0]) == before - expected_members(people(range(5)))


def test_a_list_that_is_not_there_or_not_clear_is_refused_with_the_choices(
    lists: list[str], simulator: SimulatorInTest, tmp_path: Path
) -> None:
    file = write(tmp_path / "a.csv", people(range(3)))
    with pytest.raises(CommandError, match=r"There is no list “Moon”.*Use --list-id with one of: .*Newsletter 001"):
        deliver(file, "Moon")
    simulator.app.world.store.run("UPDATE customer_lists SET name = 'Twin' WHERE id IN (?, ?)", lists[3], lists[4])

    with pytest.raises(CommandError, match="Several lists are called “Twin”"):
        deliver(file, "Twin")

    assert not Delivery.objects.exists()
    assert ListedList.objects.count() == 6
