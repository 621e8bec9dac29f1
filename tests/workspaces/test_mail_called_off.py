"""What becomes of an e-mail that is called off, rescheduled or taken over while it is being sent."""

import smtplib
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core import mail as outbox
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone

from pinconnect.workspaces import mail
from pinconnect.workspaces.models import OutgoingEmail

KIND = "test.kind"
MESSAGE = mail.Message(
    to="dora@example.org", subject="Hello", template="alert_resolved", context={"alert": {"title": "Tom"}}
)


@pytest.fixture
def row(monkeypatch, db) -> OutgoingEmail:
    monkeypatch.setitem(mail._composers, KIND, lambda row: MESSAGE)
    mail.queue(KIND, 7, key="first")
    return OutgoingEmail.objects.get()


def while_sending(monkeypatch, meanwhile: Callable[[], object], *, fails: bool) -> None:
    send = EmailBackend.send_messages

    def slow_send(self, messages):
        meanwhile()
        if fails:
            raise smtplib.SMTPServerDisconnected("gone")
        return send(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", slow_send)


def call_off() -> None:
    assert mail.drop(KIND, 7) == 1


def move_to(due_at: datetime, **changes) -> Callable[[], object]:
    return lambda: OutgoingEmail.objects.update(due_at=due_at, **changes)


def state(row: OutgoingEmail) -> tuple[datetime | None, str, bool]:
    row.refresh_from_db()
    return row.due_at, row.problem, row.sent_at is not None


@pytest.mark.parametrize("attempts", [0, len(mail.WAITS)], ids=["tried_again", "last_attempt"])
def test_called_off_while_sending_stays_called_off_when_the_attempt_fails(monkeypatch, caplog, row, attempts):
    OutgoingEmail.objects.update(attempts=attempts)
    while_sending(monkeypatch, call_off, fails=True)

    assert not mail.send(row.pk)

    assert state(row) == (None, "not_wanted", False)
    assert not row.is_given_up
    assert "SMTPServerDisconnected" in caplog.text


def test_called_off_while_it_leaves_is_noted_as_sent_and_not_due_again(monkeypatch, row):
    while_sending(monkeypatch, call_off, fails=False)

    assert mail.send(row.pk)

    assert state(row) == (None, "", True)
    assert len(outbox.outbox) == 1


def test_failure_leaves_the_email_that_was_queued_instead(monkeypatch, row):
    def renew():
        call_off()
        mail.queue(KIND, 7, key="second")

    while_sending(monkeypatch, renew, fails=True)
    assert not mail.send(row.pk)
    monkeypatch.undo()
    monkeypatch.setitem(mail._composers, KIND, lambda row: MESSAGE)

    waiting = OutgoingEmail.objects.get(due_at__isnull=False)
    assert waiting.key == "second"
    assert [mail.send(row.pk), mail.send(waiting.pk)] == [False, True]
    assert len(outbox.outbox) == 1


@pytest.mark.parametrize("fails", [True, False])
@pytest.mark.parametrize("attempts", [0, len(mail.WAITS)])
def test_rescheduled_while_sending_keeps_its_new_time(monkeypatch, row, fails, attempts):
    OutgoingEmail.objects.update(attempts=attempts)
    later = timezone.now() + timedelta(days=1)
    while_sending(monkeypatch, move_to(later, problem="earlier"), fails=fails)

    assert mail.send(row.pk) is not fails

    assert state(row) == (later, "earlier", False)


def test_attempt_that_outlives_its_lease_leaves_the_row_to_who_took_over(monkeypatch, row):
    def take_over():
        OutgoingEmail.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        taken = OutgoingEmail.objects.get()
        assert mail._claim(taken)
        leases.append(taken.due_at)

    leases: list[datetime | None] = []
    while_sending(monkeypatch, take_over, fails=True)

    assert not mail.send(row.pk)

    assert state(row) == (leases[0], "", False)


def test_rescheduled_while_it_was_found_unwanted_keeps_its_new_time(monkeypatch, row):
    later = timezone.now() + timedelta(days=1)
    # update() answers with a number, and a composer with None when the e-mail is not wanted.
    monkeypatch.setitem(mail._composers, KIND, lambda row: move_to(later)() and None)

    assert not mail.send(row.pk)

    assert state(row) == (later, "", False)


def test_tried_again_by_hand_is_not_given_up_by_who_read_it_before(row):
    OutgoingEmail.objects.update(attempts=len(mail.WAITS) + 1)
    read_before = OutgoingEmail.objects.get()
    now = timezone.now()
    move_to(now, attempts=0)()

    assert not mail._claim(read_before)

    assert state(row) == (now, "", False)


@pytest.mark.parametrize("microsecond", [0, 1, 500_000, 999_999])
def test_lease_is_found_again_to_the_microsecond(monkeypatch, row, microsecond):
    now = (timezone.now() + timedelta(seconds=1)).replace(microsecond=microsecond)
    monkeypatch.setattr(timezone, "now", lambda: now)
    while_sending(monkeypatch, lambda: None, fails=True)

    assert not mail.send(row.pk)

    assert state(row) == (now + mail.WAITS[0], "SMTPServerDisconnected", False)
