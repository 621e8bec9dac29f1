"""What it costs to find the records that Pinterest refuses without naming them, in calls."""

from math import log2
from typing import Any

import pytest

from audiences.models import Batch, Run
from audiences.states import BatchState, RunState
from tests.factories_audiences import drive_through, expected_members, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
SIZE = 10_000
ROWS = people(range(SIZE))
FOR_EACH = 2 * log2(SIZE)


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param([0], id="the first"),
        pytest.param([SIZE - 1], id="the last"),
        # Where the smaller half alone would cost as much as it may, and where a way leads through both.
        pytest.param([4_999], id="the last of the first half"),
        pytest.param([6_666], id="in between"),
        pytest.param([1_000, 1_001, 1_002], id="three in a row"),
        pytest.param(list(range(7, SIZE, 1_111)), id="nine all over the batch"),
    ],
)
def test_each_bad_record_of_ten_thousand_costs_at_most_twice_the_binary_logarithm(
    simulator: SimulatorInTest, settings: Any, bad: list[int]
) -> None:
    settings.BATCH_RECORDS = SIZE
    shop = make_shop(simulator, ROWS)
    everybody = sorted(expected_members(ROWS))
    refused = {everybody[position] for position in bad}
    simulator.fault("bad_records", digests=[digest for _, digest in refused])

    run = drive_through(Run.objects.select_related("delivery", "audience").get())

    assert (run.state, run.reason) == (RunState.DONE, "some_refused")
    assert shop.members == set(everybody) - refused
    assert (run.counts["final"]["rows"]["sent"], run.counts["final"]["rows"]["failed"]) == (SIZE - len(bad), len(bad))
    assert set(Batch.objects.filter(state=BatchState.FAILED).values_list("count", flat=True)) == {1}
    calls = len(simulator.calls("customer_lists/create")) + len(simulator.calls("customer_lists/update"))
    assert calls - 1 <= FOR_EACH * len(bad), f"{calls - 1} more calls for {len(bad)}"
