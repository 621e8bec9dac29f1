"""A list that was delivered, and erasures that are carried out as if time passed."""

from hashlib import sha256
from typing import Any

from audiences.models import Erasure, Removal, Run, Trigger
from audiences.people import erasing
from audiences.people.members import Wanted
from audiences.services import deliveries
from audiences.states import RunState
from tests.factories_audiences import Shop, drive, drive_through, make_dataset, make_draft, make_shop, people
from tests.support.simulator import SimulatorInTest


def email(number: int) -> Wanted:
    return Wanted("email", sha256(f"member{number:05d}@example.com".encode()).digest())


def delivered(simulator: SimulatorInTest, numbers: range = range(300), **draft: Any) -> Shop:
    shop = make_shop(simulator, people(numbers), **draft)
    assert drive(Run.objects.get(delivery=shop.delivery)).state == RunState.DONE
    return shop


def deliver_second(shop: Shop, numbers: range = range(200)) -> Run:
    """Another list of the workspace, called B."""
    dataset = make_dataset(shop.workspace, people(numbers), name="B")
    draft = make_draft(shop.profile, shop.ad_account, dataset, name="B")
    return drive(deliveries.publish(draft, by=None))


def ask(shop: Shop, *wanted: Wanted) -> Erasure:
    return erasing.request(shop.workspace, by=None, wanted=wanted or [email(7)])


def carry_out(erasure: Erasure, *, rounds: int = 20) -> None:
    """What the reconciler and the workers would do, as if time passed."""
    for _ in range(rounds):
        Removal.objects.filter(next_attempt_at__isnull=False).update(next_attempt_at=None)
        if erasing.work(erasure.pk) == 0:
            break
        for run in Run.objects.active().filter(trigger=Trigger.ERASURE):
            drive_through(run)
    erasure.refresh_from_db()


def digests(shop: Shop) -> set[str]:
    return {member[1] for member in shop.members}
