"""A run that starts while another one settles pins the ledger that settling leaves, on PostgreSQL."""

import json
from pathlib import Path

import pytest

from tests.support import services
from tests.support.installation import Installation

RACE = """
import json, threading
from django.db import connections, transaction
from django.utils import timezone
from audiences.models import Audience, Delivery, DeliveryColumn
from audiences.services import runs
from pinconnect.datasets.models import Dataset
from pinconnect.profiles.models import AdAccount
from pinconnect.workspaces.models import Workspace

w = Workspace.objects.create(name="W", slug="w")
account = AdAccount.objects.create(workspace=w, pinterest_id="1", name="Shop", is_chosen=True)
audience = Audience.objects.create(workspace=w, ad_account=account, name="A")
dataset = Dataset.objects.create(workspace=w, name="D")
delivery = Delivery.objects.create(workspace=w, name="D", dataset=dataset, audience=audience, state="active",
    published_at=timezone.now())
DeliveryColumn.objects.create(delivery=delivery, column="email", kind="email")
started = []

def start():
    try:
        started.append(runs.start(delivery, by=None, trigger="by_hand").plan["ledger_version"])
    finally:
        connections.close_all()

starter = threading.Thread(target=start)
with transaction.atomic():
    Audience.objects.filter(pk=audience.pk).update(ledger_version=7)
    starter.start()
    starter.join(3)
    was_waiting = starter.is_alive()
starter.join(30)
print(json.dumps([was_waiting, started]))
"""


@pytest.mark.slow
@pytest.mark.services
def test_a_run_pins_the_ledger_that_was_settled_in_the_same_moment(tmp_path: Path) -> None:
    with services.postgres() as server:
        place = Installation(tmp_path / "data", {"DATABASE_URL": server.url})
        place.make_database()

        raced = json.loads(place.manage("shell", "--no-imports", "-c", RACE))

    assert raced == [True, [7]]
