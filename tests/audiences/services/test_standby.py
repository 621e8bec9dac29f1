"""A second profile takes over when Pinterest refuses the first, hands back, and is named wherever it sent."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from django.db.models import Count

from audiences import profile_care, reconcile, tasks
from audiences.models import Batch, Run
from audiences.services import deliveries, editing, standby, standby_choice
from audiences.services.refusals import ServiceRefusal
from audiences.states import DeliveryState, RunState
from pinconnect.alerts.models import Alert
from pinconnect.profiles import services as profiles
from pinconnect.profiles import tokens
from pinconnect.profiles.models import AdAccountAccess, Profile
from pinconnect.profiles.signals import profile_recovered
from tests.factories import make_workspace
from tests.factories_audiences import Shop, drive, expected_members, make_ad_account, make_profile, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db(transaction=True)
# Owned by the simulator's Alice, who shares it with Bob.
SHARED = "549700000202"
ROWS = people(range(30))


@dataclass
class Pair:
    shop: Shop
    bob: Profile
    alice: Profile

    def revoke(self, user: str) -> None:
        self.shop.simulator.control("tokens", {"user": user, "action": "revoke"})

    def reconnect(self, profile: Profile, user: str) -> None:
        """As the callback does: a new grant, and the signal that the profile works again."""
        pair = self.shop.simulator.grant(user)
        Profile.objects.filter(pk=profile.pk).update(
            state="connected",
            access_token=pair["access_token"],
            refresh_token=pair["refresh_token"],
            token_version=profile.token_version + 10,
        )
        profile.refresh_from_db()
        profile_recovered.send(Profile, profile=profile)

    def run(self) -> Run:
        return drive(self.shop.start())

    @property
    def delivery(self) -> Any:
        self.shop.delivery.refresh_from_db()
        return self.shop.delivery


@pytest.fixture
def pair(simulator: SimulatorInTest, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Pair:
    """Bob's delivery into the ad account that Alice shares with him; Alice stands by. Its first run is done."""
    settings.BATCH_RECORDS = 10
    shared = partial(make_ad_account, pinterest_id=SHARED)
    monkeypatch.setattr("tests.factories_audiences.make_ad_account", shared)
    shop = make_shop(simulator, ROWS)
    alice = make_profile(shop.workspace, simulator, user="alice")
    shared(alice)
    assert drive(Run.objects.get()).state == RunState.DONE
    standby_choice.set_standby(shop.delivery, by=None, profile=alice)
    shop.delivery.refresh_from_db()
    return Pair(shop, shop.profile, alice)


def senders(run: Run) -> dict[str, int]:
    sent = Batch.objects.filter(run=run, state="sent").values_list("profile__username")
    return dict(sent.annotate(calls=Count("pk")))


def open_alerts() -> set[str]:
    return set(Alert.objects.filter(resolved_at=None).values_list("kind", flat=True))


def test_the_first_profile_sends_as_long_as_it_works(pair: Pair) -> None:
    pair.shop.change(people(range(40)))

    run = pair.run()

    assert senders(run) == {"bob_garden": 1}
    assert pair.delivery.standby_since is None


def test_the_standby_takes_over_in_the_middle_of_a_run(pair: Pair) -> None:
    rows = people(range(60))
    pair.shop.change(rows)
    run = pair.shop.start()
    tasks.prepare_run(run.pk)
    first = Batch.objects.filter(run=run).first()
    Batch.objects.filter(pk=first.pk).update(profile=pair.bob)
    pair.revoke("bob")
    run = drive(run)

    assert run.state == RunState.DONE
    assert senders(run) == {"alice_garden": 3}
    assert pair.shop.members == expected_members(rows)
    assert (pair.delivery.state, pair.delivery.main_refusal) == (DeliveryState.ACTIVE, "profile_expired")
    assert open_alerts() == {"profiles.expired", "audiences.standby_sends"}


def test_it_hands_back_as_soon_as_the_first_works_again(pair: Pair) -> None:
    pair.revoke("bob")
    pair.shop.change(people(range(40)))
    pair.run()
    assert pair.delivery.standby_since is not None

    pair.reconnect(pair.bob, "bob")

    assert (pair.delivery.standby_since, pair.delivery.main_refusal) == (None, "")
    assert "audiences.standby_sends" not in open_alerts()
    pair.shop.change(people(range(50)))
    assert senders(pair.run()) == {"bob_garden": 1}


def test_with_both_refused_it_pauses_and_either_brings_it_back(pair: Pair) -> None:
    pair.revoke("bob")
    pair.revoke("alice")
    rows = people(range(45))
    pair.shop.change(rows)
    run = pair.run()
    assert (run.state, run.reason) == (RunState.UPLOADING, "profile_expired")
    assert (pair.delivery.state, pair.delivery.pause_reason) == (DeliveryState.PAUSED, "profile_expired")

    pair.reconnect(pair.alice, "alice")
    run = drive(run)

    assert (run.state, senders(run)) == (RunState.DONE, {"alice_garden": 2})
    assert pair.shop.members == expected_members(rows)


def test_a_missing_role_is_tried_again_and_trusted_only_once_a_call_went_through(
    pair: Pair, simulator: SimulatorInTest
) -> None:
    simulator.fault("error", status=403, code=29, operation="customer_lists/update", times=1)
    pair.shop.change(people(range(40)))
    run = pair.run()
    assert (senders(run), pair.delivery.main_refusal) == ({"alice_garden": 1}, "not_permitted")
    profile_care.hand_back()
    assert pair.delivery.standby_since is not None, "nothing speaks for it yet"

    tokens.renew(pair.bob.pk)
    pair.shop.change(people(range(50)))
    run = pair.run()

    assert (senders(run), pair.delivery.main_refusal) == ({"bob_garden": 1}, "")
    assert "audiences.standby_sends" not in open_alerts()


def test_calls_blocked_as_spam_are_not_continued_through_somebody_else(pair: Pair) -> None:
    assert deliveries.pause_for_profile(pair.delivery, "flagged_as_spam", refused=pair.bob)

    assert pair.delivery.state == DeliveryState.PAUSED
    assert not standby.resumable().exists()


def test_a_fresh_token_lifts_no_block_and_a_person_may(pair: Pair) -> None:
    deliveries.pause_for_profile(pair.delivery, "flagged_as_spam", refused=pair.bob)

    tokens.renew(pair.bob.pk)
    profile_recovered.send(Profile, profile=pair.bob)

    assert (reconcile.resume_recovered(), deliveries.resume_for_profile(pair.delivery)) == (0, False)
    assert (pair.delivery.state, pair.delivery.pause_reason) == (DeliveryState.PAUSED, "flagged_as_spam")
    deliveries.resume(pair.delivery, by=None)
    assert pair.delivery.state == DeliveryState.ACTIVE


def test_a_block_of_the_standby_is_not_forgotten_when_the_first_profile_recovers(pair: Pair) -> None:
    pair.revoke("bob")
    deliveries.pause_for_profile(pair.delivery, "profile_expired", refused=pair.bob)
    deliveries.pause_for_profile(pair.delivery, "flagged_as_spam", refused=pair.alice)

    pair.reconnect(pair.bob, "bob")

    assert (pair.delivery.state, pair.delivery.pause_reason) == (DeliveryState.PAUSED, "flagged_as_spam")


def test_a_refusal_that_comes_late_pauses_nothing(pair: Pair) -> None:
    assert not deliveries.pause_for_profile(pair.delivery, "profile_expired", refused=pair.bob)
    assert pair.delivery.standby_since is not None

    assert not deliveries.pause_for_profile(pair.delivery, "profile_expired", refused=pair.bob)

    assert pair.delivery.state == DeliveryState.ACTIVE


def test_a_standby_that_lost_the_ad_account_does_not_take_over(pair: Pair) -> None:
    AdAccountAccess.objects.filter(profile=pair.alice).update(can_write_lists=False)

    assert deliveries.pause_for_profile(pair.delivery, "profile_expired", refused=pair.bob)

    assert not standby.resumable().filter(profile__state="expired").exists()


def test_a_delivery_without_a_run_is_told_at_once(pair: Pair) -> None:
    profiles.disconnect(pair.bob, by=None)
    assert pair.delivery.main_refusal == "profile_disconnected"

    profiles.disconnect(pair.alice, by=None)

    assert (pair.delivery.state, pair.delivery.pause_reason) == (DeliveryState.PAUSED, "profile_disconnected")


def test_the_reconciler_notices_what_no_signal_told(pair: Pair) -> None:
    Profile.objects.filter(pk=pair.bob.pk).update(state="expired")
    assert profile_care.pause_refused() == 1
    assert pair.delivery.standby_since is not None

    Profile.objects.filter(pk=pair.bob.pk).update(state="connected", token_version=99)

    assert profile_care.hand_back() == 1
    assert pair.delivery.standby_since is None
    assert (profile_care.pause_refused(), profile_care.hand_back()) == (0, 0)


def test_a_standby_that_is_added_to_a_paused_delivery_brings_it_back(pair: Pair) -> None:
    standby_choice.set_standby(pair.delivery, by=None, profile=None)
    pair.revoke("bob")
    pair.shop.change(people(range(40)))
    run = pair.run()
    assert pair.delivery.state == DeliveryState.PAUSED

    standby_choice.set_standby(pair.delivery, by=None, profile=pair.alice)
    assert reconcile.resume_recovered() == 1

    assert senders(drive(run)) == {"alice_garden": 1}


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"state": "expired"}, "profile_not_usable"), ({"has_all_scopes": False}, "profile_lacks_scopes")],
)
def test_only_a_profile_that_could_take_over_may_stand_by(pair: Pair, changes: dict[str, Any], code: str) -> None:
    standby_choice.set_standby(pair.delivery, by=None, profile=None)
    Profile.objects.filter(pk=pair.alice.pk).update(**changes)
    pair.alice.refresh_from_db()

    with pytest.raises(ServiceRefusal, match=code):
        standby_choice.set_standby(pair.delivery, by=None, profile=pair.alice)
    with pytest.raises(ServiceRefusal, match="standby_is_main"):
        standby_choice.set_standby(pair.delivery, by=None, profile=pair.bob)


def test_a_profile_of_another_workspace_may_not_stand_by(pair: Pair, simulator: SimulatorInTest) -> None:
    foreign = make_profile(make_workspace("Other"), simulator, user="alice")

    with pytest.raises(ServiceRefusal, match="elsewhere"):
        standby_choice.set_standby(pair.delivery, by=None, profile=foreign)


def test_the_standby_that_becomes_the_first_profile_stands_by_no_longer(pair: Pair) -> None:
    editing.change(pair.delivery, editing.Wish(profile=pair.alice), by=None)

    pair.delivery.refresh_from_db()
    assert (pair.delivery.profile, pair.delivery.standby) == (pair.alice, None)
