"""Two new lists that people gave the same name are told apart, whatever Pinterest leaves unanswered."""

import json
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models import F

from audiences.models import Audience
from audiences.services import targets
from pinconnect.pinterest.client import Client
from pinconnect.pinterest.errors import Rejected, UnknownOutcome
from pinconnect.pinterest.types import Payload
from tests.factories import make_workspace
from tests.factories_audiences import Shop, expected_members, make_ad_account, make_profile, make_shop, people
from tests.support import services
from tests.support.installation import Installation
from tests.support.simulator import SimulatorInTest

NAME = "Customer List-Newsletter"


@pytest.fixture
def shop(simulator: SimulatorInTest) -> Shop:
    return make_shop(simulator, people(range(2)))


@pytest.fixture
def ours(shop: Shop) -> Audience:
    return Audience.objects.select_related("ad_account").get()


@pytest.fixture
def theirs(shop: Shop, ours: Audience) -> Audience:
    """The same name in the same ad account, and another workspace."""
    profile = make_profile(make_workspace("Elsewhere"), shop.simulator)
    made: Audience = Audience.objects.create(
        workspace=profile.workspace, ad_account=make_ad_account(profile), name=ours.name, customer_list_name=NAME
    )
    return made


def emails(who: str) -> list[dict[str, str]]:
    """As many as everybody else has in the first call."""
    return [{"email": f"{who}{number}@example.com"} for number in range(2)]


def ask(shop: Shop, audience: Audience, who: str) -> None:
    records = ",".join(row["email"] for row in emails(who))
    targets.ensure_list(
        audience, Client(shop.profile.access_token), Payload(records, None, 2), list_type="EMAIL", may_create=True
    )


def ask_unanswered(shop: Shop, audience: Audience, who: str, fault: str) -> None:
    shop.simulator.fault(fault, operation="customer_lists/create")
    with pytest.raises(UnknownOutcome):
        ask(shop, audience, who)


def ask_until_answered(shop: Shop, audience: Audience, who: str) -> None:
    for what in ("list_create_asked_at", "list_looked_up_at") * 2:
        noted = Audience.objects.filter(pk=audience.pk, **{f"{what}__isnull": False})
        noted.update(**{what: F(what) - timedelta(seconds=targets.LOOK_UP_AFTER_S)})
        try:
            return ask(shop, audience, who)
        except targets.TargetBusyError:
            pass
    raise AssertionError("It is still looked up.")


def assert_each_has_its_own(shop: Shop, ours: Audience, theirs: Audience) -> None:
    found = {str(one["id"]): one["name"] for one in shop.simulator.control("state")["customer_lists"]}
    for audience, who in ((ours, "ours"), (theirs, "theirs")):
        audience.refresh_from_db()
        assert shop.simulator.members(audience.customer_list_id) == expected_members(emails(who))
        assert found.pop(audience.customer_list_id) == audience.customer_list_name
    assert not found


@pytest.mark.django_db
@pytest.mark.parametrize("first", ["drop_before", "drop_after"])
@pytest.mark.parametrize("second", ["drop_before", "drop_after"])
@pytest.mark.parametrize("is_ours_first", [True, False])
def test_nobody_takes_the_new_list_of_another_for_theirs(
    shop: Shop, ours: Audience, theirs: Audience, first: str, second: str, is_ours_first: bool
) -> None:
    ask_unanswered(shop, ours, "ours", first)
    ask_unanswered(shop, theirs, "theirs", second)

    both = [(ours, "ours"), (theirs, "theirs")]
    for audience, who in both if is_ours_first else reversed(both):
        ask_until_answered(shop, audience, who)

    assert_each_has_its_own(shop, ours, theirs)
    assert (ours.customer_list_name, theirs.customer_list_name) == (NAME, f"{NAME} (2)")


@pytest.mark.django_db
def test_a_list_that_nobody_looks_for_any_more_keeps_its_name_and_holds_nobody_up(
    shop: Shop, ours: Audience, theirs: Audience
) -> None:
    ask_unanswered(shop, ours, "ours", "drop_after")

    ask(shop, theirs, "theirs")

    theirs.refresh_from_db()
    assert shop.simulator.members(theirs.customer_list_id) == expected_members(emails("theirs"))
    assert theirs.customer_list_name == f"{NAME} (2)"


@pytest.mark.django_db
def test_names_that_are_known_at_pinterest_may_be_the_same_and_numbers_go_on(
    shop: Shop, ours: Audience, theirs: Audience
) -> None:
    third = Audience.objects.create(
        workspace=ours.workspace, ad_account=ours.ad_account, name="Third", customer_list_name=NAME
    )
    ask(shop, ours, "ours")
    ask_unanswered(shop, theirs, "theirs", "drop_after")
    Audience.objects.filter(pk=ours.pk).update(customer_list_name=f"{NAME} (2)")

    ask(shop, third, "third")

    assert (theirs.customer_list_name, third.customer_list_name) == (NAME, f"{NAME} (3)")


@pytest.mark.django_db
def test_a_list_that_was_certainly_not_made_takes_no_name(shop: Shop, ours: Audience, theirs: Audience) -> None:
    shop.simulator.fault("error", operation="customer_lists/create", status=400, code=1, message="No.")
    with pytest.raises(Rejected):
        ask(shop, ours, "ours")

    ask(shop, theirs, "theirs")

    assert theirs.customer_list_name == NAME


@pytest.mark.django_db
def test_another_ad_account_is_none_of_our_business(shop: Shop, ours: Audience, theirs: Audience) -> None:
    Audience.objects.filter(pk=theirs.pk).update(
        ad_account=make_ad_account(shop.profile, pinterest_id="549700000202"), list_create_records=2
    )

    ask(shop, ours, "ours")

    assert ours.customer_list_name == NAME


RACE = """
import json, threading
from django.db import connections
from audiences.models import Audience
from audiences.services import targets
from pinconnect.pinterest.errors import UnknownOutcome
from pinconnect.pinterest.types import Payload
from pinconnect.profiles.models import AdAccount
from pinconnect.workspaces.models import Workspace

for number in range(2):
    w = Workspace.objects.create(name=f"W{number}", slug=f"w{number}")
    account = AdAccount.objects.create(workspace=w, pinterest_id="1", name="Shop")
    for _ in range(3):
        Audience.objects.create(workspace=w, ad_account=account, name="A", customer_list_name="A")
together, asked = threading.Barrier(6), []

def newest(*_):
    together.wait(30)

def create(*_, name, **__):
    asked.append(name)
    raise UnknownOutcome("No answer")

targets.customer_lists.newest, targets.customer_lists.create = newest, create

def ask(audience):
    try:
        targets.ensure_list(audience, None, Payload("a@example.com", None, 1), list_type="EMAIL", may_create=True)
    except UnknownOutcome:
        pass
    finally:
        connections.close_all()

threads = [threading.Thread(target=ask, args=[one]) for one in Audience.objects.select_related("ad_account")]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join(60)
print(json.dumps([sorted(asked), sorted(Audience.objects.values_list("customer_list_name", flat=True))]))
"""


@pytest.mark.slow
@pytest.mark.services
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_lists_that_are_asked_for_in_the_same_instant_have_different_names(tmp_path: Path, database: str) -> None:
    with services.postgres(with_tables=True) if database == "postgresql" else nullcontext() as server:
        place = Installation(tmp_path / "data", {"DATABASE_URL": server.url} if server else {})
        if server is None:
            place.make_database()
        names = json.loads(place.manage("shell", "--no-imports", "-c", RACE))

    expected = ["A", *(f"A ({number})" for number in range(2, 7))]
    assert names == [expected, expected]
