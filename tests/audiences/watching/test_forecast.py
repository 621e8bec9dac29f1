"""The forecast comes from what was matched here before, as a range; without a past it says whose guess it is."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audiences.models import Audience, Observation
from audiences.watching.forecast import Past
from pinconnect.profiles.models import AdAccount
from pinconnect.workspaces.models import Workspace
from tests.factories import make_user, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(db: None) -> AdAccount:
    workspace = make_workspace("Acme", owner=make_user("Alice"))
    return AdAccount.objects.create(workspace=workspace, pinterest_id="1", name="Shop", is_chosen=True)


def matched(account: AdAccount, size: int, *, took_s: float | None = None, doubt: str = "", **members: int) -> None:
    """An audience whose newest observation says so, after an older one that said otherwise."""
    audience = Audience.objects.create(workspace=account.workspace, ad_account=account, name="Earlier")
    now, base = timezone.now(), max(members.values())
    common = {"audience": audience, "list_state": "READY", "audience_state": "READY", "members": members, "base": base}
    Observation.objects.create(**common, size=base, asked_at=now - timedelta(days=9))
    Observation.objects.create(**common, size=size, asked_at=now, matched_s=took_s, doubt=doubt)


def past(workspace: Workspace, account: AdAccount | None = None) -> Past:
    return Past(workspace, ad_account_id=account.pk if account else None)


def test_without_a_past_it_is_the_usual_range_with_its_source(account: AdAccount) -> None:
    found = past(account.workspace).forecast({"email": 1_000})

    assert found is not None
    assert (found.low, found.expected, found.high, found.is_measured) == (300, 500, 700, False)
    assert "this is a guess: Narrative" in found.basis


def test_several_audiences_give_their_range_and_a_little_more(account: AdAccount) -> None:
    for size in (300, 340, 400):
        matched(account, size, email=1_000)

    found = past(account.workspace).forecast({"email": 1_000})

    assert found is not None
    assert found.text == "about 340 (270–440)"
    assert found.basis == "From the match rate of 3 audiences here with e-mail addresses: 27% to 44%."


def test_one_audience_gives_a_wider_range(account: AdAccount) -> None:
    matched(account, 400, email=1_000)

    found = past(account.workspace).forecast({"email": 2_000})

    assert found is not None
    assert (found.low, found.expected, found.high) == (600, 800, 1_000)


def test_rates_that_mislead_are_left_out_and_kinds_are_kept_apart(account: AdAccount) -> None:
    matched(account, 900, doubt="existing", phone=1_000)
    matched(account, 100, maid=1_000)

    found = past(account.workspace).forecast({"email": 1_000})

    assert found is not None
    assert not found.is_measured


def test_the_own_ad_account_goes_before_the_others(account: AdAccount) -> None:
    other = AdAccount.objects.create(workspace=account.workspace, pinterest_id="2", name="Other", is_chosen=True)
    matched(account, 100, email=1_000)
    matched(other, 900, email=1_000)

    found = past(account.workspace, account).forecast({"email": 1_000})

    assert found is not None
    assert found.expected == 100


def test_another_workspace_says_nothing(account: AdAccount) -> None:
    matched(account, 100, email=1_000)
    elsewhere = make_workspace("Elsewhere", owner=make_user("Charlie"))

    found = past(elsewhere).forecast({"email": 1_000})

    assert found is not None
    assert not found.is_measured
    assert past(elsewhere).clock.count == 0


def test_of_several_kinds_each_is_reckoned_alone_and_nobody_is_counted_beyond_the_rows(account: AdAccount) -> None:
    matched(account, 400, email=1_000)
    matched(account, 400, phone=1_000)

    found = past(account.workspace).forecast({"email": 1_000, "phone": 1_000}, 1_100)

    assert found is not None
    assert (found.low, found.high) == (300, 1_000)
    assert found.is_measured


def test_an_empty_list_has_no_forecast(account: AdAccount) -> None:
    assert past(account.workspace).forecast({"email": 0}) is None


def test_the_clock_goes_by_earlier_matchings_here_and_else_by_pinterest_s_word(account: AdAccount) -> None:
    assert past(account.workspace).clock.latest == timedelta(hours=48)

    matched(account, 400, took_s=7_200, email=1_000)
    matched(account, 400, took_s=10_800, email=1_000)

    clock = past(account.workspace).clock
    assert (clock.soonest, clock.latest, clock.count) == (timedelta(hours=2), timedelta(hours=3), 2)


def test_it_costs_the_same_number_of_queries_however_much_there_is(
    account: AdAccount, django_assert_num_queries: object
) -> None:
    for size in (100, 200, 300):
        matched(account, size, email=1_000)

    with django_assert_num_queries(3):  # type: ignore[operator]
        assert past(account.workspace).clock is not None


def test_without_a_rate_it_does_not_deny_the_matchings_that_the_clock_goes_by(account: AdAccount) -> None:
    matched(account, 40, took_s=5, email=50, phone=50)
    Observation.objects.update(doubt="no_size")

    found = past(account.workspace).forecast({"email": 1_000, "phone": 1_000})

    assert past(account.workspace).clock.count == 1
    assert found is not None
    assert "has been matched here" not in found.basis
    assert found.basis.startswith("No match rate of e-mail addresses and phone numbers is known here yet")
