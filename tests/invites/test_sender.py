"""The marketer's pages: making an invite, following it, and what can be done with it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from invites.models import AppInvite, InviteCode
from pinconnect.lib.tokens import hash_token
from pinconnect.profiles.models import Profile
from pinconnect.workspaces.models import AuditEvent, Membership, OutgoingEmail
from tests.invites.conftest import Link, MakeInvite, Partner, text

FORM = {"purpose": "new", "partner_name": "Paula", "days": "7"}


@pytest.fixture
def mark(client: Client, acme) -> Client:
    client.force_login(acme.mark)
    return client


def shown_link(answer) -> str:
    """The path of the link on the page that shows it."""
    return "/connect/" + answer.content.decode().partition("http://testserver/connect/")[2][:44]


def make(mark: Client, acme, **changes: str):
    return mark.post(f"{acme.url}app-invites/new/", {**FORM, **changes})


def test_the_link_is_shown_once_and_works(mark: Client, acme) -> None:
    answer = make(mark, acme, message="Hi", ad_account_request="Acme UK", expected_username="@bobs_garden")

    invite = AppInvite.objects.get()
    link = shown_link(answer)
    assert "This is the only time it is shown" in text(answer)
    assert "no-store" in answer["Cache-Control"]
    assert Client().get(link).status_code == 200
    assert link not in text(mark.get(f"{acme.url}app-invites/{invite.pk}/"))
    assert (invite.expected_username, invite.created_by) == ("bobs_garden", acme.mark)
    assert timedelta(days=6, hours=23) < invite.expires_at - timezone.now() <= timedelta(days=7)
    assert AuditEvent.objects.get(verb="app_invite.created").actor == acme.mark


def test_a_form_that_is_sent_twice_makes_one_invite(mark: Client, acme) -> None:
    key = "k" * 43
    make(mark, acme, form_key=key)

    again = make(mark, acme, form_key=key)

    assert again.url == f"{acme.url}app-invites/{AppInvite.objects.get().pk}/"
    assert InviteCode.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"partner_name": " "}, "This field is required"),
        ({"partner_email": "nobody"}, "Enter a valid email address"),
        ({"purpose": "reconnect"}, "Choose the profile whose token the partner updates"),
        ({"purpose": "steal"}, "Select a valid choice"),
        ({"profile": "999"}, "Select a valid choice"),
        ({"days": "365"}, "Select a valid choice"),
        ({"expected_username": "two words"}, "letters, digits and underscores only"),
        ({"reminders": "on"}, "A reminder needs the partner&#x27;s e-mail address"),
        ({"message": "x" * 1001}, "at most 1000 characters"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(mark: Client, acme, changes: dict, said: str) -> None:
    answer = make(mark, acme, **changes)

    assert answer.status_code == 200
    assert said in text(answer)
    assert not AppInvite.objects.exists()


@pytest.mark.parametrize("pasted", ["@Bobs_Garden", "https://www.pinterest.com/Bobs_Garden/", " Bobs_Garden "])
def test_user_names_are_taken_as_people_paste_them(mark: Client, acme, pasted: str) -> None:
    make(mark, acme, expected_username=pasted)

    assert AppInvite.objects.get().expected_username == "Bobs_Garden"


def test_a_reconnect_is_locked_to_its_profile(mark: Client, acme, make_profile) -> None:
    profile = make_profile("bob")

    assert f'<option value="{profile.pk}" selected>' in text(
        mark.get(f"{acme.url}app-invites/new/?profile={profile.pk}")
    )
    make(mark, acme, purpose="reconnect", profile=str(profile.pk), expected_username="somebody")

    invite = AppInvite.objects.get()
    assert (invite.profile, invite.expected_username) == (profile, "bobs_garden")


def test_profiles_of_others_cannot_be_named(mark: Client, acme, make_profile) -> None:
    other = Membership.objects.get(user=acme.charlie).workspace
    profile = make_profile("bob", workspace=other)

    answer = make(mark, acme, purpose="reconnect", profile=str(profile.pk))

    assert "Select a valid choice" in text(answer)
    assert not AppInvite.objects.exists()


def act(web: Client, link: Link, action: str, **data: str):
    return web.post(f"/w/acme/app-invites/{link.invite.pk}/{action}/", data, follow=action != "replace-link")


def test_replacing_the_link_stops_every_earlier_one(mark: Client, make_invite: MakeInvite) -> None:
    link = make_invite()

    assert "Every link to this invite that exists stops working" in text(
        mark.get(f"/w/acme/app-invites/{link.invite.pk}/replace-link/")
    )
    fresh = shown_link(act(mark, link, "replace-link"))

    assert Client().get(link.path).status_code == 404
    assert Client().get(fresh).status_code == 200


def test_extending_brings_an_expired_link_back(mark: Client, make_invite: MakeInvite) -> None:
    link = make_invite()
    AppInvite.objects.update(expires_at=timezone.now() - timedelta(days=30))
    assert "Expired" in text(mark.get("/w/acme/app-invites/?state=expired"))

    said = text(act(mark, link, "extend"))

    assert "The link works for seven days from now" in said
    assert Client().get(link.path).status_code == 200


def test_revoking_asks_first_and_counts_once(mark: Client, make_invite: MakeInvite) -> None:
    link = make_invite()
    assert "stop working for good" in text(mark.get(f"/w/acme/app-invites/{link.invite.pk}/revoke/"))
    assert link.now().state == "pending"

    act(mark, link, "revoke")
    again = text(act(mark, link, "revoke"))

    assert link.now().state == "revoked"
    assert "nothing to revoke" in again
    assert AuditEvent.objects.filter(verb="app_invite.revoked").count() == 1


@pytest.mark.parametrize("action", ["replace-link", "resend", "extend"])
def test_what_is_over_cannot_be_brought_back(mark: Client, make_invite: MakeInvite, action: str) -> None:
    link = make_invite(partner_email="p@example.org")
    act(mark, link, "revoke")

    answer = mark.post(
        f"/w/acme/app-invites/{link.invite.pk}/{action}/", {"partner_email": "p@example.org"}, follow=True
    )

    assert "Create a new one" in text(answer)
    assert link.invite.codes.count() == 1


def test_archiving_takes_it_out_of_the_list_and_stops_its_link(mark: Client, make_invite: MakeInvite) -> None:
    link = make_invite()

    said = text(act(mark, link, "archive"))

    assert "is archived" in said
    assert names(mark.get("/w/acme/app-invites/")) == []
    assert "Paula" in text(mark.get("/w/acme/app-invites/?state=archived"))
    assert Client().get(link.path).status_code == 404


def test_a_used_invite_can_be_archived_and_keeps_its_profile(
    mark: Client, partner: Partner, make_invite: MakeInvite
) -> None:
    link = make_invite()
    partner.go(link)
    page = partner.own_page()

    act(mark, link, "archive")

    assert link.now().state == "active"
    assert Profile.objects.get().is_usable
    assert partner.web.get(page).status_code == 200


def test_the_profile_that_came_of_it_is_linked(mark: Client, partner: Partner, make_invite: MakeInvite) -> None:
    link = make_invite()
    partner.go(link)

    said = text(mark.get(f"/w/acme/app-invites/{link.invite.pk}/"))

    assert Profile.objects.get().get_absolute_url() in said
    assert said.index("Access granted") < said.index("Went to Pinterest") < said.index("Invite created")


def test_a_failure_is_shown_with_its_reason(mark: Client, partner: Partner, make_invite: MakeInvite) -> None:
    link = make_invite(expected_username="bobs_garden")
    partner.go(link, "alice")

    said = text(mark.get(f"/w/acme/app-invites/{link.invite.pk}/"))

    assert "Somebody signed in at Pinterest with another account than the expected one" in said
    assert "alice_agency" not in said, "that name was not granted to anybody"


def names(answer) -> list[str]:
    return [invite.partner_name for invite in answer.context["page"]]


def test_search_finds_every_name(mark: Client, partner: Partner, make_invite: MakeInvite) -> None:
    make_invite(partner_name="Anna", partner_email="anna@agency.example")
    make_invite(partner_name="Ben", expected_username="bens_boards")
    partner.go(make_invite(partner_name="Cleo"))

    found = {
        text: names(mark.get("/w/acme/app-invites/", {"q": text})) for text in ("ANN", "agency.ex", "@bens", "gard")
    }

    assert found == {"ANN": ["Anna"], "agency.ex": ["Anna"], "@bens": ["Ben"], "gard": ["Cleo"]}
    assert "Nothing matches" in text(mark.get("/w/acme/app-invites/", {"q": "nobody"}))


def test_every_state_can_be_filtered(mark: Client, partner: Partner, make_invite: MakeInvite) -> None:
    make_invite(partner_name="pending")
    partner.web.get(make_invite(partner_name="opened").path)
    partner.leave(make_invite(partner_name="authorising"))
    partner.go(make_invite(partner_name="failed"), decision="deny")
    partner.go(make_invite(partner_name="active"))
    act(mark, make_invite(partner_name="revoked"), "revoke")
    act(mark, make_invite(partner_name="archived"), "archive")
    make_invite(partner_name="expired", lifetime=timedelta(days=-1))

    for state in ("pending", "opened", "authorising", "failed", "active", "revoked", "archived", "expired"):
        assert names(mark.get("/w/acme/app-invites/", {"state": state})) == [state]
    assert names(mark.get("/w/acme/app-invites/", {"state": "open"})) == ["failed", "authorising", "opened", "pending"]
    assert "archived" not in names(mark.get("/w/acme/app-invites/", {"state": "nonsense"}))


def test_the_list_asks_the_database_no_more_for_more_invites(
    mark: Client, make_invite: MakeInvite, django_assert_max_num_queries
) -> None:
    mark.get("/w/acme/app-invites/")
    for number in range(30):
        make_invite(partner_name=f"Partner {number}", partner_email="p@example.org")

    with django_assert_max_num_queries(10):
        answer = mark.get("/w/acme/app-invites/")

    assert len(names(answer)) == 25
    assert len(names(mark.get("/w/acme/app-invites/?page=2"))) == 5


def test_viewers_follow_and_change_nothing(client: Client, acme, make_invite: MakeInvite) -> None:
    link = make_invite(partner_email="p@example.org")
    client.force_login(acme.vera)

    said = text(client.get(f"/w/acme/app-invites/{link.invite.pk}/"))

    assert not any(words in said for words in ("Revoke…", "Send again", "New link…", "Extend"))
    assert client.get("/w/acme/app-invites/new/").status_code == 403
    assert act(client, link, "revoke").status_code == 403


def test_strangers_find_nothing(client: Client, acme, make_invite: MakeInvite) -> None:
    link = make_invite()
    client.force_login(acme.charlie)

    for path in ("/w/acme/app-invites/", f"/w/acme/app-invites/{link.invite.pk}/"):
        assert client.get(path).status_code == 404
    assert client.get(f"/w/elsewhere/app-invites/{link.invite.pk}/").status_code == 404
    assert client.post(f"/w/elsewhere/app-invites/{link.invite.pk}/revoke/").status_code == 404
    assert client.get("/w/elsewhere/app-invites/999/").status_code == 404


def test_signed_out_people_are_led_to_sign_in(client: Client, acme) -> None:
    assert client.get(f"{acme.url}app-invites/").url.startswith("/accounts/login/")


def test_looking_at_an_action_does_nothing(mark: Client, make_invite: MakeInvite) -> None:
    link = make_invite()

    codes = {
        action: mark.get(f"/w/acme/app-invites/{link.invite.pk}/{action}/").status_code
        for action in ("resend", "extend", "revoke", "replace-link", "archive")
    }

    assert codes == {"resend": 405, "extend": 405, "revoke": 200, "replace-link": 200, "archive": 200}
    assert (link.now().state, link.now().archived_at, link.kinds()) == ("pending", None, ["created"])


def test_the_shown_code_is_stored_as_a_hash_only(mark: Client, acme) -> None:
    code = shown_link(make(mark, acme)).split("/")[2]

    assert InviteCode.objects.get().code_hash == hash_token(code)
    assert code not in str(list(AuditEvent.objects.values())) + str(list(OutgoingEmail.objects.values()))
    assert code not in str(dict(mark.session))
