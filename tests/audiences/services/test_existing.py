"""Delivering into lists that were on Pinterest before, alone and beside other deliveries."""

import pytest
from django.db.models import F

from audiences import reconcile
from audiences.models import Audience, Delivery, ListedList, Mode, Run, Trigger
from audiences.services import deliveries, drafts, endings, existing, listing, runs
from audiences.services.refusals import ServiceRefusal
from audiences.states import RunState
from pinconnect.alerts.models import Alert
from pinconnect.profiles.models import AdAccount, Profile
from pinconnect.profiles.signals import profile_recovered
from tests.factories_audiences import (
    BOBS_ACCOUNT,
    EMAIL,
    Shop,
    drive,
    drive_through,
    expected_members,
    make_ad_account,
    make_draft,
    make_shop,
    people,
)
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
ROWS = people(range(2000, 2120))


@pytest.fixture
def shop(simulator: SimulatorInTest) -> Shop:
    """Its ad account holds six lists of others, oldest first: the first without, the second with two audiences."""
    shop = make_shop(simulator, ROWS)
    shop.simulator.seed_lists(BOBS_ACCOUNT, 6)
    listing.read(shop.ad_account, shop.profile)
    return shop


def listed(place: int) -> ListedList:
    found: ListedList = ListedList.objects.order_by("number")[place]
    return found


def chosen(shop: Shop, place: int, *, name: str = "Spring", mode: str = Mode.MIRROR) -> Delivery:
    draft = make_draft(shop.profile, shop.ad_account, shop.dataset, name=name, mode=mode)
    return existing.choose(draft, by=None, ad_account=shop.ad_account, list_id=listed(place).pinterest_id)


def deliver(draft: Delivery) -> Delivery:
    run = drive(deliveries.publish(draft, by=None))
    assert run.state == RunState.DONE, run.reason
    return Delivery.objects.select_related("audience").get(pk=draft.pk)


def refused(act: object, *args: object, **how: object) -> str:
    with pytest.raises(ServiceRefusal) as refusal:
        act(*args, by=None, **how)  # type: ignore[operator]
    return refusal.value.code


def test_people_are_added_to_a_list_of_others_and_its_audience_is_kept(shop: Shop) -> None:
    before = shop.simulator.members(listed(2).pinterest_id)

    delivery = deliver(chosen(shop, 2))

    audience = delivery.audience
    assert (audience.is_existing, audience.customer_list_name) == (True, "Customer List-Loyalty card 003")
    assert (audience.audience_id, audience.audience_name) == (listed(2).audience_id, "Audience-Loyalty card 003")
    assert shop.simulator.members(audience.customer_list_id) == before | expected_members(ROWS)
    assert audience.ledger_members == {"email": 120}, "of the others we know nothing"
    assert not shop.simulator.calls("audiences/create")


def test_a_new_delivery_goes_on_with_the_list_of_an_archived_one_and_sends_only_what_has_changed(shop: Shop) -> None:
    drive(Run.objects.get())
    shop.delivery.refresh_from_db()
    old = Audience.objects.get(pk=shop.delivery.audience_id)
    deliveries.archive(shop.delivery, by=None)
    listing.read(shop.ad_account, shop.profile)
    shop.change(people(range(2010, 2125)))
    draft = make_draft(shop.profile, shop.ad_account, shop.dataset, name="Its successor")

    draft = existing.choose(draft, by=None, ad_account=shop.ad_account, list_id=old.customer_list_id)
    run = drive(deliveries.publish(draft, by=None))

    assert draft.audience == old
    assert (run.state, run.counts["removals"], run.counts["rows"]["to_send"]) == (RunState.DONE, 10, 5)
    assert shop.simulator.members(old.customer_list_id) == expected_members(people(range(2010, 2125)))


def test_a_mirror_removes_only_whom_we_added(shop: Shop) -> None:
    before = shop.simulator.members(listed(2).pinterest_id)
    delivery = deliver(chosen(shop, 2))
    shop.delivery = delivery
    shop.change(people(range(2000, 2110)))

    run = drive(shop.start())

    assert run.counts["final"]["removals"]["sent"] == 10
    assert shop.members == before | expected_members(people(range(2000, 2110)))


def test_a_list_without_an_audience_gets_one(shop: Shop) -> None:
    audience = deliver(chosen(shop, 0)).audience

    (made,) = [one for one in shop.simulator.control("state")["audiences"] if str(one["id"]) == audience.audience_id]
    assert made["name"] == audience.audience_name == "Audience-Newsletter 001"


def test_an_audience_made_since_the_reading_is_found_and_no_second_one_made(shop: Shop) -> None:
    draft = chosen(shop, 2)
    Audience.objects.filter(pk=draft.audience.pk).update(audience_id="", audience_name="", audience_state="")

    assert deliver(draft).audience.audience_id == listed(2).audience_id
    assert not shop.simulator.calls("audiences/create")


def test_remove_only_takes_people_off_and_makes_no_audience(shop: Shop) -> None:
    before = shop.simulator.members(listed(0).pinterest_id)
    shop.change(people([0, 1, 2, 2400]))

    delivery = deliver(chosen(shop, 0, mode=Mode.REMOVE))

    assert shop.simulator.members(delivery.audience.customer_list_id) == before - expected_members(people([0, 1, 2]))
    assert not delivery.audience.audience_id


def test_remove_only_needs_a_list_that_is_there(shop: Shop) -> None:
    draft = make_draft(shop.profile, shop.ad_account, shop.dataset, name="Opt-outs", mode=Mode.REMOVE)

    assert drafts.missing_steps(draft) == ["audience"]
    assert refused(deliveries.publish, draft) == "incomplete"


def test_a_list_that_was_not_listed_there_cannot_be_chosen(shop: Shop) -> None:
    elsewhere = make_ad_account_of(shop, "549700000102")
    draft = make_draft(shop.profile, shop.ad_account, shop.dataset, name="Spring")
    (theirs,) = shop.simulator.seed_lists("549700000102", 1)
    listing.read(elsewhere, shop.profile)

    for list_id in (theirs, "1", "x" * 30, ""):
        assert refused(existing.choose, draft, ad_account=shop.ad_account, list_id=list_id) == "list_not_listed"
    draft.refresh_from_db()
    assert not draft.audience.customer_list_id


def make_ad_account_of(shop: Shop, pinterest_id: str) -> AdAccount:
    return make_ad_account(shop.profile, pinterest_id=pinterest_id)


def test_two_deliveries_into_one_list_share_its_ledger(shop: Shop) -> None:
    first, second = deliver(chosen(shop, 2, mode=Mode.ADD)), chosen(shop, 2, name="More", mode=Mode.ADD)

    assert first.audience_id == second.audience_id
    run = drive(deliveries.publish(second, by=None))
    assert run.counts["final"]["rows"]["already_there"] == 120


def test_a_recovered_profile_sets_every_delivery_of_a_shared_list_going(shop: Shop) -> None:
    pair = [deliver(chosen(shop, 2, name=name, mode=Mode.ADD)) for name in ("Spring", "More")]
    shop.change(people(range(2000, 2125)))
    for delivery in (*pair, shop.delivery):
        deliveries.pause_for_profile(delivery, "profile_expired")

    Profile.objects.update(token_version=F("token_version") + 1)
    profile_recovered.send(sender=None, profile=shop.profile)
    # One of the two waits for the run of the other, and keeps no delivery from going on.
    waiting = Delivery.objects.get(state="paused")
    assert waiting in pair
    drive_through(Run.objects.active().get(audience=waiting.audience_id))
    reconcile.resume_recovered()

    assert not Delivery.objects.exclude(state="active").exists()
    assert Run.objects.filter(delivery=waiting).latest("pk").trigger == Trigger.NEW_DATA


def test_a_run_that_is_held_on_a_shared_list_keeps_no_other_delivery_paused(shop: Shop) -> None:
    first, second = (deliver(chosen(shop, 2, name=name, mode=Mode.ADD)) for name in ("Spring", "More"))
    shop.change(people(range(2000, 2125)))
    held = runs.start(first, by=None, trigger=Trigger.BY_HAND)
    Run.objects.filter(pk=held.pk).update(state=RunState.HELD)
    deliveries.pause_for_profile(second, "profile_expired")

    assert deliveries.resume_for_profile(second)

    second.refresh_from_db()
    assert second.state == "active"


def test_what_is_wrong_with_a_shared_list_stays_known_when_one_of_two_is_archived(shop: Shop) -> None:
    first, second = deliver(chosen(shop, 2, mode=Mode.ADD)), chosen(shop, 2, name="More", mode=Mode.ADD)
    deliveries.publish(second, by=None)
    endings.raise_list_gone(Run.objects.get(delivery=second))
    gone = Alert.objects.filter(kind="audiences.list_gone", resolved_at=None)

    deliveries.archive(first, by=None)
    assert gone.exists()
    deliveries.archive(second, by=None)
    assert not gone.exists()


@pytest.mark.parametrize(
    ("there", "comes", "code"),
    [
        (Mode.MIRROR, Mode.MIRROR, "list_shared"),
        (Mode.MIRROR, Mode.ADD, "list_shared"),
        (Mode.ADD, Mode.MIRROR, "list_only_added"),
    ],
)
def test_nobody_may_undo_what_another_delivery_does(shop: Shop, there: str, comes: str, code: str) -> None:
    deliver(chosen(shop, 2, mode=there))
    draft = make_draft(shop.profile, shop.ad_account, shop.dataset, name="More", mode=comes)

    assert refused(existing.choose, draft, ad_account=shop.ad_account, list_id=listed(2).pinterest_id) == code


def test_of_two_drafts_that_chose_one_list_the_second_cannot_be_published(shop: Shop) -> None:
    one, two = chosen(shop, 2), chosen(shop, 2, name="More")
    deliver(one)

    assert refused(deliveries.publish, two) == "list_shared"


def test_the_list_of_an_archived_delivery_goes_on_with_what_we_know(shop: Shop) -> None:
    drive(shop.delivery.runs.get())
    listing.read(shop.ad_account, shop.profile)
    deliveries.archive(shop.delivery, by=None)
    draft = make_draft(shop.profile, shop.ad_account, shop.dataset, name="Again")
    own = Audience.objects.get(pk=Delivery.objects.get(pk=shop.delivery.pk).audience_id)

    draft = existing.choose(draft, by=None, ad_account=shop.ad_account, list_id=own.customer_list_id)
    run = drive(deliveries.publish(draft, by=None))

    assert not run.audience.is_existing
    assert run.counts["final"]["rows"]["already_there"] == 120


def test_a_list_deleted_between_choice_and_publish_ends_the_run_and_says_so(shop: Shop) -> None:
    draft = chosen(shop, 2)
    shop.simulator.app.world.store.run("DELETE FROM customer_lists WHERE id = ?", int(listed(2).pinterest_id))

    run = drive_through(deliveries.publish(draft, by=None))

    assert (run.state, run.reason) == (RunState.FAILED, "list_gone")


def test_changing_ones_mind_gives_a_new_list_and_leaves_the_row_of_the_other(shop: Shop) -> None:
    draft = chosen(shop, 2)
    listed_row = draft.audience_id

    draft = drafts.set_target(draft, by=None, ad_account=shop.ad_account, name="New one")

    assert (draft.audience_id != listed_row, draft.audience.customer_list_id) == (True, "")
    assert Audience.objects.get(pk=listed_row).is_existing


def test_an_ad_account_chosen_again_keeps_the_list_and_another_one_does_not(shop: Shop) -> None:
    draft = chosen(shop, 2)
    assert drafts.set_ad_account(draft, by=None, ad_account=shop.ad_account).audience.is_existing

    draft = drafts.set_ad_account(draft, by=None, ad_account=make_ad_account_of(shop, "549700000102"))

    assert not draft.audience.customer_list_id
    assert draft.audience.name == shop.dataset.name


def test_columns_of_an_existing_list_travel_as_rows_that_name_their_kind(shop: Shop) -> None:
    draft = chosen(shop, 2)

    assert deliveries.set_columns(draft, by=None, columns=list(EMAIL)).pk
    assert drive(deliveries.publish(draft, by=None)).plan["wire"] == {"shape": "records_v2", "list_type": "EMAIL"}
