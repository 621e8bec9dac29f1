"""E-mails of app invites: the link goes out once, in text and HTML, and what goes wrong with it is seen."""

import smtplib
from datetime import timedelta

import pytest
from django.core import mail as django_mail
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.utils import timezone

from invites.models import AppInvite, InviteCode
from invites.services import mailing, sending
from pinconnect.workspaces import logos, mail
from pinconnect.workspaces.models import Membership, OutgoingEmail
from pinconnect.workspaces.roles import Role
from tests.invites.conftest import Link, MakeInvite, Partner, text
from tests.support.images import png

ADDRESS = "paula@agency.example"


@pytest.fixture
def mailed(make_invite: MakeInvite, acme) -> Link:
    """An invite whose e-mail waits to be sent."""
    link = make_invite(partner_email=ADDRESS, message="Hi <Paula>", ad_account_request="Acme UK", reminders=True)
    mailing.send(link.invite, by=acme.mark)
    return link


def send_due(kind: str = "invites.invite") -> list[bool]:
    """What a worker does."""
    rows = OutgoingEmail.objects.filter(kind=kind, due_at__lte=timezone.now()).order_by("pk")
    return [mail.send(row.pk) for row in rows]


def link_in(message) -> str:
    """The path of the link in an e-mail."""
    return "/connect/" + message.body.partition("http://testserver/connect/")[2][:44]


def test_the_link_goes_out_in_text_and_html_with_name_and_logo(mailed: Link, acme) -> None:
    logos.set_logo(acme.workspace, by=acme.alice, content=png())

    assert send_due() == [True]

    (message,) = django_mail.outbox
    html = message.alternatives[0][0]
    assert message.to == [ADDRESS]
    assert message.reply_to == [acme.mark.email], "answers go to whoever asks"
    assert message.subject == "[PinConnect] Acme asks you to connect your Pinterest profile"
    assert Client().get(link_in(message)).status_code == 200
    for words in ("Acme UK", "You decide at Pinterest", link_in(message)):
        assert words in message.body
        assert words in html
    assert "Hi <Paula>" in message.body
    assert "Hi &lt;Paula&gt;" in html
    assert 'src="cid:logo"' in html
    assert "http://testserver/logo" not in html, "opening the e-mail tells nobody"


def test_without_a_logo_the_name_stands_in_its_place(mailed: Link) -> None:
    send_due()

    html = django_mail.outbox[0].alternatives[0][0]
    assert "cid:" not in html
    assert "Acme" in html


def test_a_reconnect_names_its_profile(make_invite: MakeInvite, make_profile, acme) -> None:
    link = make_invite(partner_email=ADDRESS, profile=make_profile("bob"))
    mailing.send(link.invite, by=acme.mark)

    send_due()

    (message,) = django_mail.outbox
    assert message.subject == "[PinConnect] Acme asks you to renew access for @bobs_garden"
    assert "renew access to the Pinterest profile @bobs_garden" in message.body


def test_no_link_waits_in_the_queue(mailed: Link) -> None:
    send_due()

    code = link_in(django_mail.outbox[0]).split("/")[2]
    stored = str(list(OutgoingEmail.objects.values())) + str(list(InviteCode.objects.values()))
    assert len(code) == 43
    assert code not in stored
    assert ADDRESS not in str(list(OutgoingEmail.objects.values()))


def test_shown_and_mailed_links_both_work_until_one_is_used(mailed: Link, partner: Partner) -> None:
    send_due()

    assert Client().get(mailed.path).status_code == 200
    partner.go(mailed)
    assert Client().get(link_in(django_mail.outbox[0])).status_code == 410


def test_sending_again_stops_the_earlier_mailed_link_at_once(mailed: Link, acme) -> None:
    send_due()
    first = link_in(django_mail.outbox[0])

    mailing.send(mailed.invite, by=acme.mark)

    assert Client().get(first).status_code == 404
    send_due()
    assert Client().get(link_in(django_mail.outbox[1])).status_code == 200
    assert Client().get(mailed.path).status_code == 200, "the copied link goes on working"


def test_a_wrong_address_is_corrected_while_sending_again(client: Client, mailed: Link, acme) -> None:
    client.force_login(acme.mark)

    client.post(f"/w/acme/app-invites/{mailed.invite.pk}/resend/", {"partner_email": "right@agency.example"})
    send_due()

    assert [message.to for message in django_mail.outbox] == [["right@agency.example"]]
    assert mailed.now().partner_email == "right@agency.example"


def test_an_address_that_is_none_is_said_at_its_field(client: Client, mailed: Link, acme) -> None:
    client.force_login(acme.mark)

    answer = client.post(f"/w/acme/app-invites/{mailed.invite.pk}/resend/", {"partner_email": "nobody"})

    assert answer.status_code == 400
    assert "Enter a valid email address" in text(answer)
    assert mailed.now().partner_email == ADDRESS


def test_a_refused_address_is_seen_in_list_page_and_timeline(client: Client, mailed: Link, acme, monkeypatch) -> None:
    def refuse(self, *args):
        raise smtplib.SMTPRecipientsRefused({ADDRESS: (550, b"no such user")})

    monkeypatch.setattr(EmailMultiAlternatives, "send", refuse)
    client.force_login(acme.mark)
    page = f"/w/acme/app-invites/{mailed.invite.pk}/"
    send_due()

    assert "The mail server refuses this address. It is tried again by itself" in text(client.get(page))
    assert "E-mail not sent" in text(client.get("/w/acme/app-invites/"))
    for _ in mail.WAITS:
        OutgoingEmail.objects.filter(kind="invites.invite").update(due_at=timezone.now())
        send_due()
    said = text(client.get(page))
    assert "Could not be sent. The mail server refuses this address. Check the address below" in said
    assert "The e-mail could not be sent" in said


def test_an_email_that_left_is_in_the_timeline(client: Client, mailed: Link, acme) -> None:
    client.force_login(acme.mark)
    send_due()

    said = text(client.get(f"/w/acme/app-invites/{mailed.invite.pk}/"))

    assert "The e-mail left" in said
    assert "E-mail not sent" not in text(client.get("/w/acme/app-invites/"))


def test_a_reminder_goes_out_two_days_before_the_end(mailed: Link) -> None:
    send_due()
    reminder = OutgoingEmail.objects.get(kind="invites.reminder")
    assert reminder.due_at == mailed.now().expires_at - timedelta(days=2)

    OutgoingEmail.objects.filter(pk=reminder.pk).update(due_at=timezone.now())
    send_due("invites.reminder")

    first, second = django_mail.outbox
    assert second.subject.startswith("[PinConnect] Reminder: Acme asks you")
    assert Client().get(link_in(first)).status_code == 200, "the earlier link is not stopped by a reminder"
    assert Client().get(link_in(second)).status_code == 200


def test_no_reminder_unless_switched_on(make_invite: MakeInvite, acme) -> None:
    mailing.send(make_invite(partner_email=ADDRESS).invite, by=acme.mark)

    assert not OutgoingEmail.objects.filter(kind="invites.reminder").exists()


def waiting_reminders() -> list[OutgoingEmail]:
    return list(OutgoingEmail.objects.filter(kind="invites.reminder", due_at__isnull=False))


def test_a_link_that_ends_soon_gets_no_reminder(make_invite: MakeInvite, client: Client, acme) -> None:
    link = make_invite(partner_email=ADDRESS, reminders=True, lifetime=timedelta(days=1))
    mailing.send(link.invite, by=acme.mark)
    client.force_login(acme.mark)

    assert not waiting_reminders()
    assert "<dt>Reminder</dt><dd>None</dd>" in text(client.get(f"/w/acme/app-invites/{link.invite.pk}/"))
    assert "for two days or less gets no reminder" in text(client.get("/w/acme/app-invites/new/"))


def test_sending_again_in_the_last_two_days_brings_no_reminder_at_once(mailed: Link, acme) -> None:
    AppInvite.objects.update(expires_at=timezone.now() + timedelta(hours=47))

    mailing.send(mailed.now(), by=acme.mark)

    assert not waiting_reminders()


def test_a_new_link_keeps_the_reminder_and_says_so(client: Client, mailed: Link, acme) -> None:
    client.force_login(acme.mark)
    page = f"/w/acme/app-invites/{mailed.invite.pk}/"
    assert f"The reminder stays: two days before the end, {ADDRESS}" in text(client.get(f"{page}replace-link/"))

    client.post(f"{page}replace-link/")

    (waiting,) = waiting_reminders()
    assert waiting.due_at == mailed.now().expires_at - timedelta(days=2)
    assert "<dt>Reminder</dt><dd>Two days before it ends</dd>" in text(client.get(page))


def test_a_new_link_promises_no_reminder_where_none_comes(client: Client, make_invite: MakeInvite, acme) -> None:
    link = make_invite(partner_email=ADDRESS)
    client.force_login(acme.mark)

    assert "The reminder stays" not in text(client.get(f"/w/acme/app-invites/{link.invite.pk}/replace-link/"))
    client.post(f"/w/acme/app-invites/{link.invite.pk}/replace-link/")
    assert not waiting_reminders()


def test_a_reminder_that_left_is_said_to(client: Client, mailed: Link, acme) -> None:
    OutgoingEmail.objects.filter(kind="invites.reminder").update(due_at=timezone.now())
    send_due("invites.reminder")
    client.force_login(acme.mark)

    assert "<dt>Reminder</dt><dd>Sent</dd>" in text(client.get(f"/w/acme/app-invites/{mailed.invite.pk}/"))


def test_extending_moves_the_reminder(mailed: Link, acme) -> None:
    sending.extend(mailed.invite, by=acme.mark, lifetime=timedelta(days=20))

    (waiting,) = OutgoingEmail.objects.filter(kind="invites.reminder", due_at__isnull=False)
    assert waiting.due_at == mailed.now().expires_at - timedelta(days=2)


@pytest.mark.parametrize(("ending", "left"), [("revoke", []), ("archive", []), ("replace_link", ["invites.reminder"])])
def test_what_is_stopped_is_not_mailed_any_more(mailed: Link, acme, ending: str, left: list[str]) -> None:
    getattr(sending, ending)(mailed.invite, by=acme.mark)

    assert send_due() == []
    assert [email.kind for email in OutgoingEmail.objects.filter(due_at__isnull=False)] == left


def test_what_was_used_is_not_mailed_any_more(mailed: Link, partner: Partner) -> None:
    partner.go(mailed)

    assert send_due() == []
    assert not OutgoingEmail.objects.filter(kind="invites.reminder", due_at__isnull=False).exists()


def test_what_has_expired_is_not_mailed(mailed: Link) -> None:
    AppInvite.objects.update(expires_at=timezone.now())

    assert send_due() == [False]
    assert django_mail.outbox == []


def test_the_marketer_is_told_that_access_was_granted(mailed: Link, partner: Partner, acme) -> None:
    partner.go(mailed)

    assert send_due("invites.granted") == [True]

    (message,) = django_mail.outbox
    assert message.to == [acme.mark.email]
    assert message.subject == "[PinConnect] Acme: Paula granted access to @bobs_garden"
    assert f"http://testserver{mailed.now().result.get_absolute_url()}" in message.body


def test_a_marketer_who_has_left_is_not_told(mailed: Link, partner: Partner, acme) -> None:
    partner.go(mailed)
    Membership.objects.filter(user=acme.mark).update(role=Role.VIEWER)

    assert send_due("invites.granted") == [False]
    assert django_mail.outbox == []
