"""A run that starts while something else happens to its list, on PostgreSQL."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support import services
from tests.support.installation import Installation

MAKE = """
import json, threading
from django.db import connections, transaction
from django.utils import timezone
from audiences.models import Audience, Delivery, DeliveryColumn
from audiences.services import refilling, runs
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
"""
SETTLED = """

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
REPLACED = """
Audience.objects.update(customer_list_id="7", list_state="GONE")
Delivery.objects.update(mode="add")
other = Delivery.objects.create(workspace=w, name="E", dataset=dataset, audience=audience, state="active", mode="add",
    published_at=timezone.now())
DeliveryColumn.objects.create(delivery=other, column="email", kind="email")
seen, check = [], runs._check_startable

def replace():
    try:
        started.append(refilling.start_over(delivery, by=None).audience_id)
    except Exception as error:
        started.append(type(error).__name__)
    finally:
        connections.close_all()

def check_slowly(locked, **how):
    check(locked, **how)
    if locked.pk == other.pk:
        # Its own row is locked, that of the audience is not yet.
        replacer.start()
        replacer.join(2)
        seen.append(replacer.is_alive())

replacer, runs._check_startable = threading.Thread(target=replace), check_slowly
try:
    seen.append(runs.start(other, by=None, trigger="by_hand").audience_id == audience.pk)
except Exception as error:
    seen.append(type(error).__name__)
replacer.join(30)
print(json.dumps([seen, started, Audience.objects.count()]))
"""
SCHEDULED = """
from audiences.models import Schedule
from audiences.services import schedules

wish = schedules.Wish("interval", every_minutes=60)
due = schedules.change(delivery, wish, by=None)
Schedule.objects.update(due_at=timezone.now())
due.refresh_from_db()
start = runs.start

def save():
    try:
        started.append(schedules.change(delivery, wish, by=None) is not None)
    except Exception as error:
        started.append(type(error).__name__)
    finally:
        connections.close_all()

def start_late(*args, **how):
    # The schedule's own row is locked by now.
    saver.start()
    saver.join(2)
    return start(*args, **how)

saver, schedules.runs.start = threading.Thread(target=save), start_late
fired = schedules._start(due, timezone.now())
saver.join(30)
print(json.dumps([fired, started]))
"""


pytestmark = [pytest.mark.slow, pytest.mark.services]


def raced(folder: Path, script: str) -> Any:
    """What a script printed in an installation of its own."""
    with services.postgres(with_tables=True) as server:
        place = Installation(folder, {"DATABASE_URL": server.url})
        return json.loads(place.manage("shell", "--no-imports", "-c", MAKE + script))


def test_a_run_pins_the_ledger_that_was_settled_in_the_same_moment(tmp_path: Path) -> None:
    assert raced(tmp_path / "data", SETTLED) == [True, [7]]


def test_a_list_replaced_while_another_delivery_of_it_starts_makes_nobody_wait_for_ever(tmp_path: Path) -> None:
    """The run that started first has the old list; replacing waits for it, and is then refused in words."""
    assert raced(tmp_path / "data", REPLACED) == [[True, True], ["ServiceRefusal"], 1]


def test_a_schedule_that_is_saved_while_it_starts_a_run_waits_for_it(tmp_path: Path) -> None:
    assert raced(tmp_path / "data", SCHEDULED) == [True, [True]]
