"""E-mails about alerts: one to each marketer and admin when an alert is raised, one when it is resolved."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from pinconnect.alerts import wording
from pinconnect.alerts.models import Alert
from pinconnect.workspaces import mail
from pinconnect.workspaces.models import Membership, OutgoingEmail
from pinconnect.workspaces.roles import Role

RAISED = "alerts.raised"
RESOLVED = "alerts.resolved"
RECIPIENTS = (Role.MARKETER, Role.ADMIN)
# What comes and goes is told at most once in this time; if it is still open then, it is told.
QUIET = timedelta(hours=1)


def announce_raised(alert: Alert) -> None:
    due_at = _after_the_last(alert)
    for membership in _recipients(alert):
        key = f"{RAISED}:{alert.pk}:{membership.user_id}"
        mail.queue(RAISED, alert.pk, key=key, user=membership.user, due_at=due_at)


def announce_resolved(alert: Alert) -> None:
    """Only to whom the alert was told; the others need not hear of it any more."""
    mail.drop(RAISED, alert.pk)
    told = OutgoingEmail.objects.filter(kind=RAISED, object_id=alert.pk, sent_at__isnull=False)
    for row in told.select_related("user").order_by("pk"):
        mail.queue(RESOLVED, alert.pk, key=f"{RESOLVED}:{alert.pk}:{row.user_id}", user=row.user)


def compose_raised(row: OutgoingEmail) -> mail.Message | None:
    alert = Alert.objects.open().select_related("workspace").filter(pk=row.object_id).first()
    return _message(alert, row, "alert_raised", "{title}") if alert else None


def compose_resolved(row: OutgoingEmail) -> mail.Message | None:
    alert = Alert.objects.resolved().select_related("workspace").filter(pk=row.object_id).first()
    return _message(alert, row, "alert_resolved", "Resolved: {title}") if alert else None


def _message(alert: Alert, row: OutgoingEmail, template: str, subject: str) -> mail.Message | None:
    """None if the person has left the workspace or lost the role meanwhile."""
    if not _recipients(alert).filter(user=row.user).exists() or row.user is None:
        return None
    rendered = wording.render(alert)
    # What is resolved needs no decision any more.
    url = (wording.mail_url(alert, row.user.pk) if alert.resolved_at is None else "") or rendered.url
    return mail.Message(
        to=row.user.email,
        subject=f"{alert.workspace.name}: " + subject.format(title=rendered.title),
        template=template,
        context={"alert": rendered, "url": settings.BASE_URL + url, "workspace": alert.workspace},
        time_zone=alert.workspace.time_zone,
    )


def _recipients(alert: Alert) -> QuerySet[Membership]:
    members = Membership.objects.filter(workspace=alert.workspace_id, role__in=RECIPIENTS, user__is_active=True)
    return members.select_related("user").order_by("pk")


def _after_the_last(alert: Alert) -> datetime | None:
    """When the same thing was told less than QUIET ago, the end of that time; None means now."""
    same = Alert.objects.filter(workspace=alert.workspace_id, kind=alert.kind, subject=alert.subject)
    told = OutgoingEmail.objects.filter(
        kind=RAISED, object_id__in=same.values("pk"), sent_at__gt=alert.raised_at - QUIET
    )
    last = told.order_by("-sent_at").values_list("sent_at", flat=True).first()
    return last + QUIET if last else None
