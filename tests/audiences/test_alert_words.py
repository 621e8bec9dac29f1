"""Alerts that were raised by an earlier version keep what they say after an upgrade."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps

from audiences.messages import held
from audiences.models import Delivery, Mode
from pinconnect.alerts import wording
from pinconnect.alerts.models import Alert
from tests.factories_audiences import Shop, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
upgrade = import_module("audiences.migrations.0069_alert_words")


@pytest.fixture
def shop(simulator: SimulatorInTest) -> Shop:
    return make_shop(simulator, people(range(10)))


def upgraded(shop: Shop, kind: str, **context: Any) -> wording.RenderedAlert:
    base = {
        "slug": shop.workspace.slug,
        "delivery": "Newsletter",
        "delivery_id": shop.delivery.pk,
        "run": 3,
        "run_id": 1,
    }
    alert = Alert.objects.create(workspace=shop.workspace, kind=f"audiences.{kind}", context={**base, **context})
    upgrade.fill(apps, None)
    alert.refresh_from_db()
    return wording.render(alert)


@pytest.mark.parametrize(
    ("adds", "removals", "members"), [(0, 1_200, 9_000), (5_000, 0, 300), (4, 1, 1), (1, 0, 2), (0, 1, 1)]
)
def test_held_run_still_says_what_it_would_do(shop: Shop, adds: int, removals: int, members: int) -> None:
    found = upgraded(shop, "run_held", adds=f"{adds:,}", removals=f"{removals:,}", members=f"{members:,}")

    change = held(adds=adds, removals=removals, members=members)
    assert found.body == f"Run 3 would {change}. Nothing was sent yet."


@pytest.mark.parametrize(("mode", "todo"), [(Mode.MIRROR, "Make a new list"), (Mode.REMOVE, "only takes people out")])
def test_list_that_is_gone_still_has_its_next_step(shop: Shop, mode: str, todo: str) -> None:
    Delivery.objects.update(mode=mode)

    assert todo in upgraded(shop, "list_gone", list="Theirs").next_step


def test_what_says_it_already_is_left_alone(shop: Shop) -> None:
    assert upgraded(shop, "list_gone", list="Theirs", todo="Wait.").next_step == "Wait."
    assert upgraded(shop, "run_held", change="do it", adds="4").body == "Run 3 would do it. Nothing was sent yet."
