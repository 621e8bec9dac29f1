"""Alerts in words: the registry's templates filled with an alert's context."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from string import Formatter
from typing import Any

from django.urls import NoReverseMatch, reverse

from pinconnect.alerts import registry
from pinconnect.alerts.models import Alert
from pinconnect.alerts.registry import AlertKind, Severity

logger = logging.getLogger(__name__)

_ORDER = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}


@dataclass(frozen=True)
class RenderedAlert:
    """What happened (title), what it means (body), what to do (next_step) and where (url, without the host)."""

    pk: int
    kind: str
    severity: Severity
    title: str
    body: str
    next_step: str
    url: str
    raised_at: datetime
    resolved_at: datetime | None
    button: str = "Take a look"


class _Tolerant(dict[str, Any]):
    """An alert that was raised by an older version may lack a value; its page must not fail for that."""

    def __missing__(self, key: str) -> str:
        return "…"


def render(alert: Alert) -> RenderedAlert:
    """Templates and url see the alert's context and, besides, workspace (the slug) and workspace_name."""
    context = _Tolerant(alert.context, workspace=alert.workspace.slug, workspace_name=alert.workspace.name)
    kind = registry.find(alert.kind) or _unknown(alert.kind)
    return RenderedAlert(
        pk=alert.pk,
        kind=alert.kind,
        severity=kind.severity,
        title=kind.title.format_map(context),
        body=kind.body.format_map(context),
        next_step=kind.next_step.format_map(context),
        url=_url(kind, context),
        raised_at=alert.raised_at,
        resolved_at=alert.resolved_at,
        button=kind.button,
    )


def mail_url(alert: Alert, user_id: int) -> str:
    """Where the e-mail to this user leads, without the host; "" for the same page as everywhere."""
    kind = registry.find(alert.kind)
    if kind is None or kind.mail_url is None:
        return ""
    return kind.mail_url(_Tolerant(alert.context, workspace=alert.workspace.slug), user_id)


def render_all(alerts: Iterable[Alert]) -> list[RenderedAlert]:
    return [render(alert) for alert in alerts]


def most_urgent_first(alerts: Iterable[RenderedAlert]) -> list[RenderedAlert]:
    """By severity, then the newest first."""
    return sorted(alerts, key=lambda alert: (_ORDER[alert.severity], -alert.raised_at.timestamp()))


def missing_values(kind: AlertKind, context: dict[str, Any]) -> set[str]:
    """Names that the templates ask for and the context does not give."""
    texts = (kind.title, kind.body, kind.next_step)
    asked = {name.partition(".")[0] for text in texts for _, name, _, _ in Formatter().parse(text) if name}
    return asked - set(context) - {"workspace", "workspace_name"}


def _url(kind: AlertKind, context: dict[str, Any]) -> str:
    try:
        return kind.url(context)
    except (NoReverseMatch, KeyError):
        logger.exception("The address of alert kind %s cannot be made.", kind.id)
        return reverse("alerts:list", kwargs={"workspace": context["workspace"]})


def _unknown(kind_id: str) -> AlertKind:
    return AlertKind(
        id=kind_id,
        severity=Severity.INFO,
        title="Something needed attention",
        body="This alert comes from a part of the application that is no longer there.",
        next_step="Nothing has to be done.",
        url=lambda context: reverse("alerts:list", kwargs={"workspace": context["workspace"]}),
    )
