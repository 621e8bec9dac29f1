"""E-mails are sent once, whatever happens on the way."""

import smtplib
from datetime import timedelta

import pytest
from django.core import mail as outbox
from django.utils import timezone

from pinconnect.workspaces import mail
from pinconnect.workspaces.models import OutgoingEmail

MESSAGE = mail.Message(
    to="dora@example.org",
    subject="Two\r\nBcc: everybody@example.org",
    template="alert_resolved",
    context={"url": "http://testserver/x?a=1&b=2", "alert": {"title": "Tom & <Jerry>"}},
)


@pytest.fixture(autouse=True)
def _registered(monkeypatch, db):
    monkeypatch.setitem(mail._composers, "test.kind", lambda row: MESSAGE)


def queue(**fields) -> OutgoingEmail:
    mail.queue("test.kind", 7, key="test.kind:7", **fields)
    return OutgoingEmail.objects.get()


def fail(monkeypatch, error: Exception) -> None:
    def send(*args, **kwargs):
        raise error

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", send)


def past(row: OutgoingEmail) -> None:
    OutgoingEmail.objects.filter(pk=row.pk).update(due_at=timezone.now() - timedelta(seconds=1))


def test_email_is_sent_once_however_often_the_task_runs():
    row = queue()

    assert [mail.send(row.pk) for _ in range(3)] == [True, False, False]
    assert len(outbox.outbox) == 1
    row.refresh_from_db()
    assert row.sent_at
    assert row.due_at is None


def test_same_key_is_queued_once_even_after_it_was_sent():
    mail.send(queue().pk)

    mail.send(queue().pk)

    assert len(outbox.outbox) == 1


def test_line_break_in_the_subject_starts_no_header():
    mail.send(queue().pk)

    assert outbox.outbox[0].subject == "[PinConnect] Two Bcc: everybody@example.org"
    assert outbox.outbox[0].recipients() == ["dora@example.org"]


def test_text_is_plain_and_html_is_escaped():
    mail.send(queue().pk)

    sent = outbox.outbox[0]
    assert "Tom & <Jerry>" in sent.body
    assert "?a=1&b=2" in sent.body
    assert "Tom &amp; &lt;Jerry&gt;" in sent.alternatives[0].content


def test_email_that_is_not_due_waits():
    row = queue(due_at=timezone.now() + timedelta(hours=1))

    assert not mail.send(row.pk)
    assert mail.send_due() == 0
    past(row)
    assert mail.send_due() == 1


@pytest.mark.parametrize("error", [smtplib.SMTPServerDisconnected("gone"), ConnectionRefusedError("no server")])
def test_failure_puts_it_off_and_gives_up_in_the_end(monkeypatch, error):
    row = queue()
    fail(monkeypatch, error)

    waits = []
    for _ in range(len(mail.WAITS) + 1):
        past(row)
        assert not mail.send(row.pk)
        row.refresh_from_db()
        waits.append(row.due_at)

    assert all(waits[:-1])
    assert waits[-1] is None
    assert row.is_given_up
    assert row.problem == type(error).__name__


def test_worker_that_died_is_taken_over_after_its_lease(monkeypatch):
    row = queue()
    fail(monkeypatch, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        mail.send(row.pk)
    monkeypatch.undo()
    monkeypatch.setitem(mail._composers, "test.kind", lambda row: MESSAGE)

    assert not mail.send(row.pk), "the lease is still held"
    past(row)
    assert mail.send(row.pk)


def test_email_that_kills_its_worker_is_given_up(monkeypatch):
    row = queue()
    OutgoingEmail.objects.filter(pk=row.pk).update(attempts=len(mail.WAITS) + 1)

    assert not mail.send(row.pk)
    row.refresh_from_db()
    assert row.is_given_up


def test_email_that_is_no_longer_wanted_is_not_sent(monkeypatch):
    monkeypatch.setitem(mail._composers, "test.kind", lambda row: None)
    row = queue()

    assert not mail.send(row.pk)
    row.refresh_from_db()
    assert (row.problem, row.is_given_up) == ("not_wanted", False)


def test_failure_is_logged_without_address(monkeypatch, caplog):
    fail(monkeypatch, smtplib.SMTPRecipientsRefused({"dora@example.org": (550, b"no such user")}))

    mail.send(queue().pk)

    assert "SMTPRecipientsRefused" in caplog.text
    assert "dora" not in caplog.text


def test_finished_emails_are_forgotten_after_a_while():
    row = queue()
    OutgoingEmail.objects.update(created_at=timezone.now() - timedelta(days=mail.KEPT_DAYS + 1))

    assert mail.prune() == 0, "it still waits"
    mail.send(row.pk)
    assert mail.prune() == 1
