"""What Pinterest said is kept: whole for some days, daily for a year, and never without bound."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from audiences.models import Audience, Observation
from audiences.watching import observations
from audiences.watching.reconcile import tidy
from tests.audiences.watching.helpers import Watched, watched
from tests.support.simulator import SimulatorInTest


def test_everything_that_pinterest_says_is_kept_with_what_was_ours_then(seen: Watched) -> None:
    found = Observation.objects.latest("asked_at")

    assert (found.list_state, found.audience_state, found.size) == ("READY", "READY", 300)
    assert (found.num_batches, found.num_uploaded, found.num_removed) == (1, 300, 0)
    assert (found.list_name, found.audience_name) == ("Customer List-Newsletter", "Audience-Newsletter")
    assert found.members == {"email": 300}


def test_the_same_answer_again_is_kept_once_an_hour(seen: Watched) -> None:
    before = Observation.objects.count()

    for _ in range(6):
        seen.look(minutes=20)

    assert Observation.objects.count() == before + 2


def test_how_long_matching_took_is_known_only_if_it_was_seen_under_way(
    db: None, clock: Any, simulator: SimulatorInTest
) -> None:
    simulator.settings(ready_delay_s=7_200)
    seen = watched(simulator, clock)
    assert not Observation.objects.exclude(matched_s=None).exists()

    found = seen.look(hours=2)

    assert found.matched_s is not None
    assert 7_200 <= found.matched_s <= 9_000
    assert seen.look(hours=2).matched_s is None


def test_old_days_keep_one_observation_that_inherits_what_was_found(seen: Watched) -> None:
    audience = Audience.objects.get()
    Observation.objects.all().delete()
    start = datetime(2026, 11, 1, tzinfo=UTC)
    for hour in range(0, 24 * 10, 6):
        Observation.objects.create(
            audience=audience,
            asked_at=start + timedelta(hours=hour),
            list_state="READY",
            size=hour,
            foreign_calls=1,
            matched_s=hour,
        )

    removed = observations.thin(audience, start + timedelta(days=10))

    kept = Observation.objects.order_by("asked_at")
    assert removed == 7 * 3
    assert [one.asked_at.hour for one in kept[:7]] == [18] * 7
    assert kept[0].foreign_calls == 4
    assert kept[0].matched_s == 18
    assert sum(one.foreign_calls for one in kept) == 40
    assert observations.thin(audience, start + timedelta(days=10)) == 0


def test_a_year_of_daily_looks_stays_within_bounds(seen: Watched) -> None:
    for day in range(20):
        seen.wait(days=1)
        for _ in range(3):
            seen.look(hours=1, minutes=day)

    assert Observation.objects.count() <= 17 + 4 * 4
    seen.wait(days=400)
    assert tidy() > 0
    assert not Observation.objects.filter(asked_at__lt=timezone.now() - timedelta(days=366)).exists()
