"""Making an audience is counted with all other calls, and waits for Pinterest's limit without holding anything up."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audiences import tasks
from audiences.models import Audience, Run
from audiences.services import access, observing, rates
from audiences.states import RunState
from pinconnect.pinterest import customer_lists
from pinconnect.pinterest.client import Client
from pinconnect.pinterest.errors import RateLimited
from pinconnect.pinterest.limits import Category
from pinconnect.queue.models import RateLimit
from tests.factories_audiences import Shop, drive, drive_through, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
HOURS_18 = 18 * 3_600
CREATE = "audiences/create"


@pytest.fixture
def shop(simulator: SimulatorInTest) -> Shop:
    return make_shop(simulator, people(range(150)))


def run() -> Run:
    return Run.objects.select_related("audience").get()


def without_audience(shop: Shop) -> Audience:
    """Everything is delivered, and Pinterest has not made the audience."""
    shop.simulator.fault("error", operation=CREATE, status=400, code=400, message="Small.", times=None)
    assert drive(run()).state == RunState.DONE
    shop.simulator.clear_faults()
    shop.simulator.control("calls", method="DELETE")
    shop.simulator.advance(10)
    Audience.objects.update(observe_at=timezone.now())
    return Audience.objects.select_related("ad_account").get()


def make(shop: Shop, audience: Audience) -> bool:
    return access.make_audience(audience, Client(shop.profile.access_token), shop.profile)


def used(shop: Shop, category: Category) -> int:
    return rates.spent(shop.profile, category).used


def test_a_look_and_a_creation_are_counted(shop: Shop, settings: Any) -> None:
    settings.PINTEREST_TIER = "trial"
    audience = without_audience(shop)
    before = [used(shop, category) for category in (Category.ADS_READ, Category.ADS_WRITE)]

    assert make(shop, audience)

    assert [used(shop, category) for category in (Category.ADS_READ, Category.ADS_WRITE)] == [one + 1 for one in before]


@pytest.mark.parametrize("blocked", [Category.ADS_READ, Category.ADS_WRITE])
def test_nothing_is_asked_or_counted_while_the_limit_is_reached(shop: Shop, settings: Any, blocked: Category) -> None:
    settings.PINTEREST_TIER = "trial"
    audience = without_audience(shop)
    rates.block(shop.profile, blocked, HOURS_18)
    before = used(shop, Category.ADS_WRITE)

    with pytest.raises(access.LimitedError) as caught:
        make(shop, audience)

    assert caught.value.wait_s == pytest.approx(HOURS_18, abs=5)
    assert not shop.simulator.calls()
    assert used(shop, Category.ADS_WRITE) == before


@pytest.mark.parametrize(
    ("operation", "blocked", "free"),
    [("audiences/list", Category.ADS_READ, Category.ADS_WRITE), (CREATE, Category.ADS_WRITE, Category.ADS_READ)],
)
def test_a_limit_that_is_met_is_told_to_everybody(
    shop: Shop, operation: str, blocked: Category, free: Category
) -> None:
    audience = without_audience(shop)
    shop.simulator.fault("rate_limited", operation=operation, reset=90)

    with pytest.raises(access.LimitedError):
        make(shop, audience)

    assert rates.wait_s(shop.profile, blocked) > 80
    assert rates.wait_s(shop.profile, free) < 1


def test_a_run_ends_without_its_audience_while_the_limit_lasts(shop: Shop) -> None:
    shop.simulator.fault("rate_limited", operation=CREATE, reset=HOURS_18, times=None)

    assert drive(run()).state == RunState.DONE

    assert len(shop.simulator.calls(CREATE)) == 1, "settling knows of the limit"
    assert rates.wait_s(shop.profile, Category.ADS_WRITE) > HOURS_18 - 60


def test_a_short_limit_is_worth_waiting_for(shop: Shop) -> None:
    shop.simulator.fault("rate_limited", operation=CREATE, reset=2)

    assert drive(run()).state == RunState.SETTLING
    assert drive_through(run()).state == RunState.DONE

    assert Audience.objects.get().audience_id


def test_settling_learns_from_headers(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "try_audience", lambda *_: None)
    tasks.prepare_run(run().pk)
    tasks.pump_run(run().pk)
    shop.simulator.fault("rate_limited", operation=CREATE, reset=2)
    learned: list[tuple[str, str]] = []
    monkeypatch.setattr(rates, "learn", lambda profile, exchange: learned.append((profile.username, exchange.method)))

    tasks.settle_run(run().pk)

    assert learned == [("bob_garden", "GET"), ("bob_garden", "POST")]


def test_a_watcher_makes_the_audience_when_the_limit_is_over(shop: Shop) -> None:
    audience = without_audience(shop)
    rates.block(shop.profile, Category.ADS_WRITE, 4_000)
    Audience.objects.update(settled_at=timezone.now() - timedelta(hours=30))

    tasks.observe_audience(audience.pk)

    audience.refresh_from_db()
    assert not audience.audience_id
    assert not shop.simulator.calls("audiences/list")
    assert audience.observe_at is not None
    assert audience.observe_at - timezone.now() <= timedelta(seconds=4_000), "and not as late as others"
    RateLimit.objects.update(blocked_until=0)
    Audience.objects.update(observe_at=timezone.now())
    tasks.observe_audience(audience.pk)
    assert Audience.objects.get().audience_id


@pytest.mark.parametrize("is_told_before", [True, False])
def test_a_watcher_that_may_not_look_asks_for_nothing_else(shop: Shop, is_told_before: bool) -> None:
    audience = without_audience(shop)
    if is_told_before:
        rates.block(shop.profile, Category.ADS_READ, 900)
    else:
        shop.simulator.fault("rate_limited", operation="customer_lists/get", reset=900)

    tasks.observe_audience(audience.pk)

    assert len(shop.simulator.calls()) == (0 if is_told_before else 1)
    assert rates.wait_s(shop.profile, Category.ADS_READ) > 800
    found = Audience.objects.get().observe_at
    assert found is not None
    assert timedelta(seconds=800) < found - timezone.now() <= timedelta(seconds=900)


def test_a_limit_without_headers_is_told_to_everybody_too(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def limited(*_: Any) -> None:
        raise RateLimited(retry_after_s=90)

    audience = without_audience(shop)
    monkeypatch.setattr(customer_lists, "get", limited)

    tasks.observe_audience(audience.pk)

    assert rates.wait_s(shop.profile, Category.ADS_READ) > 80


def test_a_watcher_without_calls_left_makes_no_others(shop: Shop, settings: Any) -> None:
    settings.PINTEREST_TIER = "trial"
    audience = without_audience(shop)
    while not rates.watching_wait_s(shop.profile):
        pass

    tasks.observe_audience(audience.pk)

    assert not shop.simulator.calls()


def test_watchers_learn_from_headers(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    audience, methods = without_audience(shop), []
    monkeypatch.setattr(rates, "learn", lambda profile, exchange: methods.append(exchange.method))

    observing.observe(audience.pk)

    assert methods == ["GET", "GET", "POST"]
