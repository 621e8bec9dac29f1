"""The kinds of alert and their wording; every app registers its own when it loads."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True)
class AlertKind:
    """id: 'app.name'. title, body and next_step are str.format templates over the alert's context.

    Beside the values that raise_alert was given, the context holds workspace (the slug) and workspace_name.
    url turns the context into the address where the next step is taken. mail_url: another one for e-mails, which
    belongs to one user (the second value is their id) and works without signing in. button: the words of the link.
    """

    id: str
    severity: Severity
    title: str
    body: str
    next_step: str
    url: Callable[[dict[str, Any]], str]
    mail_url: Callable[[dict[str, Any], int], str] | None = None
    button: str = "Take a look"


_kinds: dict[str, AlertKind] = {}


def register(*kinds: AlertKind) -> None:
    for kind in kinds:
        if _kinds.get(kind.id, kind) != kind:
            raise ValueError(f"Two alert kinds are called {kind.id}.")
        _kinds[kind.id] = kind


def get(kind_id: str) -> AlertKind:
    return _kinds[kind_id]


def find(kind_id: str) -> AlertKind | None:
    return _kinds.get(kind_id)


def all_kinds() -> list[AlertKind]:
    return sorted(_kinds.values(), key=lambda kind: kind.id)
