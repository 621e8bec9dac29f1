"""E-mails that are sent once: written down with the change they speak of, composed and sent by a task.

An app registers how its kind of e-mail is composed, and queues one by kind and id. Neither the task's arguments nor the
waiting row hold the text, an address or a link.
"""

import logging
import smtplib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.mime.image import MIMEImage
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db.models import F, Q, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone

from pinconnect.queue import hints
from pinconnect.workspaces.models import OutgoingEmail, User
from pinconnect.workspaces.models.outgoing_email import NOT_WANTED

logger = logging.getLogger(__name__)

# How long to wait after each failed attempt; after the last one a person must ask again.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360))
# Longer than a task may run, so that nobody else tries meanwhile; a worker that died is taken over after it.
LEASE = timedelta(minutes=10)
SMTP_TIMEOUT_S = 20
KEPT_DAYS = 90
TASK = "pinconnect.workspaces.tasks.send_email"


@dataclass(frozen=True)
class InlinePicture:
    """A picture that travels inside an e-mail; its HTML shows it as <img src="cid:…" alt="…">."""

    cid: str
    content: bytes
    extension: str
    alt: str


@dataclass(frozen=True)
class Message:
    """template names templates/emails/<template>.txt and .html; both extend emails/base."""

    to: str
    subject: str
    template: str
    context: dict[str, Any] = field(default_factory=dict)
    time_zone: str = "UTC"
    reply_to: str = ""
    pictures: tuple[InlinePicture, ...] = ()


Compose = Callable[[OutgoingEmail], Message | None]
_composers: dict[str, Compose] = {}


def register(kind: str, compose: Compose) -> None:
    """compose(row) -> Message, or None when the e-mail is no longer wanted. It may be called again after a failure."""
    if _composers.get(kind, compose) is not compose:
        raise ValueError(f"Two kinds of e-mail are called {kind}.")
    _composers[kind] = compose


def queue(kind: str, object_id: int, *, key: str, user: User | None = None, due_at: datetime | None = None) -> None:
    """Send this e-mail after the transaction commits, or at due_at; nothing happens if the key was queued before."""
    row, is_new = OutgoingEmail.objects.get_or_create(
        key=key, defaults={"kind": kind, "object_id": object_id, "user": user, "due_at": due_at or timezone.now()}
    )
    if is_new and due_at is None:
        hints.enqueue(TASK, row.pk)


def drop(kind: str, object_id: int) -> int:
    """Call off what has not been sent yet."""
    waiting = OutgoingEmail.objects.filter(kind=kind, object_id=object_id, due_at__isnull=False)
    return waiting.update(due_at=None, problem=NOT_WANTED)


def send(pk: int) -> bool:
    """Send one e-mail that is due; False if somebody else has it, it failed, or it is finished already."""
    row = OutgoingEmail.objects.filter(pk=pk).select_related("user").first()
    if row is None or not _claim(row):
        return False
    message = _composers[row.kind](row)
    if message is None:
        _finish(row, problem=NOT_WANTED)
        return False
    try:
        build(message).send()
    except (smtplib.SMTPException, OSError) as error:
        _put_off(row, type(error).__name__)
        return False
    _note_sent(row)
    return True


def send_due(limit: int = 200) -> int:
    """Hint again at every e-mail that is due: after a lost hint, a failure or a wait. Returns how many."""
    due = OutgoingEmail.objects.filter(due_at__lte=timezone.now()).order_by("due_at")
    pks = list(due.values_list("pk", flat=True)[:limit])
    for pk in pks:
        hints.enqueue(TASK, pk)
    return len(pks)


def prune() -> int:
    """Forget finished e-mails after KEPT_DAYS."""
    before = timezone.now() - timedelta(days=KEPT_DAYS)
    return OutgoingEmail.objects.filter(due_at__isnull=True, created_at__lt=before).delete()[0]


def build(message: Message) -> EmailMultiAlternatives:
    """The e-mail as text with an HTML alternative, times in the message's zone."""
    # A line break in a name must not start a new header.
    subject = " ".join(message.subject.split())
    context = {"site_name": settings.SITE_NAME, "base_url": settings.BASE_URL, "subject": subject, **message.context}
    with timezone.override(message.time_zone):
        text = render_to_string(f"emails/{message.template}.txt", context)
        html = render_to_string(f"emails/{message.template}.html", context)
    built = EmailMultiAlternatives(
        f"[{settings.SITE_NAME}] {subject}",
        text.strip() + "\n",
        to=[message.to],
        reply_to=[message.reply_to] if message.reply_to else None,
        connection=get_connection(timeout=SMTP_TIMEOUT_S),
        headers={"Auto-Submitted": "auto-generated"},
    )
    built.attach_alternative(html, "text/html")
    if message.pictures:
        # Of one piece with the text, or some programs list the picture as an attachment. The stubs are Django 6's.
        built.mixed_subtype = "related"  # type: ignore[attr-defined]
    for picture in message.pictures:
        part = MIMEImage(picture.content, "png" if picture.extension == "png" else "jpeg")
        part.add_header("Content-ID", f"<{picture.cid}>")
        part.add_header("Content-Disposition", "inline", filename=f"{picture.cid}.{picture.extension}")
        built.attach(part)
    return built


def _claim(row: OutgoingEmail) -> bool:
    """Compare-and-swap on due_at, which from then on is the end of a lease. Attempts are counted before the work.

    The row keeps the lease in due_at: whoever calls the e-mail off or reschedules it meanwhile ends the lease, and what
    becomes of this attempt must not undo that.
    """
    now = timezone.now()
    if row.due_at is None or row.due_at > now:
        return False
    if row.attempts > len(WAITS):
        _finish(row, problem=row.problem or "GivenUp")
        return False
    lease = now + LEASE
    is_mine = _unchanged(row).update(due_at=lease, attempts=F("attempts") + 1) == 1
    row.attempts += 1
    row.due_at = lease
    return is_mine


def _unchanged(row: OutgoingEmail) -> QuerySet[OutgoingEmail]:
    """The stored row, unless its due_at is no longer the one that was read or leased here."""
    return OutgoingEmail.objects.filter(pk=row.pk, due_at=row.due_at)


def _finish(row: OutgoingEmail, problem: str) -> None:
    _unchanged(row).update(due_at=None, problem=problem)


def _note_sent(row: OutgoingEmail) -> None:
    # One that was called off meanwhile has left all the same. One that is due again, or that another worker took over,
    # is not finished: that attempt makes a new link, and the one sent here stops working.
    finished_or_mine = OutgoingEmail.objects.filter(Q(due_at=row.due_at) | Q(due_at=None), pk=row.pk)
    finished_or_mine.update(due_at=None, problem="", sent_at=timezone.now())


def _put_off(row: OutgoingEmail, problem: str) -> None:
    has_more = row.attempts <= len(WAITS)
    due_at = timezone.now() + WAITS[row.attempts - 1] if has_more else None
    _unchanged(row).update(due_at=due_at, problem=problem)
    logger.warning("E-mail %s could not be sent (%s, attempt %s).", row.pk, problem, row.attempts)
