"""The page behind a link: what it says, to whom, and that looking changes nothing."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from invites.models import AppInvite
from invites.services import codes, sending
from pinconnect.lib.tokens import hash_token
from pinconnect.workspaces import logos
from tests.invites.conftest import MakeInvite, Partner, text
from tests.support.images import png


def test_it_says_who_asks_for_what_before_anything_happens(client: Client, acme, make_invite: MakeInvite) -> None:
    logos.set_logo(acme.workspace, by=acme.alice, content=png())
    link = make_invite(message="About <b>spring</b>", ad_account_request="Acme UK", expected_username="bobs_garden")

    said = text(client.get(link.path))

    for words in ("Mark of Acme", "Hello Paula", "About &lt;b&gt;spring", "Acme UK", "@bobs_garden", "as hashes"):
        assert words in said
    assert "Your billing, your Pins and your boards are not touched" in said
    assert logos.address(acme.workspace) in said
    assert acme.mark.email not in said, "the page reveals the minimum"


def test_a_reconnect_names_the_one_profile(client: Client, make_invite: MakeInvite, make_profile) -> None:
    link = make_invite(profile=make_profile("bob"))

    said = text(client.get(link.path))

    assert "asks you to renew access to @bobs_garden" in said
    assert "Only <strong>@bobs_garden</strong> is accepted" in said


def test_looking_uses_nothing_up(client: Client, partner: Partner, make_invite: MakeInvite) -> None:
    link = make_invite()
    before = AppInvite.objects.values().get()

    for agent in ("curl/8", "Mozilla Chrome/140", "Outlook"):
        assert client.get(link.path, headers={"user-agent": agent}).status_code == 200
    client.head(link.path)

    after = AppInvite.objects.values().get()
    assert {key for key in after if after[key] != before[key]} == {"first_viewed_at"}
    assert link.now().shown_state == "opened"
    assert link.invite.codes.filter(revoked_at=None).count() == 1
    assert "is connected" in text(partner.go(link))


def test_what_only_checks_a_link_is_not_noted(client: Client, make_invite: MakeInvite) -> None:
    link = make_invite()

    client.head(link.path)
    client.get(link.path, headers={"sec-purpose": "prefetch;prerender"})

    assert link.kinds() == ["created"]
    assert link.now().shown_state == "pending"


def test_looks_do_not_fill_the_timeline(client: Client, make_invite: MakeInvite) -> None:
    link = make_invite()

    for number in range(50):
        client.get(link.path, headers={"user-agent": "Chrome/1 Windows"}, REMOTE_ADDR=f"10.{number}.0.1")
        client.get(link.path, headers={"user-agent": "Chrome/1 Windows"}, REMOTE_ADDR=f"10.{number}.0.2")

    assert link.kinds().count("viewed") == 30


def test_origins_are_coarse(client: Client, make_invite: MakeInvite) -> None:
    link = make_invite()

    client.get(link.path, headers={"user-agent": "Mozilla (Macintosh; Mac OS X) Safari/9"}, REMOTE_ADDR="192.0.2.77")
    client.get(link.path, headers={"user-agent": "Mozilla Firefox/9 (Windows)"}, REMOTE_ADDR="2001:db8:1:2:3:4:5:6")

    origins = list(link.invite.events.filter(kind="viewed").order_by("pk").values_list("origin", flat=True))
    assert origins == ["192.0.2.0/24, Safari on macOS", "2001:db8:1::/48, Firefox on Windows"]


def test_members_who_try_their_own_link_are_told_and_not_noted(client: Client, acme, make_invite: MakeInvite) -> None:
    link = make_invite()
    client.force_login(acme.mark)

    said = text(client.get(link.path))

    assert "You are a member of this workspace" in said
    assert link.kinds() == ["created"]


def test_unknown_replaced_revoked_and_archived_links_answer_alike(
    client: Client, acme, make_invite: MakeInvite, django_assert_num_queries
) -> None:
    replaced, revoked, archived = make_invite(), make_invite(), make_invite()
    sending.replace_link(replaced.invite, by=acme.mark)
    sending.revoke(revoked.invite, by=acme.mark)
    sending.archive(archived.invite, by=acme.mark)

    answers = []
    for code in ("x" * 43, "short", replaced.code, revoked.code, archived.code):
        # The same questions to the database, so that the time tells nothing either.
        with django_assert_num_queries(1):
            assert codes.find(code) is None
        answers.append(client.get(f"/connect/{code}/"))
        assert client.post(f"/connect/{code}/start/").content == answers[-1].content

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


def test_an_expired_invite_explains_itself_and_can_come_back(client: Client, acme, make_invite: MakeInvite) -> None:
    link = make_invite()
    AppInvite.objects.update(expires_at=timezone.now() - timedelta(minutes=1))

    answer = client.get(link.path)
    started = client.post(f"{link.path}start/")

    assert (answer.status_code, started.status_code) == (410, 410)
    assert "Ask Mark of Acme to extend it: then this same link works again" in text(answer)
    sending.extend(link.invite, by=acme.mark)
    assert client.get(link.path).status_code == 200


def test_a_used_invite_explains_itself(client: Client, partner: Partner, make_invite: MakeInvite) -> None:
    link = make_invite()
    partner.go(link)

    answer = client.get(link.path)

    assert answer.status_code == 410
    assert "This invite was used already" in text(answer)
    assert "bobs_garden" not in text(answer), "whoever has the link need not know who granted"


def test_codes_have_256_bits_and_only_their_hash_is_kept(make_invite: MakeInvite) -> None:
    link = make_invite()

    assert len(link.code) == 43
    assert link.invite.codes.get().code_hash == hash_token(link.code)
    assert link.code not in str(list(AppInvite.objects.values())) + str(list(link.invite.codes.values()))


@pytest.mark.parametrize("path", ["{link}", "/partner/", "/connect/back/", "/connect/nonsense/", "/partner/nonsense/"])
def test_pages_for_partners_are_kept_and_told_nowhere(client: Client, make_invite: MakeInvite, path: str) -> None:
    answer = client.get(path.replace("{link}", make_invite().path))

    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "same-origin"
    assert "noindex" in answer["X-Robots-Tag"]
    assert "sessionid" not in answer.cookies
    assert not any("session" in name for name in answer.cookies), "no cookie but what the flow needs"


def test_only_posting_starts(client: Client, make_invite: MakeInvite) -> None:
    link = make_invite()

    assert client.get(f"{link.path}start/").status_code == 405
    assert link.now().state == "pending"


def test_another_site_cannot_start_it(simulator, make_invite: MakeInvite) -> None:
    strict = Client(enforce_csrf_checks=True)

    assert strict.post(f"{make_invite().path}start/").status_code == 403
