"""A delivery with a filter: the list ends with the rows that match, and every other row is accounted for."""

import pytest

from audiences.filtering.conditions import RowFilter
from audiences.models import Delivery, Run, Trigger
from audiences.people import erasing
from audiences.people.lookup import Wanted
from audiences.reports import counts
from audiences.services import editing, filters, runs
from audiences.services.refusals import ServiceRefusal
from audiences.states import RunState
from pinconnect.datasets.services import delete_snapshot
from tests.factories_audiences import ALL_KINDS, Shop, drive, expected_members, make_shop, people
from tests.support.reference_filter import matches
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db


def only(column: str, operator: str, *values: str) -> dict[str, object]:
    condition = {"column": column, "operator": operator, "values": list(values)}
    return {"match": "any", "is_day_first": False, "groups": [{"match": "all", "conditions": [condition]}]}


def rows(numbers: range) -> list[dict[str, str]]:
    return [row | {"country": ("DE", "FR")[n % 2], "age": str(n)} for n, row in enumerate(people(numbers))]


def narrow(shop: Shop, row_filter: dict[str, object]) -> None:
    Delivery.objects.filter(pk=shop.delivery.pk).update(row_filter=row_filter)
    shop.delivery.refresh_from_db()


@pytest.fixture
def shop(simulator: SimulatorInTest) -> Shop:
    made = make_shop(simulator, rows(range(200)))
    runs.cancel(Run.objects.get(), by=None)
    drive(Run.objects.get())
    return made


def test_list_holds_who_matches_and_the_rest_is_accounted_for(shop: Shop) -> None:
    chosen = only("country", "is", "de")
    narrow(shop, chosen)

    run = drive(shop.start())

    assert run.state == RunState.DONE, run.reason
    assert shop.members == expected_members(rows(range(200)), row_filter=chosen)
    assert shop.members == expected_members([row for row in rows(range(200)) if matches(row, chosen)])
    final = run.counts["final"]["rows"]
    assert (final["read"], final["sent"], final["left_out"]) == (200, 100, 100)
    assert counts.lines(run.counts)[-1].count == 100
    assert sum(line.count for line in counts.lines(run.counts)) == 200


def test_run_under_way_keeps_the_filter_it_began_with(shop: Shop) -> None:
    narrow(shop, only("country", "is", "DE"))
    run = shop.start()

    narrow(shop, only("country", "is", "FR"))

    assert drive(run).state == RunState.DONE
    assert shop.members == expected_members(rows(range(200)), row_filter=only("country", "is", "DE"))
    assert not runs.is_current(run)


def test_narrower_filter_in_mirror_mode_takes_people_out_after_a_hold(shop: Shop) -> None:
    drive(shop.start())
    assert len(shop.members) == 200
    narrow(shop, only("age", "below", "20"))

    run = drive(shop.start())
    assert (run.state, run.reason) == (RunState.HELD, "removes_many")
    runs.approve(run, by=None)

    assert drive(run).state == RunState.DONE
    assert len(shop.members) == 20


def test_filter_that_matches_nobody_asks_before_it_empties_the_list(shop: Shop) -> None:
    drive(shop.start())
    narrow(shop, only("country", "is", "XX"))

    run = drive(shop.start())

    assert (run.state, run.reason) == (RunState.HELD, "empties_list")


def test_missing_column_fails_the_run_in_words_and_changes_nothing(shop: Shop) -> None:
    drive(shop.start())
    narrow(shop, only("tier", "is", "gold"))

    run = drive(shop.start())

    assert (run.state, run.reason, run.counts["problem"]["detail"]) == (RunState.FAILED, "column_missing", "tier")
    assert len(shop.members) == 200


def test_emptied_dataset_empties_a_filtered_list_only_after_a_hold(shop: Shop) -> None:
    narrow(shop, only("country", "is", "DE"))
    drive(shop.start())
    delete_snapshot(shop.dataset.snapshots.get(), by=None)

    run = drive(shop.start())

    assert (run.state, run.reason) == (RunState.HELD, "empties_list")


def test_erased_people_stay_away_and_left_out_ones_are_no_reason(shop: Shop) -> None:
    digests = sorted(digest for _, digest in expected_members(rows(range(2))))
    erasing.request(shop.workspace, by=None, wanted=[Wanted("email", bytes.fromhex(digest)) for digest in digests])
    narrow(shop, only("country", "is", "DE"))

    final = drive(shop.start()).counts["final"]["rows"]

    assert (final["held_back"], final["left_out"], final["sent"]) == (1, 100, 99)


def test_dry_run_says_what_could_not_be_compared(shop: Shop) -> None:
    narrow(shop, only("country", "above", "5"))

    run = drive(runs.start(shop.delivery, by=None, trigger=Trigger.DRY_RUN, is_dry_run=True))

    assert counts.remarks(run.counts) == [
        "200 rows have no number in “country”, so a condition that asks for one does not match them."
    ]


def test_filter_may_not_name_an_identifier_of_a_column_that_is_sent(shop: Shop) -> None:
    wanted = RowFilter.from_json(only("gaid", "is", people(range(1))[0]["gaid"]))
    editing.change(shop.delivery, editing.Wish(columns=ALL_KINDS), by=None)

    with pytest.raises(ServiceRefusal) as refused:
        filters.set_filter(shop.delivery, by=None, row_filter=wanted)

    assert refused.value.code == "filter_refused"
    assert "“gaid” is sent to Pinterest" in refused.value.sentence
    assert not Delivery.objects.get().row_filter


def test_column_named_by_a_filter_value_by_value_is_not_sent_afterwards(shop: Shop) -> None:
    filters.set_filter(
        shop.delivery, by=None, row_filter=RowFilter.from_json(only("gaid", "is", people(range(1))[0]["gaid"]))
    )

    with pytest.raises(ServiceRefusal) as refused:
        editing.change(shop.delivery, editing.Wish(columns=ALL_KINDS), by=None)

    assert refused.value.code == "filter_refused"
    assert [column.column for column in shop.delivery.columns.all()] == ["email"]
