"""Every way a partner's trip to Pinterest can end: each says what to do, and only success uses the invite up."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.test import Client
from django.utils import timezone

from invites.services import partner as partner_services
from invites.services import sending
from pinconnect.profiles.models import OAuthState, Profile
from pinconnect.profiles.tokens import client_for
from tests.invites.conftest import CALLBACK, Link, MakeInvite, Partner, text


def test_a_grant_makes_the_profile_and_uses_the_invite_up(partner: Partner, make_invite: MakeInvite, acme) -> None:
    link = make_invite()

    said = text(partner.go(link))

    profile = Profile.objects.get()
    assert "Thank you, @bobs_garden is connected" in said
    assert (profile.workspace, profile.connected_by, profile.accesses.count()) == (acme.workspace, None, 6)
    assert (link.now().state, link.now().result) == ("active", profile)
    assert link.kinds() == ["created", "started", "activated"]


@pytest.mark.parametrize(
    ("how", "said", "code"),
    [
        ({"decision": "deny"}, "You declined at Pinterest", "declined"),
        ({"scopes": ["ads:read", "user_accounts:read"]}, "A permission was left out", "missing_scopes"),
        ({"user": "alice"}, "Expected was bobs_garden, but alice_agency came back", "wrong_account"),
    ],
)
def test_a_no_at_pinterest_leaves_the_link_usable(
    partner: Partner, make_invite: MakeInvite, how: dict, said: str, code: str
) -> None:
    link = make_invite(expected_username="Bobs_Garden")

    answer = text(partner.go(link, **how))

    assert said.casefold() in answer.casefold()
    assert "Try again at Pinterest" in answer
    assert "Ask Mark of Acme" in answer
    assert (link.now().state, link.now().failure) == ("failed", code)
    assert not Profile.objects.exists()
    assert "is connected" in text(partner.go(link))


@pytest.mark.parametrize("fault", ["server_error", "drop_after", "not_json", "rate_limited"])
def test_a_pinterest_in_trouble_is_not_the_partners_fault(
    partner: Partner, make_invite: MakeInvite, fault: str
) -> None:
    link = make_invite()
    params = partner.decide(partner.leave(link))
    partner.simulator.fault(fault, times=5)

    assert "Pinterest did not answer" in text(partner.back(params))
    assert (link.now().state, link.now().failure) == ("failed", "pinterest_down")


def test_trying_again_goes_back_to_pinterest(partner: Partner, make_invite: MakeInvite) -> None:
    link = make_invite()
    partner.go(link, decision="deny")

    state = partner.state_of(partner.web.post(partner.last))

    assert link.now().state == "authorising"
    assert "is connected" in text(partner.back(partner.decide(state)))


def test_a_reconnect_takes_the_same_identity_only(partner: Partner, make_invite: MakeInvite, make_profile) -> None:
    profile = make_profile("bob", expires_at=timezone.now() + timedelta(days=1))
    link = make_invite(profile=profile)

    refused = text(partner.go(link, "alice"))

    unchanged = Profile.objects.get()
    assert "Expected was bobs_garden, but alice_agency came back from Pinterest" in refused
    assert (unchanged.access_token, unchanged.expires_at) == (profile.access_token, profile.expires_at)
    partner.go(link, "bob")
    renewed = Profile.objects.get()
    assert renewed.expires_at > timezone.now() + timedelta(days=29)
    assert (link.now().state, link.now().result) == ("active", renewed)


def test_a_partner_who_took_another_name_is_still_the_same(
    partner: Partner, make_invite: MakeInvite, make_profile
) -> None:
    link = make_invite(profile=make_profile("bob", username="older_name"))

    assert "@bobs_garden is connected" in text(partner.go(link))


def test_an_answer_counts_once_and_a_reload_notes_nothing(partner: Partner, make_invite: MakeInvite) -> None:
    link = make_invite()
    params = partner.decide(partner.leave(link), decision="deny")
    first = text(partner.back(params))

    second = text(partner.back(params))
    third = text(partner.web.get(partner.last))

    titles = [page.partition("<h1>")[2].partition("</h1>")[0] for page in (first, second, third)]
    assert titles == ["You declined at Pinterest"] * 3
    assert link.kinds().count("failed") == 1


def test_the_back_button_after_success_changes_nothing(partner: Partner, make_invite: MakeInvite) -> None:
    link = make_invite()
    params = partner.decide(partner.leave(link))
    partner.back(params)
    version = Profile.objects.get().token_version

    again = partner.back(params)
    landing = partner.web.get(link.path)
    restarted = partner.web.post(f"{link.path}start/")

    assert "is connected" in text(again)
    assert (landing.status_code, restarted.status_code) == (410, 410)
    assert Profile.objects.get().token_version == version


def test_of_two_tabs_one_wins_and_the_other_stores_nothing(partner: Partner, make_invite: MakeInvite) -> None:
    link = make_invite()
    first, second = partner.leave(link), partner.leave(link)
    partner.back(partner.decide(first, "bob"))

    late = text(partner.back(partner.decide(second, "alice")))

    assert "The invite ended while you were at Pinterest" in late
    assert "Try again" not in late
    assert Profile.objects.get().username == "bobs_garden"
    assert link.now().result == Profile.objects.get()


def test_tabs_of_two_invites_in_one_browser_are_not_mixed_up(partner: Partner, make_invite: MakeInvite) -> None:
    one, other = make_invite(partner_name="One"), make_invite(partner_name="Other")
    first, second = partner.leave(one), partner.leave(other)

    partner.back(partner.decide(first, "bob"))
    partner.back(partner.decide(second, "alice"))

    assert (one.now().result.username, other.now().result.username) == ("bobs_garden", "alice_agency")


def test_a_second_device_does_no_harm(partner: Partner, elsewhere: Partner, make_invite: MakeInvite) -> None:
    link = make_invite()
    partner.leave(link)

    elsewhere.go(link)

    assert link.now().state == "active"
    assert Profile.objects.get().username == "bobs_garden"


def test_an_answer_in_another_browser_is_refused(partner: Partner, elsewhere: Partner, make_invite: MakeInvite) -> None:
    link = make_invite()
    params = partner.decide(partner.leave(link))

    assert "started in another browser" in text(elsewhere.back(params))
    assert not Profile.objects.exists()
    assert "is connected" in text(partner.back(params))


def test_the_end_is_told_only_where_it_began(partner: Partner, elsewhere: Partner, make_invite: MakeInvite) -> None:
    partner.go(make_invite())
    elsewhere.go(make_invite(), "alice")

    for method in (elsewhere.web.get, elsewhere.web.post, Client().get):
        answer = method(partner.last)
        assert answer.status_code == 400
        assert "This cannot be finished here" in text(answer)


def test_an_answer_is_too_late_after_ten_minutes(partner: Partner, make_invite: MakeInvite) -> None:
    link = make_invite()
    params = partner.decide(partner.leave(link))
    OAuthState.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert "That took too long" in text(partner.back(params))
    assert link.now().failure == "state_expired"


def test_an_invite_that_expires_meanwhile_is_still_honoured(partner: Partner, make_invite: MakeInvite) -> None:
    link = make_invite()
    params = partner.decide(partner.leave(link))
    type(link.invite).objects.update(expires_at=timezone.now())

    assert "is connected" in text(partner.back(params))


def test_an_invite_revoked_meanwhile_stores_nothing(partner: Partner, make_invite: MakeInvite, acme) -> None:
    link = make_invite()
    params = partner.decide(partner.leave(link))
    sending.revoke(link.invite, by=acme.mark)

    assert "The invite ended while you were at Pinterest" in text(partner.back(params))
    assert not Profile.objects.exists()
    assert partner.web.post(partner.last).status_code == 404


def test_a_link_replaced_meanwhile_stores_nothing(partner: Partner, make_invite: MakeInvite, acme) -> None:
    link = make_invite()
    params = partner.decide(partner.leave(link))
    new = sending.replace_link(link.invite, by=acme.mark)

    said = text(partner.back(params))

    assert "The invite ended while you were at Pinterest" in said
    assert "Try again" not in said
    assert not Profile.objects.exists()
    assert "is connected" in text(partner.go(Link(link.invite, new)))


def test_a_replaced_link_cannot_be_tried_again(partner: Partner, make_invite: MakeInvite, acme) -> None:
    link = make_invite()
    assert "Try again" in text(partner.go(link, decision="deny"))
    sending.replace_link(link.invite, by=acme.mark)

    again = partner.web.post(partner.last)

    assert again.status_code == 404
    assert "Try again" not in text(partner.web.get(partner.last))
    assert link.kinds().count("started") == 1


def test_a_crash_while_the_grant_is_stored_leaves_both_or_none(partner: Partner, make_invite: MakeInvite) -> None:
    link = make_invite()
    params = partner.decide(partner.leave(link))

    with patch.object(partner_services, "note", side_effect=RuntimeError), pytest.raises(RuntimeError):
        partner.back(params)

    assert not Profile.objects.exists()
    assert link.now().state == "authorising"
    assert "is connected" in text(partner.go(link))


@pytest.mark.parametrize("is_used", [False, True])
@pytest.mark.parametrize(("who", "where", "user"), [("charlie", "elsewhere", "charlie"), ("mark", "acme", "bob")])
def test_a_member_cannot_pass_for_a_partner(
    partner: Partner, elsewhere: Partner, make_invite: MakeInvite, acme, who: str, where: str, user: str, is_used: bool
) -> None:
    link = make_invite()
    partner.leave(link)
    attempt = link.invite.events.get(kind="started")
    if is_used:
        elsewhere.go(link, "bob")
    before = link.now()
    partner.web.force_login(getattr(acme, who))
    way = f"/connect/back/?attempt={attempt.pk}"
    answer = partner.web.post(f"/w/{where}/profiles/connect/", {"next": way})

    told = partner.back(partner.decide(partner.state_of(answer), user))
    opened = partner.web.post(partner.last)

    assert (told.status_code, opened.status_code) == (400, 400)
    assert "Thank you" not in text(told)
    after = link.now()
    assert (after.state, after.result) == (before.state, before.result)
    assert after.partner_page_hash == ""


def test_without_an_app_the_partner_is_told_whom_to_tell(partner: Partner, make_invite: MakeInvite, settings) -> None:
    settings.PINTEREST_APP_ID = ""
    link = make_invite()

    answer = partner.web.post(f"{link.path}start/")

    assert answer.status_code == 503
    assert "Tell Mark of Acme about it" in text(answer)
    assert link.now().state == "pending"


def test_nobody_leaves_this_site_through_the_way_back(partner: Partner, make_invite: MakeInvite) -> None:
    partner.leave(make_invite())

    ways = OAuthState.objects.values_list("next_url", flat=True)
    assert all(way.startswith("/connect/back/?attempt=") for way in ways)
    assert partner.web.get(f"{CALLBACK}?state=x&next=https://evil.example/").status_code == 400


def test_tokens_of_the_new_profile_work(partner: Partner, make_invite: MakeInvite) -> None:
    partner.go(make_invite())

    assert client_for(Profile.objects.get()).request("GET", "/user_account", safe_to_repeat=True).status == 200
