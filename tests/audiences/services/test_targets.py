"""The list and the audience are made once, whether Pinterest answers or not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from audiences import tasks
from audiences.models import Audience, Run
from audiences.services import targets
from audiences.states import RunState
from pinconnect.pinterest import customer_lists, limits
from pinconnect.pinterest.client import Client
from pinconnect.pinterest.errors import NotSent, UnknownOutcome
from pinconnect.pinterest.types import Payload
from pinconnect.queue import leases
from tests.factories_audiences import Shop, drive, drive_through, expected_members, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
ROWS = people(range(120))
PAYLOAD = Payload(records="a@example.com,b@example.com", rows_json=None, count=2)


@pytest.fixture
def shop(simulator: SimulatorInTest) -> Shop:
    return make_shop(simulator, ROWS)


def client(shop: Shop) -> Client:
    return Client(shop.profile.access_token)


def audience_of(shop: Shop) -> Audience:
    return Audience.objects.select_related("ad_account").get()


def ensure(shop: Shop, **how: Any) -> bool:
    options = {"list_type": "EMAIL", "may_create": True, **how}
    return targets.ensure_list(audience_of(shop), client(shop), PAYLOAD, **options)


def let_time_pass(seconds: float = targets.LOOK_UP_AFTER_S) -> None:
    waited = timedelta(seconds=seconds)
    for what in ("list_create_asked_at", "list_looked_up_at"):
        Audience.objects.filter(**{f"{what}__isnull": False}).update(**{what: F(what) - waited})


def look_once(shop: Shop) -> None:
    """The first look finds nothing, and nothing is created."""
    let_time_pass()
    with pytest.raises(targets.TargetBusyError):
        ensure(shop)
    assert audience_of(shop).customer_list_id == ""


def test_a_new_list_is_created_with_the_first_records(shop: Shop) -> None:
    assert ensure(shop)

    audience = audience_of(shop)
    assert shop.simulator.members(audience.customer_list_id) == expected_members(
        [{"email": "a@example.com"}, {"email": "b@example.com"}]
    )
    assert (audience.list_type, audience.lease_until) == ("EMAIL", None)
    assert not ensure(shop), "it is there"


@pytest.mark.parametrize(("fault", "is_created"), [("drop_after", False), ("drop_before", True)])
def test_an_unanswered_creation_is_looked_up_before_it_is_repeated(shop: Shop, fault: str, is_created: bool) -> None:
    shop.simulator.fault(fault, operation="customer_lists/create")
    with pytest.raises(UnknownOutcome):
        ensure(shop)
    with pytest.raises(targets.TargetBusyError):
        ensure(shop)
    if is_created:
        look_once(shop)
    let_time_pass()

    assert ensure(shop) is is_created

    found = shop.simulator.control("state")["customer_lists"]
    assert [str(one["id"]) for one in found] == [audience_of(shop).customer_list_id]


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], Any]]:
    """The creation is given up when the answer is due, while it is still under way: call what is in here to end it."""
    under_way: list[Callable[[], Any]] = []
    create = customer_lists.create

    def give_up(*args: Any, **options: Any) -> None:
        under_way.append(lambda: create(*args, **options))
        let_time_pass(limits.ANSWER_DEADLINE_S)
        raise UnknownOutcome("No answer in time")

    monkeypatch.setattr(customer_lists, "create", give_up)
    return under_way


def test_the_wait_for_a_lost_answer_begins_when_it_is_given_up(shop: Shop, late: list[Callable[[], Any]]) -> None:
    with pytest.raises(UnknownOutcome):
        ensure(shop)
    let_time_pass(limits.ANSWER_DEADLINE_S)

    with pytest.raises(targets.TargetBusyError):
        ensure(shop)

    assert audience_of(shop).list_looked_up_at is None


def test_a_creation_that_takes_effect_after_the_first_look_is_still_found(
    shop: Shop, late: list[Callable[[], Any]]
) -> None:
    with pytest.raises(UnknownOutcome):
        ensure(shop)
    look_once(shop)
    late[0]()
    with pytest.raises(targets.TargetBusyError):
        ensure(shop)
    let_time_pass()

    assert not ensure(shop)

    found = shop.simulator.control("state")["customer_lists"]
    assert [str(one["id"]) for one in found] == [audience_of(shop).customer_list_id]
    assert audience_of(shop).list_looked_up_at is None


def test_a_list_of_somebody_else_with_our_name_is_never_taken_for_ours(shop: Shop) -> None:
    shop.simulator.fault("drop_before", operation="customer_lists/create")
    with pytest.raises(UnknownOutcome):
        ensure(shop)
    name = audience_of(shop).customer_list_name
    larger = Payload(records="x@example.com,y@example.com,z@example.com", rows_json=None, count=3)
    customer_lists.create(client(shop), shop.ad_account.pinterest_id, name=name, list_type="EMAIL", payload=larger)
    look_once(shop)
    let_time_pass()

    assert ensure(shop), "none of those there fits, so it is created"


def test_a_list_that_another_audience_has_found_is_not_ours_too(shop: Shop) -> None:
    shop.simulator.fault("drop_after", operation="customer_lists/create")
    with pytest.raises(UnknownOutcome):
        ensure(shop)
    made = shop.simulator.control("state")["customer_lists"][0]
    twin = audience_of(shop)
    twin.pk, twin.customer_list_id = None, str(made["id"])
    twin.save()
    Audience.objects.filter(pk=twin.pk).update(customer_list_id=str(made["id"]))
    first = Audience.objects.exclude(pk=twin.pk).select_related("ad_account").get()
    let_time_pass()
    with pytest.raises(targets.TargetBusyError):
        targets.ensure_list(first, client(shop), PAYLOAD, list_type="EMAIL", may_create=True)
    let_time_pass()

    assert targets.ensure_list(first, client(shop), PAYLOAD, list_type="EMAIL", may_create=True)
    assert first.customer_list_id != str(made["id"])


def test_a_broken_listing_is_no_proof_that_the_list_is_missing(shop: Shop) -> None:
    shop.simulator.fault("drop_after", operation="customer_lists/create")
    with pytest.raises(UnknownOutcome):
        ensure(shop)
    let_time_pass()
    shop.simulator.fault("server_error", operation="customer_lists/list", times=None)

    with pytest.raises(NotSent):
        ensure(shop)

    assert len(shop.simulator.calls("customer_lists/create")) == 1
    assert audience_of(shop).list_create_asked_at is not None


def test_only_one_worker_may_create(shop: Shop) -> None:
    assert leases.claim(Audience.objects.all(), pk=audience_of(shop).pk, lease_s=60)

    with pytest.raises(targets.TargetBusyError):
        ensure(shop)

    assert not shop.simulator.calls()


def test_a_refused_creation_may_be_asked_again(shop: Shop) -> None:
    shop.simulator.fault("rate_limited", operation="customer_lists/create", reset=1)
    with pytest.raises(Exception, match="rate limit"):
        ensure(shop)

    assert audience_of(shop).list_create_asked_at is None
    assert ensure(shop)


@pytest.mark.parametrize("fault", ["drop_after", "drop_before", "server_error", "rate_limited"])
def test_an_audience_is_made_exactly_once(shop: Shop, fault: str) -> None:
    shop.simulator.fault(fault, operation="audiences/create", reset=1)

    run = drive_through(Run.objects.select_related("audience").get())

    found = shop.simulator.control("state")["audiences"]
    assert run.state == RunState.DONE
    assert [str(one["id"]) for one in found] == [audience_of(shop).audience_id]


def test_an_audience_is_looked_up_twice_before_it_is_created_again(shop: Shop) -> None:
    ensure(shop)
    shop.simulator.fault("drop_before", operation="audiences/create")
    with pytest.raises(UnknownOutcome):
        targets.ensure_audience(audience_of(shop), client(shop))
    for _ in ("too fresh", "first look", "too soon after it"):
        with pytest.raises(targets.TargetBusyError):
            targets.ensure_audience(audience_of(shop), client(shop))
        if audience_of(shop).audience_looked_up_at is None:
            waited = timedelta(seconds=targets.LOOK_UP_AFTER_S)
            Audience.objects.update(audience_create_asked_at=F("audience_create_asked_at") - waited)
    assert len(shop.simulator.calls("audiences/create")) == 1
    Audience.objects.update(audience_looked_up_at=F("audience_looked_up_at") - timedelta(hours=1))

    assert targets.ensure_audience(audience_of(shop), client(shop))


def test_an_audience_that_is_refused_while_the_list_is_small_follows_when_it_is_ready(shop: Shop) -> None:
    shop.simulator.fault("error", operation="audiences/create", status=400, code=400, message="Small.", times=None)
    run = drive(Run.objects.select_related("audience").get())
    assert (run.state, audience_of(shop).audience_id) == (RunState.DONE, "")

    shop.simulator.clear_faults()
    shop.simulator.advance(10)
    tasks.observe_audience(audience_of(shop).pk)

    assert audience_of(shop).audience_id
    assert audience_of(shop).list_state == "READY"


def test_a_state_longer_than_any_we_know_is_no_reason_to_lose_the_list(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = customer_lists.create

    def answered(*args: Any, **options: Any) -> Any:
        return replace(create(*args, **options), status="PROCESSING_" * 9)

    monkeypatch.setattr(customer_lists, "create", answered)

    assert ensure(shop)

    assert audience_of(shop).list_state == "PROCESSING_PROCESSIN"
