"""Ad accounts: read whole or not at all, judged by role, searched and chosen."""

import pytest
from django.test import Client
from django.urls import reverse

from pinconnect.pinterest import errors, limits
from pinconnect.profiles import permissions, services, tokens, wording
from pinconnect.profiles.models import AdAccount, AdAccountAccess, Profile, ProfileState
from pinconnect.profiles.tasks import read_ad_accounts
from pinconnect.workspaces.models import AuditEvent
from tests.profiles.conftest import Acme
from tests.support.simulator import SimulatorInTest


def account(pinterest_id: str) -> AdAccount:
    return AdAccount.objects.with_accesses().get(pinterest_id=pinterest_id)


def test_every_page_is_read(make_profile, simulator: SimulatorInTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PAGE_SIZE", 10)
    profile = make_profile("alice")

    read = services.read_ad_accounts(profile)

    assert (read.found, read.writable, read.lost) == (45, 45, 0)
    assert AdAccount.objects.count() == profile.accesses.count() == 45
    assert len(simulator.calls("ad_accounts/list")) == 5


def test_roles_decide_what_can_be_written(make_profile) -> None:
    services.read_ad_accounts(make_profile("bob"))

    writable = AdAccountAccess.objects.filter(can_write_lists=True).values_list("ad_account__pinterest_id", flat=True)
    assert account("549700000201").accesses.get().permissions == ["ANALYST", "CAMPAIGN_MANAGER"]
    assert "549700000201" not in writable
    assert {"549700000101", "549700000202"} <= set(writable)


def test_what_is_gone_is_taken_away_but_the_ad_account_stays_known(make_profile) -> None:
    profile = make_profile("bob")
    gone = AdAccount.objects.create(workspace=profile.workspace, pinterest_id="1", name="Gone", is_chosen=True)
    AdAccountAccess.objects.create(profile=profile, ad_account=gone, can_write_lists=True)

    read = services.read_ad_accounts(profile)

    assert read.lost == 1
    assert account("1").is_chosen
    assert "No connected profile reaches it any more" in wording.why_not(account("1"))


def test_an_incomplete_listing_changes_nothing(
    make_profile, simulator: SimulatorInTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PAGE_SIZE", 2)
    profile = make_profile("bob")
    services.read_ad_accounts(profile)
    before = list(AdAccountAccess.objects.values())
    simulator.fault("error", operation="ad_accounts/list", skip=1, times=9, status=403, code=29)

    with pytest.raises(errors.NotPermitted):
        services.read_ad_accounts(profile)

    assert list(AdAccountAccess.objects.values()) == before


def test_reading_again_keeps_choices_and_takes_new_names(make_profile) -> None:
    profile = make_profile("bob")
    AdAccount.objects.create(workspace=profile.workspace, pinterest_id="549700000101", name="Old", is_chosen=True)

    services.read_ad_accounts(profile)

    assert account("549700000101").is_chosen
    assert account("549700000101").name == "Bob's Garden Shop US"


def test_a_disconnect_while_reading_wins(make_profile, monkeypatch: pytest.MonkeyPatch) -> None:
    profile = make_profile("bob")
    real = tokens.with_client

    def slow(profile, action, **options):
        listed = real(profile, action, **options)
        services.disconnect(Profile.objects.get(), by=None)
        return listed

    monkeypatch.setattr(tokens, "with_client", slow)
    with pytest.raises(tokens.ProfileUnusable):
        services.read_ad_accounts(profile)

    assert not AdAccountAccess.objects.exists()


def test_the_task_reads_and_survives_trouble(make_profile, simulator: SimulatorInTest) -> None:
    profile = make_profile("bob")

    assert read_ad_accounts(profile.pk) == {"found": 6}
    simulator.control("tokens", {"user": "bob", "action": "revoke"})
    assert read_ad_accounts(profile.pk) == {"found": 0}
    assert AdAccountAccess.objects.count() == 6


def test_a_rate_limit_is_said_with_when_to_try_again(
    client: Client, acme: Acme, make_profile, simulator: SimulatorInTest
) -> None:
    profile = make_profile("bob")
    client.force_login(acme.mark)
    simulator.fault("rate_limited", operation="ad_accounts/list", reset=100)

    page = client.post(reverse("profiles:read-ad-accounts", args=[acme.workspace.slug, profile.pk]), follow=True)

    assert "Pinterest’s rate limit is reached" in page.content.decode()
    assert "Try again in 2 min." in page.content.decode()


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        (["OWNER"], True),
        (["ADMIN"], True),
        (["ANALYST", "AUDIENCE_MANAGER"], True),
        (["CAMPAIGN_MANAGER", "ANALYST", "FINANCE_MANAGER"], False),
        ([], False),
    ],
)
def test_the_audience_role_is_what_counts(roles: list[str], expected: bool) -> None:
    assert permissions.may_write_audiences(roles) is expected


def test_unknown_roles_are_readable() -> None:
    assert permissions.in_words(["OWNER", "SOS_READER"]) == ["Owner", "Sos reader"]


@pytest.mark.parametrize(
    ("profile_changes", "access_changes", "said"),
    [
        ({}, {}, ""),
        ({}, {"can_write_lists": False}, "The audience role is missing"),
        ({"state": ProfileState.EXPIRED}, {}, "has to be reconnected first"),
        ({"has_all_scopes": False}, {}, "lacks a permission"),
    ],
)
def test_why_an_ad_account_cannot_be_used_is_said(make_profile, profile_changes, access_changes, said: str) -> None:
    profile = make_profile("bob", **profile_changes)
    row = AdAccount.objects.create(workspace=profile.workspace, pinterest_id="5", name="Five")
    AdAccountAccess.objects.create(profile=profile, ad_account=row, **{"can_write_lists": True, **access_changes})

    reason = wording.why_not(account("5"))

    assert (said in reason) if said else (reason == "")
    assert AdAccount.objects.usable().exists() is (reason == "")


@pytest.mark.parametrize(
    ("text", "found"), [("uk", 1), ("SHOP", 3), ("alice", 2), ("54970000010", 4), ("  ", 6), ("%", 0)]
)
def test_search_looks_at_name_owner_and_number(make_profile, text: str, found: int) -> None:
    services.read_ad_accounts(make_profile("bob"))

    assert AdAccount.objects.matching(text).count() == found


def test_choosing_touches_only_what_was_shown(make_profile, acme) -> None:
    services.read_ad_accounts(make_profile("bob"))
    first, second, third = AdAccount.objects.all()[:3]
    AdAccount.objects.filter(pk__in=[first.pk, third.pk]).update(is_chosen=True)

    changed = services.choose_ad_accounts(
        acme.workspace, by=acme.mark, shown=[first.pk, second.pk], chosen=[second.pk, third.pk]
    )

    assert changed == 2
    assert set(AdAccount.objects.chosen()) == {second, third}
    assert sorted(AuditEvent.objects.values_list("verb", flat=True)) == ["ad_account.chosen", "ad_account.unchosen"]


def test_ad_accounts_of_another_workspace_are_not_chosen(make_profile, acme) -> None:
    from tests.factories import make_workspace

    other = make_workspace("Other")
    foreign = AdAccount.objects.create(workspace=other, pinterest_id="5")

    assert services.choose_ad_accounts(acme.workspace, by=acme.mark, shown=[foreign.pk], chosen=[foreign.pk]) == 0
    assert not AdAccount.objects.chosen().exists()
