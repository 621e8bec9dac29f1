"""What changed at Pinterest without us, in words: for alerts and for the page of the audience."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from audiences.models import Delivery, Drift, DriftKind, Mode
from pinconnect.alerts import registry
from pinconnect.alerts.registry import AlertKind, Severity

_MEANS = {
    Mode.MIRROR: "A mirror takes off the list only people whom it has put there. Whoever the other tool adds stays, "
    "also when they are not in your dataset; whoever it removes is missing until they leave the dataset and come back.",
    Mode.ADD: "What the other tool adds or removes is not known here, so the list no longer is what was delivered.",
    Mode.REMOVE: "What the other tool adds stays on the list unless your dataset names it.",
}


@dataclass(frozen=True)
class DriftWords:
    """title, body: what happened and what it means; next_step: what to do."""

    title: str
    body: str
    next_step: str
    tone: str


def _audience_page(context: dict[str, Any]) -> str:
    return reverse("audiences:audience-detail", args=[context["slug"], context["audience_id"]])


ALERT_KINDS = (
    AlertKind(
        "audiences.list_written",
        Severity.WARNING,
        "Another tool writes to the list of “{delivery}”",
        "Pinterest counted at least {calls} more calls to “{list}” than PinConnect made.{records} {means}",
        "Find out who it is: another program, somebody in Ads Manager, or another PinConnect. Let one of the two have "
        "a list of its own, or say on the audience’s page that you know.",
        _audience_page,
    ),
    AlertKind(
        "audiences.list_renamed",
        Severity.INFO,
        "The list of “{delivery}” was renamed at Pinterest",
        "“{before}” is called “{after}” now. Deliveries go on: they know the list by its ID.",
        "If that was meant, say on the audience’s page that you know.",
        _audience_page,
    ),
    AlertKind(
        "audiences.audience_renamed",
        Severity.INFO,
        "The audience of “{delivery}” was renamed at Pinterest",
        "“{before}” is called “{after}” now. Deliveries and ads go on: both know it by its ID.",
        "If that was meant, say on the audience’s page that you know.",
        _audience_page,
    ),
    AlertKind(
        "audiences.audience_gone",
        Severity.CRITICAL,
        "The audience of “{delivery}” is gone from Pinterest",
        "Somebody removed the audience “{audience}” at Pinterest, so no ad can target it. Its customer list is still "
        "there with everybody on it.",
        "Have a new audience made of the list on the audience’s page, then choose it in your ads: it has a new ID.",
        _audience_page,
    ),
    AlertKind(
        "audiences.size_fell",
        Severity.WARNING,
        "The audience of “{delivery}” has shrunk",
        "Its size fell from {before} to {after} people. What PinConnect removed does not explain that.",
        "Look whether another tool removed people, and at what changed in the dataset. If it is right, say on the "
        "audience’s page that you know.",
        _audience_page,
    ),
    AlertKind(
        "audiences.became_too_small",
        Severity.WARNING,
        "The audience of “{delivery}” has become too small",
        "It was ready with {before} people, and now Pinterest counts fewer than 100, so ads stop reaching it. What "
        "PinConnect removed does not explain that.",
        "Look whether another tool removed people. If the list is right as it is, it needs more people before ads "
        "reach it again.",
        _audience_page,
    ),
)
registry.register(*ALERT_KINDS)


def values(drift: Drift, delivery: Delivery) -> dict[str, Any]:
    """What the wording of this drift needs beside names."""
    facts = drift.facts
    if drift.kind == DriftKind.WRITTEN:
        return {"calls": _number(facts["calls"]), "records": _records(facts), "means": _MEANS[Mode(delivery.mode)]}
    return {name: _number(facts[name]) for name in ("before", "after") if name in facts}


def words(drift: Drift, context: dict[str, Any]) -> DriftWords:
    """For the page; context as the alert has it."""
    kind = registry.get(f"audiences.{drift.kind}")
    tone = {Severity.INFO: "info", Severity.WARNING: "warn", Severity.CRITICAL: "bad"}[kind.severity]
    return DriftWords(kind.title.format(**context), kind.body.format(**context), kind.next_step.format(**context), tone)


def summary(drift: Drift) -> str:
    """A line for the history."""
    facts = drift.facts
    if drift.kind == DriftKind.WRITTEN:
        return f"At least {_number(facts['calls'])} calls of another tool.{_records(facts)}"
    if "before" in facts:
        before, after = _number(facts["before"]), _number(facts["after"])
        is_name = drift.kind in (DriftKind.LIST_RENAMED, DriftKind.AUDIENCE_RENAMED)
        return f"From “{before}” to “{after}”." if is_name else f"From {before} to {after} people."
    return "Pinterest no longer knows it."


def _records(facts: dict[str, Any]) -> str:
    parts = [f"{_number(facts[name])} records {name}" for name in ("added", "removed") if facts.get(name)]
    return f" At least {' and '.join(parts)}." if parts else ""


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
