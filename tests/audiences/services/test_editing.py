"""A published delivery is changed, and what that does to its next run."""

import pytest
from django.utils import timezone

from audiences import reconcile
from audiences.models import Audience, Delivery, Drift, Mode, Observation
from audiences.services import deliveries, editing, observing
from audiences.services.deliveries import ColumnChoice
from audiences.services.refusals import ServiceRefusal
from audiences.states import RunState
from tests.factories_audiences import (
    EMAIL,
    Shop,
    drive,
    expected_members,
    make_ad_account,
    make_draft,
    make_profile,
    make_shop,
    people,
)
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
ROWS = people(range(120))
BOTH = (ColumnChoice("email", "email"), ColumnChoice("phone", "phone"))


@pytest.fixture
def shop(simulator: SimulatorInTest) -> Shop:
    shop = make_shop(simulator, ROWS)
    drive(shop.delivery.runs.get())
    return shop


def change(shop: Shop, *, name: str = "Newsletter", mode: str = Mode.MIRROR, columns: object = EMAIL) -> list[str]:
    wish = editing.Wish(name, mode, tuple(columns))  # type: ignore[arg-type]
    return editing.change(shop.delivery, wish, by=None)


def code_of(shop: Shop, **how: object) -> str:
    with pytest.raises(ServiceRefusal) as refused:
        change(shop, **how)  # type: ignore[arg-type]
    return refused.value.code


def test_another_choice_of_columns_is_compared_with_the_whole_list(shop: Shop) -> None:
    assert change(shop, columns=BOTH) == ["columns"]
    drive(shop.start())
    assert shop.members == expected_members(ROWS, BOTH)

    change(shop, columns=BOTH[1:])
    Delivery.objects.update(hold_share=100)
    run = drive(shop.start())

    assert run.counts["final"]["removals"]["sent"] == 120, "the e-mail addresses"
    assert shop.members == expected_members(ROWS, BOTH[1:])


def test_a_run_under_way_keeps_what_it_pinned(shop: Shop) -> None:
    shop.change(people(range(10, 120)))
    under_way = shop.start()

    assert change(shop, mode=Mode.ADD, name="  News  letter ") == ["name", "mode"]

    assert drive(under_way).counts["final"]["removals"]["sent"] == 10
    shop.change(people(range(20, 120)))
    assert drive(shop.start()).counts["final"]["removals"]["sent"] == 0
    assert Delivery.objects.get().name == "News letter"


def test_who_starts_a_run_next_changes_nothing_while_one_is_under_way(shop: Shop) -> None:
    shop.start()

    with pytest.raises(ServiceRefusal) as refused:
        editing.change(shop.delivery, editing.Wish(mode=Mode.ADD), by=None, between_runs=True)

    assert refused.value.code == "run_active"
    assert Delivery.objects.get().mode == Mode.MIRROR
    assert editing.change(shop.delivery, editing.Wish(mode=Mode.MIRROR), by=None, between_runs=True) == []


def test_nothing_different_changes_nothing(shop: Shop) -> None:
    assert change(shop) == []
    assert editing.change(shop.delivery, editing.Wish(), by=None) == []


def test_a_country_that_does_not_count_is_no_difference(shop: Shop) -> None:
    digits = (ColumnChoice("phone", "phone", "e164", "DE"), *EMAIL)

    assert [change(shop, columns=digits), change(shop, columns=digits[::-1])] == [["columns"], []]
    assert code_of(shop, columns=(*digits, *EMAIL)) == "column_twice"


def test_another_profile_needs_to_reach_the_ad_account(shop: Shop) -> None:
    other = make_profile(shop.workspace, shop.simulator, user="alice")

    with pytest.raises(ServiceRefusal) as refused:
        editing.change(shop.delivery, editing.Wish(profile=other), by=None)
    make_ad_account(other)

    assert refused.value.code == "ad_account_not_reached"
    assert editing.change(shop.delivery, editing.Wish(profile=other), by=None) == ["profile"]
    assert Delivery.objects.get().profile == other


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"name": " "}, "name_blank"),
        ({"columns": ()}, "no_columns"),
        ({"columns": (ColumnChoice("moon", "email"),)}, "no_dataset_column"),
        ({"columns": (ColumnChoice("email", "lr_id"),)}, "list_of_one_kind"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_changed(shop: Shop, how: dict[str, object], code: str) -> None:
    assert code_of(shop, **{"mode": Mode.ADD, **how}) == code
    stored = Delivery.objects.get()
    assert (stored.name, stored.mode, stored.columns.get().kind) == ("Newsletter", Mode.MIRROR, "email")


def test_a_name_that_is_taken_is_refused(shop: Shop) -> None:
    make_draft(shop.profile, shop.ad_account, shop.dataset, name="Other")

    assert code_of(shop, name="Other", mode=Mode.ADD) == "name_taken"
    assert Delivery.objects.get(pk=shop.delivery.pk).mode == Mode.MIRROR


def test_an_archived_delivery_stays_as_it_is(shop: Shop) -> None:
    Delivery.objects.update(state="archived")

    assert code_of(shop, mode=Mode.ADD) == "not_published"


def test_the_audience_is_renamed_at_pinterest(shop: Shop) -> None:
    shop.delivery.refresh_from_db()

    assert editing.rename_audience(shop.delivery, by=None, name=" Readers ", description="All of them")

    (made,) = shop.simulator.control("state")["audiences"]
    assert made["name"] == "Readers"
    assert Delivery.objects.get().audience.audience_name == "Readers"
    assert not editing.rename_audience(shop.delivery, by=None, name="Readers", description="All of them")


def test_a_name_that_we_gave_is_no_drift(shop: Shop) -> None:
    shop.delivery.refresh_from_db()
    audiences = Audience.objects.filter(pk=shop.delivery.audience_id)
    for name in ("Readers", "Keen readers"):
        editing.rename_audience(shop.delivery, by=None, name=name, description="")
        audiences.update(observe_at=timezone.now())
        observing.observe(shop.delivery.audience_id)

    assert Observation.objects.latest("pk").audience_name == "Keen readers"
    assert not Drift.objects.exists()


def test_changing_the_mode_lets_no_mirror_join_others(shop: Shop) -> None:
    change(shop, mode=Mode.ADD)
    make_draft(shop.profile, shop.ad_account, shop.dataset, name="Others", mode=Mode.ADD)
    Delivery.objects.filter(name="Others").update(state="active", audience=shop.delivery.audience)

    assert code_of(shop, mode=Mode.MIRROR) == "list_only_added"


def test_an_audience_that_is_not_there_yet_gets_its_name_with_the_first_run(simulator: SimulatorInTest) -> None:
    shop = make_shop(simulator, ROWS)

    editing.rename_audience(shop.delivery, by=None, name="Readers", description="")
    run = drive(shop.delivery.runs.get())

    assert run.state == RunState.DONE
    assert [one["name"] for one in simulator.control("state")["audiences"]] == ["Readers"]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"kind": "rate_limited"}, "rename_rate_limited"),
        ({"kind": "server_error"}, "rename_failed"),
        ({"kind": "error", "status": 403, "code": 29}, "rename_not_permitted"),
    ],
)
def test_a_name_that_pinterest_does_not_take_is_not_stored(shop: Shop, fault: dict[str, object], code: str) -> None:
    shop.simulator.fault(**{"operation": "audiences/update", "times": None, **fault})  # type: ignore[arg-type]
    shop.delivery.refresh_from_db()

    with pytest.raises(ServiceRefusal) as refused:
        editing.rename_audience(shop.delivery, by=None, name="Readers", description="")

    assert refused.value.code == code
    assert Delivery.objects.get().audience.audience_name == "Audience-Newsletter"


def test_an_audience_that_is_being_made_is_not_renamed(simulator: SimulatorInTest) -> None:
    shop = make_shop(simulator, ROWS)
    Audience.objects.update(audience_create_asked_at=timezone.now())

    with pytest.raises(ServiceRefusal) as refused:
        editing.rename_audience(shop.delivery, by=None, name="Readers", description="")

    assert refused.value.code == "audience_being_made"
    assert Audience.objects.get().audience_name == "Audience-Newsletter"


def test_an_audience_that_was_made_meanwhile_keeps_the_name_that_pinterest_has(simulator: SimulatorInTest) -> None:
    shop = make_shop(simulator, ROWS)
    before = Delivery.objects.select_related("audience").get()
    drive(shop.delivery.runs.get())

    with pytest.raises(ServiceRefusal, match="audience_being_made"):
        editing.rename_audience(before, by=None, name="Readers", description="")

    assert Audience.objects.get().audience_name == "Audience-Newsletter"


def test_a_refusal_of_the_profile_before_says_nothing_about_the_one_after(shop: Shop) -> None:
    other = make_profile(shop.workspace, shop.simulator, user="alice")
    make_ad_account(other)
    deliveries.pause_for_profile(shop.delivery, "not_permitted")
    Delivery.objects.update(pause_token_version=other.token_version)

    editing.change(shop.delivery, editing.Wish(profile=other), by=None)

    assert reconcile.resume_recovered() == 1
    assert Delivery.objects.get().state == "active"
