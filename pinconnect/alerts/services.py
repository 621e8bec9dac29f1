"""Raising and resolving alerts. Both may be called any number of times; only the first time has an effect."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from pinconnect.alerts import emails, registry, wording
from pinconnect.alerts.models import Alert
from pinconnect.alerts.wording import RenderedAlert
from pinconnect.workspaces.models import Workspace


@transaction.atomic
def raise_alert(workspace: Workspace, kind_id: str, subject: str, **context: Any) -> Alert:
    """Open an alert, or bring the context of the open one up to date; e-mails go out for a new one only.

    subject: what it is about, for example "profile:12". context: values for the wording, JSON-able, no secrets.
    Raises KeyError for an unknown kind and ValueError if the wording needs a value that context lacks.
    """
    missing = wording.missing_values(registry.get(kind_id), context)
    if missing:
        raise ValueError(f"Alert kind {kind_id} needs {', '.join(sorted(missing))}.")
    alert, is_new = Alert.objects.get_or_create(
        workspace=workspace, kind=kind_id, subject=subject, resolved_at=None, defaults={"context": context}
    )
    if is_new:
        emails.announce_raised(alert)
    elif alert.context != context:
        Alert.objects.filter(pk=alert.pk).update(context=context)
        alert.context = context
    return alert


def resolve_alert(workspace: Workspace, kind_id: str, subject: str) -> bool:
    """Close the open alert of this kind and subject; False if there is none."""
    return bool(resolve_alerts(workspace, [kind_id], subject))


def resolve_alerts(workspace: Workspace, kind_ids: Iterable[str], subject: str) -> int:
    """Close the open alerts of these kinds; returns how many. One query where none is open, as nearly always."""
    found = Alert.objects.for_workspace(workspace).open().filter(kind__in=list(kind_ids), subject=subject)
    return sum(_resolve(alert) for alert in found)


@transaction.atomic
def _resolve(alert: Alert) -> bool:
    alert.resolved_at = timezone.now()
    is_mine = Alert.objects.open().filter(pk=alert.pk).update(resolved_at=alert.resolved_at) == 1
    if is_mine:
        emails.announce_resolved(alert)
    return is_mine


def open_alerts(workspace: Workspace) -> list[RenderedAlert]:
    """In words, the most urgent first."""
    found = Alert.objects.for_workspace(workspace).open().select_related("workspace")
    return wording.most_urgent_first(wording.render_all(found))


def open_alert_count(workspace: Workspace) -> int:
    return Alert.objects.for_workspace(workspace).open().count()
