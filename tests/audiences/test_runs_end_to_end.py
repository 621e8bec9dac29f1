"""Whole runs against the simulator, task by task, compared with the slow reference."""

import pytest

from audiences.models import Run
from audiences.states import RunState
from tests.factories_audiences import ALL_KINDS, drive, expected_members, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
DIRTY = [
    {"email": "no address", "phone": "12", "gaid": "x"},
    {"email": "", "phone": "", "gaid": ""},
    {"email": " Member00003@Example.com ", "phone": "+1 (415) 555-0003", "gaid": ""},
]


def test_a_first_run_puts_exactly_the_dataset_on_the_list(simulator: SimulatorInTest) -> None:
    rows = people(range(150)) + DIRTY
    shop = make_shop(simulator, rows, columns=ALL_KINDS)

    run = drive(Run.objects.get())

    assert (run.state, run.reason) == (RunState.DONE, "")
    assert shop.members == expected_members(rows, ALL_KINDS)
