"""The partner's own page: what was granted and done, taking it back, and a new link for one that was lost."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from invites.models import AppInvite
from pinconnect.alerts.services import open_alerts
from pinconnect.lib.tokens import hash_token
from pinconnect.profiles import usage
from pinconnect.profiles.models import OAuthState, Profile, ProfileState
from pinconnect.profiles.signals import profile_recovered
from pinconnect.workspaces.models import AuditEvent, Membership
from pinconnect.workspaces.models import OutgoingEmail as Email
from tests.factories import make_workspace
from tests.invites.conftest import MakeInvite, Partner, text


@pytest.fixture
def page(partner: Partner, make_invite: MakeInvite) -> str:
    """The path of the page of a partner who has just granted."""
    partner.go(make_invite())
    return partner.own_page()


def recover(partner: Partner, user: str = "bob", **how) -> str:
    """Prove at Pinterest who one is; what the page then says."""
    answer = partner.web.post("/partner/")
    return text(partner.back(partner.decide(partner.state_of(answer), user, **how)))


def test_it_shows_what_was_granted_and_written(client: Client, page: str, monkeypatch) -> None:
    used = usage.Usage("Newsletter", "Customers UK", "Acme UK", "Active", "/secret/", timezone.now())
    monkeypatch.setitem(usage._readers, "test", lambda profile: [used])

    said = text(client.get(page))

    for words in ("@bobs_garden", "Access is granted", "asked for by Mark of Acme", "Customers UK", "Acme UK"):
        assert words in said
    assert "Create and change customer lists and audiences" in said
    assert "/secret/" not in said, "addresses inside the workspace are not the partner's"


def test_the_way_back_to_it_is_told_as_people_reach_it(partner: Partner, make_invite: MakeInvite, settings) -> None:
    partner.go(make_invite())
    settings.BASE_URL = "https://pin.example.com"

    said = text(partner.web.get(partner.last, headers={"host": "127.0.0.1:8000"}))

    assert ">pin.example.com/partner/</a>" in said
    assert "127.0.0.1" not in said


def test_its_link_is_kept_as_a_hash_and_a_newer_one_replaces_it(client: Client, partner: Partner, page: str) -> None:
    code = page.split("/")[2]
    assert AppInvite.objects.get().partner_page_hash == hash_token(code)

    newer = partner.own_page()

    assert client.get(page).status_code == 404
    assert client.get(newer).status_code == 200


def test_the_browser_that_granted_is_trusted_for_a_short_time_only(partner: Partner, page: str) -> None:
    OAuthState.objects.update(used_at=timezone.now() - timedelta(hours=1))

    assert partner.own_page() == "/partner/"


def test_unknown_pages_answer_like_unknown_invites(client: Client, db: None) -> None:
    unknown = client.get("/connect/nonsense/")

    for path in ("/partner/nonsense/", "/partner/nonsense/withdraw/"):
        assert client.get(path).content == unknown.content
    assert client.post("/partner/nonsense/withdraw/").status_code == 404


def test_withdrawing_asks_first(client: Client, page: str) -> None:
    said = text(client.get(f"{page}withdraw/"))

    assert "Withdraw access to @bobs_garden?" in said
    assert "Acme is told" in said
    assert Profile.objects.get().state == ProfileState.CONNECTED


def test_withdrawing_deletes_the_tokens_and_tells_the_workspace(
    client: Client, acme, page: str, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(f"{page}withdraw/", follow=True)

    profile = Profile.objects.get()
    assert (profile.state, profile.access_token, profile.refresh_token) == (ProfileState.DISCONNECTED, "", "")
    assert "You have withdrawn access" in text(answer)
    assert "Withdraw access…" not in text(answer)
    assert [alert.title for alert in open_alerts(acme.workspace)] == ["Paula withdrew access to @bobs_garden"]
    assert AuditEvent.objects.filter(verb="app_invite.withdrawn").count() == 1
    told = Email.objects.filter(kind="alerts.raised").values_list("user__email", flat=True)
    assert set(told) == {acme.alice.email, acme.mark.email}


def test_withdrawing_twice_does_nothing_more(client: Client, page: str) -> None:
    client.post(f"{page}withdraw/")
    first = AppInvite.objects.get().withdrawn_at

    client.post(f"{page}withdraw/")

    assert AppInvite.objects.get().withdrawn_at == first
    assert AuditEvent.objects.filter(verb="app_invite.withdrawn").count() == 1


def test_who_grants_again_can_withdraw_again(
    client: Client, acme, partner: Partner, make_invite: MakeInvite, page: str, django_capture_on_commit_callbacks
) -> None:
    client.post(f"{page}withdraw/")
    with django_capture_on_commit_callbacks(execute=True):
        partner.go(make_invite(profile=Profile.objects.get()))

    assert "Access is granted" in text(client.get(page))
    assert not open_alerts(acme.workspace), "the alert about the withdrawal is over"
    client.post(f"{page}withdraw/")
    assert Profile.objects.get().state == ProfileState.DISCONNECTED


def test_a_page_of_an_expired_profile_says_what_to_do(client: Client, page: str) -> None:
    Profile.objects.update(state=ProfileState.EXPIRED)

    assert "open the newest link you were sent" in text(client.get(page))


def test_a_profile_that_a_member_disconnected_is_not_called_withdrawn(client: Client, page: str) -> None:
    Profile.objects.update(state=ProfileState.DISCONNECTED)

    said = text(client.get(page))

    assert "Access has ended" in said
    assert "withdrawn" not in said


def test_a_lost_link_is_replaced_by_proving_the_same_identity(client: Client, partner: Partner, page: str) -> None:
    profile = Profile.objects.get()
    state = OAuthState.objects.count()

    said = recover(partner)
    answer = partner.web.post(partner.last, {"invite": AppInvite.objects.get().pk})

    assert "Hello @bobs_garden" in said
    assert "Open the page for Acme" in said
    assert client.get(answer.url).status_code == 200
    assert client.get(page).status_code == 404, "the lost link no longer works"
    unchanged = Profile.objects.get()
    assert (unchanged.access_token, unchanged.token_version) == (profile.access_token, profile.token_version)
    assert OAuthState.objects.count() == state + 1


def test_only_the_user_name_is_asked_of_pinterest(partner: Partner) -> None:
    answer = partner.web.post("/partner/")

    assert "scope=user_accounts%3Aread&" in f"{answer.url}&"
    assert OAuthState.objects.get().scopes == ["user_accounts:read"]


def test_proving_changes_nothing_by_itself(client: Client, partner: Partner, page: str) -> None:
    recover(partner)
    partner.web.get(partner.last)

    assert client.get(page).status_code == 200, "GET changes nothing"


def test_another_identity_finds_nothing_and_makes_no_profile(partner: Partner, page: str) -> None:
    said = recover(partner, "alice")

    assert "No access was granted through an invite with this Pinterest user" in said
    assert "bobs_garden" not in said
    assert Profile.objects.count() == 1
    refused = partner.web.post(partner.last, {"invite": AppInvite.objects.get().pk})
    assert refused.status_code == 404


def test_nobody_learns_which_identities_exist(partner: Partner, elsewhere: Partner, page: str) -> None:
    """Before Pinterest has said who somebody is, there is nothing to tell identities apart by."""
    known, unknown = partner.web.get("/partner/"), elsewhere.web.get("/partner/")

    assert b'<input type="text"' not in known.content
    assert known.content.partition(b"csrfmiddlewaretoken")[0] == unknown.content.partition(b"csrfmiddlewaretoken")[0]


@pytest.mark.parametrize(
    ("how", "said"), [({"decision": "deny"}, "You declined at Pinterest"), ({}, "Hello @charlie_pins")]
)
def test_other_ends_are_explained(partner: Partner, how: dict, said: str) -> None:
    assert said in recover(partner, "charlie", **how)
    assert not Profile.objects.exists()


def test_a_proof_counts_in_its_own_browser_for_a_while(partner: Partner, elsewhere: Partner, page: str) -> None:
    recover(partner)
    invite = {"invite": AppInvite.objects.get().pk}
    assert elsewhere.web.post(partner.last, invite).status_code == 400

    OAuthState.objects.update(used_at=timezone.now() - timedelta(hours=1))

    assert partner.web.post(partner.last, invite).status_code == 400


def test_a_trip_that_connects_is_no_proof_of_the_other_kind(partner: Partner, page: str) -> None:
    number = OAuthState.objects.get().pk

    assert partner.web.get(f"/partner/back/?connect={number}").status_code == 400


def test_pages_in_several_workspaces_are_all_offered(partner: Partner, make_invite: MakeInvite, acme) -> None:
    partner.go(make_invite())
    first = AppInvite.objects.get()
    other = make_workspace("Beta", owner=Membership.objects.get(user=acme.charlie).user)
    profile = Profile.objects.create(workspace=other, pinterest_id="549755885175", username="bobs_garden")
    AppInvite.objects.create(
        workspace=other,
        partner_name="Paula",
        state="active",
        result=profile,
        activated_at=timezone.now(),
        expires_at=timezone.now(),
    )

    said = recover(partner)

    assert said.index("Open the page for Acme") < said.index("Open the page for Beta")
    partner.web.post(partner.last, {"invite": first.pk})
    assert AppInvite.objects.filter(partner_page_hash="").count() == 1


def test_a_name_that_somebody_else_took_over_opens_nothing(partner: Partner, page: str) -> None:
    """The id decides: alice takes the name that bob had."""
    Profile.objects.update(username="alice_agency")

    assert "No access was granted" in recover(partner, "alice")


def test_a_profile_without_an_id_opens_to_nobody_by_its_name(partner: Partner, page: str) -> None:
    """Names change hands, and without an id nothing tells the old owner from the new one."""
    Profile.objects.update(pinterest_id="")

    assert "No access was granted" in recover(partner)
    assert "No access was granted" in recover(partner, "charlie")


def test_without_an_app_it_says_so(client: Client, db, settings) -> None:
    settings.PINTEREST_APP_ID = ""

    answer = client.post("/partner/")

    assert answer.status_code == 503
    assert "This does not work at the moment" in text(answer)


def test_recovering_sends_no_signal_and_no_mail(
    partner: Partner, page: str, django_capture_on_commit_callbacks
) -> None:
    heard: list[object] = []

    def listen(**_: object) -> None:
        heard.append(1)

    profile_recovered.connect(listen)
    with django_capture_on_commit_callbacks(execute=True):
        recover(partner)

    assert not heard
    assert not mail.outbox
