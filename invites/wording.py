"""States, failures and the timeline of app invites in words."""

from dataclasses import dataclass
from datetime import datetime

from invites.models import AppInvite, InviteEvent
from pinconnect.profiles.messages import connect_words


@dataclass(frozen=True)
class Badge:
    label: str
    tone: str


@dataclass(frozen=True)
class TimelineEntry:
    """As components/timeline.html takes it; actor is the coarse origin."""

    title: str
    when: datetime
    actor: str
    body: str
    tone: str = ""


BADGES = {
    "pending": Badge("Pending", "neutral"),
    "opened": Badge("Opened", "info"),
    "authorising": Badge("At Pinterest", "info"),
    "active": Badge("Active", "good"),
    "failed": Badge("Failed, can try again", "warn"),
    "expired": Badge("Expired", "warn"),
    "revoked": Badge("Revoked", "neutral"),
}

EXPLANATIONS = {
    "pending": "Nobody has opened the link yet.",
    "opened": "The page behind the link was opened, by a person or by a mail program that checks links.",
    "authorising": "The partner went to Pinterest and has not come back yet.",
    "active": "The partner allowed access, and the profile is connected.",
    "expired": "The link ran out unused. Extend it, and the same link works again.",
    "revoked": "The link was stopped here and works no longer.",
}


def badge(invite: AppInvite) -> Badge:
    return BADGES[invite.shown_state]


def explanation(invite: AppInvite) -> str:
    if invite.shown_state == "failed":
        return failure(invite.failure)
    return EXPLANATIONS[invite.shown_state]


def failure(code: str) -> str:
    """Why the last attempt failed, as said to the marketer."""
    found = connect_words(code, profile="the profile", expected="the expected account", came="another one", missing="")
    return f"{found.title}. The link still works."


def timeline_entry(event: InviteEvent) -> TimelineEntry:
    detail = failure(event.detail) if event.kind == "failed" else event.detail
    tone = {"activated": "good", "failed": "warn", "withdrawn": "bad"}.get(event.kind, "")
    return TimelineEntry(event.get_kind_display(), event.at, event.origin, detail, tone)
