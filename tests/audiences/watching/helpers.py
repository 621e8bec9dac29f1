"""A list that was delivered, somebody else who works on it at Pinterest, and looks at it over time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from audiences import tasks
from audiences.models import Audience, Drift, Observation, Run
from audiences.states import RunState
from tests.factories_audiences import BOBS_ACCOUNT, Shop, drive, make_shop, people
from tests.support.simulator import SimulatorInTest

LISTS = f"/v5/ad_accounts/{BOBS_ACCOUNT}/customer_lists"
AUDIENCES = f"/v5/ad_accounts/{BOBS_ACCOUNT}/audiences"


@dataclass
class Watched:
    """A shop whose list is on Pinterest, and the clock: everybody's, the simulator's included."""

    shop: Shop
    simulator: SimulatorInTest
    clock: Any
    start: Any

    @property
    def audience(self) -> Audience:
        return Audience.objects.select_related("workspace", "ad_account").get(pk=self.shop.delivery.audience_id)

    def wait(self, **span: float) -> None:
        self.clock.shift(timedelta(**span))

    def look(self, **span: float) -> Observation:
        """Let time pass and have Pinterest asked."""
        self.wait(**(span or {"seconds": 10}))
        Audience.objects.update(observe_at=timezone.now(), lease_until=None)
        tasks.observe_audience(self.audience.pk)
        found: Observation = Observation.objects.filter(audience=self.audience).latest("asked_at")
        return found

    def deliver(self, numbers: Iterable[int]) -> Run:
        self.shop.change(people(numbers))
        run = drive(self.shop.start())
        assert run.state == RunState.DONE, run.reason
        return run

    def somebody_else(self, method: str, path: str, body: dict[str, Any]) -> None:
        """Another tool, with a token of its own, for the same Pinterest user."""
        token = self.simulator.grant("bob")["access_token"]
        answer = self.simulator.call(method, path, token=token, json_body=body)
        assert answer.status == 200, answer.body

    def write_as_another(self, operation: str, numbers: Iterable[int]) -> None:
        records = ",".join(one["email"] for one in people(numbers))
        path = f"{LISTS}/{self.audience.customer_list_id}"
        self.somebody_else("PATCH", path, {"operation_type": operation, "records": records})

    def rename_list(self, name: str) -> None:
        """As in Ads Manager; the API cannot."""
        store = self.simulator.app.world.store
        store.run("UPDATE customer_lists SET name = ? WHERE id = ?", name, int(self.audience.customer_list_id))

    def drift(self, kind: str) -> Drift | None:
        return Drift.objects.filter(audience=self.audience, kind=kind).order_by("-pk").first()


def watched(simulator: SimulatorInTest, clock: Any, count: int = 300, **draft: Any) -> Watched:
    """Delivered, matched, and looked at once it is certain what Pinterest has counted."""
    shop = make_shop(simulator, people(range(count)), **draft)
    run = drive(Run.objects.get(delivery=shop.delivery))
    assert run.state == RunState.DONE, run.reason
    found = Watched(shop, simulator, clock, timezone.now())
    found.look()
    found.look(minutes=20)
    return found
