"""Pinterest's limits are shared by everybody who speaks for a user, and Pinterest's own word counts more."""

from typing import Any

import pytest

from audiences.services import rates
from pinconnect.pinterest.client import RateHeaders
from pinconnect.pinterest.limits import Category
from pinconnect.profiles.models import Profile

pytestmark = pytest.mark.django_db
BOB, DANA = Profile(pinterest_id="1", username="bob"), Profile(pinterest_id="2", username="dana")
WRITE, READ = Category.ADS_WRITE, Category.ADS_READ


def granted(profile: Profile, category: Category) -> int:
    """Calls granted before the first wait."""
    return next(count for count in range(10_000) if rates.wait_s(profile, category))


def test_a_tenth_of_a_minutes_calls_may_go_at_once() -> None:
    assert 40 <= granted(BOB, WRITE) <= 45
    assert 0 < rates.wait_s(BOB, WRITE) < 1


def test_users_and_categories_do_not_share() -> None:
    granted(BOB, WRITE)

    assert rates.wait_s(DANA, WRITE) == 0.0
    assert rates.wait_s(BOB, READ) == 0.0


def test_a_trial_app_is_counted_as_a_whole(settings: Any) -> None:
    settings.PINTEREST_TIER = "trial"

    assert 300 <= granted(BOB, WRITE) <= 301
    assert rates.wait_s(DANA, WRITE) > 60


@pytest.mark.parametrize(("remaining", "waits"), [(1, False), (0, True)])
def test_headers_without_calls_left_stop_everybody_until_the_reset(remaining: int, waits: bool) -> None:
    rates.note(BOB, WRITE, RateHeaders(limit=400, remaining=remaining, reset_s=30))

    assert (rates.wait_s(BOB, WRITE) > 25) is waits


def test_a_refusal_blocks_for_as_long_as_it_says() -> None:
    rates.block(BOB, WRITE, 90)
    rates.note(BOB, WRITE, None)

    assert 85 < rates.wait_s(BOB, WRITE) <= 90
