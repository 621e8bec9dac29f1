"""The match rate is given where it says something, and where it would mislead the page says why there is none."""

from typing import Any

import pytest

from audiences.models import Audience, Delivery, Doubt, Mode
from audiences.reports.matching import rate_of
from tests.audiences.watching.helpers import Watched, watched
from tests.factories_audiences import ALL_KINDS
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db


def strangers(count: int, start: int = 3_000) -> range:
    """People whom the simulator does not know."""
    return range(start, start + count)


def test_size_by_identifiers_once_two_days_have_passed(seen: Watched) -> None:
    seen.deliver([*range(300), *strangers(700)])

    early = seen.look(hours=47)
    late = seen.look(hours=2)

    assert (early.rate, early.doubt) == (None, Doubt.FRESH)
    assert "within the last 48 hours" in rate_of(early).why
    assert late.rate == pytest.approx(0.3)
    assert rate_of(late).text == "30.0%"


def test_a_list_that_changes_a_little_every_day_has_a_rate_too(seen: Watched) -> None:
    for day in range(4):
        seen.deliver(range(300 + 3 * day))
        found = seen.look(hours=24)

    assert found.rate == pytest.approx(1.0)
    assert found.change_at is not None
    assert (found.asked_at - found.change_at).days < 2


def test_a_large_change_hides_it_again_for_two_days(seen: Watched) -> None:
    seen.look(hours=60)
    seen.deliver([*range(300), *strangers(60)])

    assert seen.look(hours=24).doubt == Doubt.FRESH
    assert seen.look(hours=25).rate == pytest.approx(300 / 360)


def test_an_existing_list_has_none(seen: Watched) -> None:
    Audience.objects.update(is_existing=True)

    assert seen.look(hours=60).doubt == Doubt.EXISTING


def test_a_delivery_that_removes_nobody_has_none(seen: Watched) -> None:
    Delivery.objects.update(mode=Mode.ADD)

    found = seen.look(hours=60)

    assert found.doubt == Doubt.REMOVALS_OFF
    assert "People who left your dataset are still on the list" in rate_of(found).why


def test_a_list_that_others_write_to_has_none_from_that_moment_on(seen: Watched) -> None:
    seen.look(hours=60)
    seen.write_as_another("ADD", range(300, 400))

    assert seen.look(hours=1).doubt == Doubt.SHARED
    assert seen.look(hours=60).doubt == Doubt.SHARED


def test_below_a_hundred_there_is_no_size_to_reckon_with(db: None, clock: Any, simulator: SimulatorInTest) -> None:
    found = watched(simulator, clock, 60).look(hours=60)

    assert (found.rate, found.doubt) == (None, Doubt.NO_SIZE)


def test_several_identifiers_of_a_person_are_counted_as_rows(db: None, clock: Any, simulator: SimulatorInTest) -> None:
    found = watched(simulator, clock, 300, columns=ALL_KINDS).look(hours=60)

    assert found.member_count == 900
    assert (found.base, found.is_by_rows, found.doubt) == (300, True, "")
    assert "300 people of 300 rows" in rate_of(found).why


def test_more_people_than_were_sent_is_no_rate(seen: Watched) -> None:
    Audience.objects.update(ledger_members={"email": 200})

    assert seen.look(hours=60).doubt == Doubt.OVER_ALL
