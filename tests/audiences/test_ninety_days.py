"""Three months at a Pinterest that ends tokens after thirty days: nobody has to do anything, unless it refuses."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.core import mail as django_mail
from django.test import Client

from audiences import profile_care, reconcile
from audiences.models import Delivery, Run
from audiences.models.schedule import Rhythm
from audiences.services import schedules
from audiences.states import DeliveryState, RunState
from invites import reconcile as invites_reconcile
from pinconnect.alerts.models import Alert
from pinconnect.profiles import reconcile as profiles_reconcile
from pinconnect.profiles import tasks as profile_tasks
from pinconnect.profiles.models import Profile
from pinconnect.workspaces import mail
from pinconnect.workspaces.models import OutgoingEmail, User
from tests.factories import make_member, make_user
from tests.factories_audiences import Rows, Shop, drive, expected_members, make_shop, people
from tests.simulator.helpers import Browser, returned
from tests.support.simulator import SimulatorInTest

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
CALLBACK = "/oauth/pinterest/callback/"


@dataclass
class Life:
    """A delivery that runs daily, and the one clock by which Pinterest and PinConnect live."""

    shop: Shop
    mark: User
    clock: Any
    rows: Rows

    def days(self, count: int, *, step: int = 1) -> None:
        """Let days pass; at the end of each step the workers do what is due."""
        for _ in range(0, count, step):
            self.clock.shift(timedelta(days=step))
            self.work()

    def work(self) -> None:
        """What the reconcilers would hint and the workers do, in one process."""
        for profile in Profile.objects.due_for_renewal(datetime.now(UTC)):
            profile_tasks.renew_profile(profile.pk)
        profiles_reconcile.announce_expiring()
        profile_care.pause_refused()
        reconcile.resume_recovered()
        invites_reconcile.ask_for_expired()
        schedules.start_due()
        for run in Run.objects.active():
            drive(run)
        for row in OutgoingEmail.objects.filter(due_at__lte=datetime.now(UTC)):
            mail.send(row.pk)

    def change(self, numbers: range) -> None:
        self.rows = people(numbers)
        self.shop.change(self.rows)

    @property
    def delivery(self) -> Delivery:
        self.shop.delivery.refresh_from_db()
        return self.shop.delivery

    @property
    def writes(self) -> int:
        return len(self.shop.simulator.calls("customer_lists/update"))


@pytest.fixture
def life(simulator: SimulatorInTest, settings: Any) -> Iterator[Life]:
    settings.BATCH_RECORDS = 10
    with time_machine.travel(START, tick=True) as clock:
        rows = people(range(30))
        shop = make_shop(simulator, rows)
        mark = make_member(shop.workspace, "marketer", user=make_user("Mark")).user
        Profile.objects.update(pinterest_id="549755885175", username="bobs_garden", connected_by=mark)
        schedules.change(shop.delivery, schedules.Wish(Rhythm.INTERVAL, every_minutes=24 * 60), by=None)
        drive(Run.objects.get())
        made = Life(shop, mark, clock, rows)
        yield made


@pytest.mark.parametrize("rotation", ["lenient", "strict"])
def test_deliveries_keep_running_for_ninety_days_without_a_human(life: Life, rotation: str) -> None:
    life.shop.simulator.settings(rotation=rotation)
    for month in range(9):
        life.days(9, step=3)
        life.change(range(month * 3, 40 + month))
    life.days(9, step=3)

    profile = Profile.objects.get()
    assert datetime.now(UTC) - START >= timedelta(days=90)
    assert (profile.state, profile.renewal_problem) == ("connected", "")
    assert profile.expires_at > datetime.now(UTC) + timedelta(days=29)
    assert set(Run.objects.values_list("state", flat=True)) == {RunState.DONE}
    assert life.shop.members == expected_members(life.rows)
    assert not Alert.objects.filter(kind__startswith="profiles.").exists(), "no false alarm"


def reconnect(life: Life, path: str) -> None:
    """Mark follows the link of the e-mail, and grants access again at Pinterest, signed in there as Bob."""
    web = Client()
    web.force_login(life.mark)
    assert b"Pinterest no longer accepts this profile" in web.get(path).content
    profile = Profile.objects.get()
    answer = web.post(f"/w/{life.shop.workspace.slug}/profiles/connect/", {"profile": profile.pk})
    state = parse_qs(urlsplit(answer.url).query)["state"][0]
    browser = Browser(life.shop.simulator)
    browser.sign_in("bob")
    assert web.get(CALLBACK, returned(browser.decide("allow", None, state=state))).url == profile.get_absolute_url()


def links_to(life: Life, path: str) -> list[str]:
    """The addresses of e-mails to Mark in which the path stands."""
    sent = [message for message in django_mail.outbox if message.to == [life.mark.email]]
    return [message.subject for message in sent if path in message.body]


def test_refused_deliveries_pause_the_link_arrives_and_the_reconnect_sends_what_was_missed(life: Life) -> None:
    life.days(12, step=3)
    life.shop.simulator.control("tokens", {"user": "bob", "action": "revoke"})
    runs_before = Run.objects.count()
    life.days(1)

    page = Profile.objects.get().get_absolute_url()
    assert Profile.objects.get().state == "expired"
    assert (life.delivery.state, life.delivery.pause_reason) == (DeliveryState.PAUSED, "profile_expired")
    assert any("reconnect" in subject.lower() for subject in links_to(life, page)), django_mail.outbox
    writes = life.writes
    life.change(range(5, 60))
    life.days(6, step=2)
    life.change(range(8, 75))
    life.days(20, step=4)
    assert life.writes == writes, "nothing is sent meanwhile"
    assert Run.objects.exclude(state=RunState.DONE).count() <= 1

    reconnect(life, page)
    assert life.delivery.state == DeliveryState.ACTIVE
    life.work()

    made_up = Run.objects.order_by("pk")[runs_before:]
    assert [run.state for run in made_up] == [RunState.DONE], "one run makes up for all that was missed"
    assert life.shop.members == expected_members(life.rows)
    assert set(Alert.objects.filter(resolved_at=None).values_list("kind", flat=True)) <= {"audiences.too_small"}


def test_a_run_under_way_waits_for_the_reconnect_and_goes_on_where_it_was(life: Life) -> None:
    life.days(1)
    life.change(range(60))
    run = schedules.runs.start(life.delivery, by=None, trigger="by_hand")
    life.shop.simulator.fault("revoked_token", operation="customer_lists/update", skip=1)
    life.work()

    run.refresh_from_db()
    assert (run.state, life.delivery.state) == (RunState.UPLOADING, DeliveryState.PAUSED)
    sent = run.batches.filter(state="sent").count()
    assert sent == 1
    reconnect(life, Profile.objects.get().get_absolute_url())
    life.work()

    run.refresh_from_db()
    assert (run.state, run.batches.filter(state="sent").count()) == (RunState.DONE, 3)
    assert life.shop.members == expected_members(life.rows)


def test_a_token_that_ends_unnoticed_is_renewed_on_demand_and_no_delivery_fails(life: Life) -> None:
    life.days(1)
    life.change(range(50))
    life.shop.simulator.control("tokens", {"user": "bob", "action": "expire", "kind": "access"})

    life.days(1)

    assert life.delivery.state == DeliveryState.ACTIVE
    assert set(Run.objects.values_list("state", flat=True)) == {RunState.DONE}
    assert life.shop.members == expected_members(life.rows)


def test_a_month_without_workers_is_no_reason_to_reconnect(life: Life) -> None:
    life.clock.shift(timedelta(days=45))
    life.change(range(50))

    life.work()

    assert Profile.objects.get().state == "connected"
    assert life.shop.members == expected_members(life.rows)
