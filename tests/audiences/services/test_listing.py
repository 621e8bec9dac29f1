"""Reading an ad account's lists: all pages, in bounded time, and what is read is kept."""

import pytest

from audiences.models import ListedList, Listing, ListingStage
from audiences.services import listing
from audiences.services.refusals import ServiceRefusal
from pinconnect.pinterest import customer_lists
from pinconnect.profiles.models import AdAccount, Profile
from tests.factories import make_user, make_workspace
from tests.factories_audiences import BOBS_ACCOUNT, make_ad_account, make_profile
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(simulator: SimulatorInTest) -> AdAccount:
    profile = make_profile(make_workspace("Acme", owner=make_user("Alice")), simulator)
    return make_ad_account(profile)


def profile() -> Profile:
    return Profile.objects.get()


def test_lists_of_all_pages_come_with_their_audiences(account: AdAccount, simulator: SimulatorInTest) -> None:
    made = simulator.seed_lists(BOBS_ACCOUNT, 260)

    found = listing.read(account, profile())

    assert (found.stage, ListedList.objects.count()) == (ListingStage.DONE, 260)
    assert list(ListedList.objects.values_list("pinterest_id", flat=True)) == made[::-1], "newest first"
    none, two, one = (ListedList.objects.get(pinterest_id=made[at]) for at in (0, 1, 2))
    assert (none.audience_id, str(none)) == ("", "Customer List-Newsletter 001")
    assert (two.audience_count, one.audience_count) == (2, 1)
    assert str(one) == "Customer List-Loyalty card 003, Audience-Loyalty card 003"
    assert (one.calls, one.uploaded, one.state) == (1, 122, "READY")
    assert len(simulator.calls("customer_lists/list")) == 2


def test_a_reading_whose_time_is_up_goes_on_where_it_stopped(account: AdAccount, simulator: SimulatorInTest) -> None:
    simulator.seed_lists(BOBS_ACCOUNT, 260)
    first = listing._begun(account)
    listing._one_page(first, account, profile())

    assert listing.read(account, profile(), budget_s=0).is_reading
    assert ListedList.objects.count() == 250
    assert not listing.read(account, profile()).is_reading

    assert ListedList.objects.count() == 260
    assert len(simulator.calls("customer_lists/list")) == 2, "no page was asked for twice"


def test_a_list_that_is_gone_goes_when_the_next_reading_is_complete(
    account: AdAccount, simulator: SimulatorInTest
) -> None:
    simulator.seed_lists(BOBS_ACCOUNT, 2)
    listing.read(account, profile())
    ListedList.objects.create(ad_account=account, pinterest_id="77", name="Deleted at Pinterest", round=1)

    listing.read(account, profile())

    assert not ListedList.objects.filter(pinterest_id="77").exists()
    assert ListedList.objects.filter(audience_count=2).count() == 1, "audiences are not counted twice"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"kind": "rate_limited", "reset": 90}, "lists_rate_limited"),
        ({"kind": "server_error", "times": None}, "lists_not_reached"),
        ({"kind": "error", "status": 403, "code": 29}, "lists_not_permitted"),
    ],
)
def test_pinterest_refusing_is_said_in_words_and_loses_nothing(
    account: AdAccount, simulator: SimulatorInTest, fault: dict[str, object], code: str
) -> None:
    simulator.seed_lists(BOBS_ACCOUNT, 260)
    simulator.fault(**{"operation": "customer_lists/list", "skip": 1, **fault})  # type: ignore[arg-type]

    with pytest.raises(ServiceRefusal) as refused:
        listing.read(account, profile())

    assert refused.value.code == code
    assert ListedList.objects.count() == 250
    assert Listing.objects.get().is_reading


def test_a_dead_token_asks_for_a_reconnect(account: AdAccount, simulator: SimulatorInTest) -> None:
    simulator.control("tokens", {"user": "bob", "action": "revoke"})

    with pytest.raises(ServiceRefusal) as refused:
        listing.read(account, profile())

    assert "Connect it again" in refused.value.sentence


def test_a_bookmark_that_pinterest_forgot_begins_anew(account: AdAccount, simulator: SimulatorInTest) -> None:
    simulator.seed_lists(BOBS_ACCOUNT, 260)
    first = listing._begun(account)
    Listing.objects.filter(pk=first.pk).update(bookmark="forgotten")

    with pytest.raises(ServiceRefusal, match="lists_begin_anew"):
        listing.read(account, profile())

    assert not listing.read(account, profile()).is_reading
    assert ListedList.objects.count() == 260


def test_two_readings_at_once_store_every_page_once(account: AdAccount, simulator: SimulatorInTest) -> None:
    simulator.seed_lists(BOBS_ACCOUNT, 3)
    mine = listing._begun(account)
    theirs = listing._begun(account)
    for stage in (ListingStage.LISTS, ListingStage.AUDIENCES):
        assert mine.stage == stage
        mine, theirs = listing._one_page(mine, account, profile()), listing._one_page(theirs, account, profile())

    assert mine.stage == theirs.stage == ListingStage.DONE
    assert sorted(ListedList.objects.values_list("audience_count", flat=True)) == [0, 1, 2]


def test_bookmarks_that_go_round_end_the_reading(account: AdAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    following = {"": "a", "a": "b", "b": "a"}
    asked: list[str] = []

    def page(client: object, number: str, *, bookmark: str) -> tuple[list[object], str]:
        asked.append(bookmark)
        return [], following[bookmark]

    monkeypatch.setattr(customer_lists, "list_page", page)

    with pytest.raises(ServiceRefusal, match="lists_begin_anew"):
        listing.read(account, profile())

    assert asked == ["", "a", "b"]
    found = Listing.objects.get()
    assert (found.stage, found.pages_seen) == (ListingStage.NEVER, [])
