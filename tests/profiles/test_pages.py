"""The pages of profiles and ad accounts, for each kind of visitor."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pinconnect.alerts.models import Alert
from pinconnect.profiles import services, usage
from pinconnect.profiles.models import AdAccount, Profile, ProfileState
from pinconnect.workspaces.models import AuditEvent
from tests.profiles.conftest import Acme
from tests.support.simulator import SimulatorInTest


def text(answer) -> str:
    return " ".join(answer.content.decode().split())


@pytest.fixture
def signed_in(client, acme: Acme):
    client.force_login(acme.mark)
    return client


PAGES = ["profiles/", "profiles/{pk}/", "profiles/{pk}/disconnect/", "ad-accounts/"]
ACTIONS = ["profiles/connect/", "profiles/{pk}/renew/", "profiles/{pk}/read-ad-accounts/", "ad-accounts/choose/"]


@pytest.mark.parametrize("page", PAGES)
def test_pages_work_have_one_heading_and_hide_tokens(signed_in, acme: Acme, make_profile, page: str) -> None:
    profile = make_profile()
    services.read_ad_accounts(profile)

    answer = signed_in.get(acme.url + page.format(pk=profile.pk))

    assert answer.status_code == 200
    assert answer.content.count(b"<h1") == 1
    assert b"pina_" not in answer.content
    assert b"pinr_" not in answer.content


@pytest.mark.parametrize("page", PAGES)
def test_strangers_get_404_and_the_signed_out_are_asked_to_sign_in(client, acme: Acme, make_profile, page: str) -> None:
    url = acme.url + page.format(pk=make_profile().pk)
    assert client.get(url).url.startswith("/accounts/login/")

    client.force_login(acme.charlie)

    assert client.get(url).status_code == 404


@pytest.mark.parametrize("action", [*ACTIONS, "profiles/{pk}/disconnect/"])
def test_viewers_may_change_nothing(client, acme: Acme, make_profile, action: str) -> None:
    client.force_login(acme.vera)

    assert client.post(acme.url + action.format(pk=make_profile().pk)).status_code == 403
    assert Profile.objects.get().is_usable


@pytest.mark.parametrize("action", ACTIONS)
def test_changes_need_a_post(signed_in, acme: Acme, make_profile, action: str) -> None:
    assert signed_in.get(acme.url + action.format(pk=make_profile().pk)).status_code == 405


@pytest.mark.parametrize("page", [*PAGES[1:3], *ACTIONS[1:3]])
def test_profiles_of_others_do_not_exist(signed_in, acme: Acme, make_profile, page: str) -> None:
    from tests.factories import make_workspace

    foreign = make_profile(workspace=make_workspace("Other"))

    assert signed_in.post(acme.url + page.format(pk=foreign.pk)).status_code in {404, 405}
    assert signed_in.get(acme.url + page.format(pk=foreign.pk)).status_code in {404, 405}
    answer = signed_in.post(f"{acme.url}profiles/connect/", {"profile": foreign.pk})
    assert answer.status_code == 404
    endless = signed_in.post(f"{acme.url}profiles/connect/", {"profile": "9" * 5_000})
    assert endless.status_code == 302, "no profile of ours, so another one is connected"


def test_viewers_see_no_buttons(client, acme: Acme, make_profile) -> None:
    profile = make_profile()
    client.force_login(acme.vera)

    for page in ("profiles/", f"profiles/{profile.pk}/"):
        answer = text(client.get(acme.url + page))
        assert "profiles/connect/" not in answer
        assert "/disconnect/" not in answer
        assert "<button" not in answer.partition("<main")[2]


def test_an_empty_list_says_what_to_do(signed_in, acme: Acme) -> None:
    assert "No profile yet" in text(signed_in.get(f"{acme.url}profiles/"))
    assert "Ad accounts appear here once a profile is connected" in text(signed_in.get(f"{acme.url}ad-accounts/"))


def test_profiles_are_filtered_by_state(signed_in, acme: Acme, make_profile) -> None:
    make_profile("bob", state=ProfileState.EXPIRED)
    make_profile("alice", renewal_problem="refused")

    expired = text(signed_in.get(f"{acme.url}profiles/?state=expired"))
    expiring = text(signed_in.get(f"{acme.url}profiles/?state=expiring"))

    assert "bobs_garden" in expired
    assert "alice_agency" not in expired
    assert "alice_agency" in expiring
    assert "bobs_garden" not in expiring


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state": ProfileState.EXPIRED}, "Pinterest no longer accepts this profile"),
        ({"state": ProfileState.DISCONNECTED}, "This profile is disconnected"),
        ({"renewal_problem": "refused"}, "Pinterest refuses to renew this token"),
        ({"scopes": ["ads:read"], "has_all_scopes": False}, "A permission is missing"),
    ],
)
def test_each_trouble_is_explained_on_the_page(signed_in, acme: Acme, make_profile, changes: dict, said: str) -> None:
    assert said in text(signed_in.get(make_profile(**changes).get_absolute_url()))


def test_a_profile_shows_who_uses_it(signed_in, acme: Acme, make_profile, monkeypatch: pytest.MonkeyPatch) -> None:
    used = usage.Usage("Shoppers weekly", "Audience-Shoppers", "Acme UK", "Active", "/x/", timezone.now())
    monkeypatch.setattr(usage, "_readers", {"test": lambda profile: [used]})
    profile = make_profile()

    assert "Shoppers weekly" in text(signed_in.get(profile.get_absolute_url()))
    assert "Shoppers weekly</a> stops." in text(signed_in.get(f"{profile.get_absolute_url()}disconnect/"))


def test_renew_now_moves_the_end(signed_in, make_profile) -> None:
    profile = make_profile(expires_at=timezone.now() + timedelta(days=3))

    answer = signed_in.post(f"{profile.get_absolute_url()}renew/", follow=True)

    assert "The token is renewed." in text(answer)
    assert Profile.objects.get().expires_at > timezone.now() + timedelta(days=29)


def test_renew_now_explains_refusals(signed_in, make_profile, simulator: SimulatorInTest) -> None:
    profile = make_profile()
    simulator.control("tokens", {"user": "bob", "action": "revoke", "kind": "refresh"})
    assert "refuses to renew this token" in text(signed_in.post(f"{profile.get_absolute_url()}renew/", follow=True))

    simulator.control("tokens", {"user": "bob", "action": "revoke"})

    assert "The profile has expired" in text(signed_in.post(f"{profile.get_absolute_url()}renew/", follow=True))


def test_reading_ad_accounts_says_what_was_found(signed_in, make_profile, simulator: SimulatorInTest) -> None:
    url = f"{make_profile().get_absolute_url()}read-ad-accounts/"

    assert "Pinterest lists 6 ad accounts; 5 can receive deliveries." in text(signed_in.post(url, follow=True))
    simulator.fault("server_error", times=9)
    assert "What was known before is kept" in text(signed_in.post(url, follow=True))


def test_disconnecting_asks_first_and_deletes_the_tokens(signed_in, acme: Acme, make_profile) -> None:
    profile = make_profile(state=ProfileState.EXPIRED)
    Alert.objects.create(workspace=acme.workspace, kind="profiles.expired", subject=f"profile:{profile.pk}")
    url = f"{profile.get_absolute_url()}disconnect/"
    assert "Pinterest itself keeps the grant" in text(signed_in.get(url))
    assert Profile.objects.get().access_token

    signed_in.post(url)
    signed_in.post(url)

    gone = Profile.objects.get()
    assert (gone.state, gone.access_token, gone.refresh_token, gone.expires_at) == ("disconnected", "", "", None)
    assert not Alert.objects.filter(resolved_at=None).exists()
    assert AuditEvent.objects.filter(verb="profile.disconnected").count() == 1


def test_ad_accounts_say_why_one_cannot_be_used(signed_in, acme: Acme, make_profile) -> None:
    services.read_ad_accounts(make_profile("bob"))

    page = text(signed_in.get(f"{acme.url}ad-accounts/?show=blocked"))

    assert "Spring Fair" in page
    assert "The audience role is missing" in page
    assert "Winter Fair" not in page
    assert "Winter Fair" in text(signed_in.get(f"{acme.url}ad-accounts/?show=usable&q=fair"))


def test_ad_accounts_are_chosen_and_the_search_is_kept(signed_in, acme: Acme, make_profile) -> None:
    services.read_ad_accounts(make_profile("bob"))
    row = AdAccount.objects.first()

    answer = signed_in.post(
        f"{acme.url}ad-accounts/choose/",
        {"shown": [row.pk, "x", "9" * 30], "chosen": [row.pk], "q": "bob", "show": "usable"},
    )

    assert answer.url == f"{acme.url}ad-accounts/?q=bob&show=usable"
    assert list(AdAccount.objects.chosen()) == [row]


def test_a_search_that_finds_nothing_says_so(signed_in, acme: Acme, make_profile) -> None:
    services.read_ad_accounts(make_profile("bob"))

    assert "Nothing found" in text(signed_in.get(f"{acme.url}ad-accounts/?q=zzz"))


@pytest.mark.parametrize("page", ["profiles/", "ad-accounts/"])
def test_long_lists_cost_no_more_queries_than_short_ones(signed_in, acme: Acme, make_profile, page: str) -> None:
    services.read_ad_accounts(make_profile("bob"))
    signed_in.get(acme.url + page)
    with CaptureQueriesContext(connection) as short:
        signed_in.get(acme.url + page)
    services.read_ad_accounts(make_profile("alice"))

    with CaptureQueriesContext(connection) as long:
        signed_in.get(acme.url + page)

    assert len(long) == len(short) > 0
