"""States, failures and the timeline of app invites in words."""

from dataclasses import dataclass
from datetime import datetime

from invites.models import AppInvite, InviteEvent


@dataclass(frozen=True)
class Badge:
    label: str
    tone: str


@dataclass(frozen=True)
class TimelineEntry:
    label: str
    at: datetime
    origin: str
    detail: str


BADGES = {
    "pending": Badge("Pending", "neutral"),
    "opened": Badge("Opened", "info"),
    "authorising": Badge("At Pinterest", "info"),
    "active": Badge("Active", "good"),
    "failed": Badge("Failed, can try again", "warn"),
    "expired": Badge("Expired", "warn"),
    "revoked": Badge("Revoked", "neutral"),
}

FAILURES = {
    "declined": "The partner declined at Pinterest. The link still works if they change their mind.",
    "missing_scopes": "A permission that deliveries need was left out. The partner can open the link again and "
    "allow all of them.",
    "wrong_account": "Another Pinterest account was signed in than the one this invite is for. Nothing was changed.",
    "pinterest_down": "Pinterest did not answer. The partner can try again with the same link.",
    "state_expired": "The partner took longer than ten minutes at Pinterest. They can start again with the same link.",
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
    return FAILURES.get(code, "Pinterest did not grant access. The partner can try again with the same link.")


def timeline_entry(event: InviteEvent) -> TimelineEntry:
    detail = failure(event.detail) if event.kind == "failed" else event.detail
    return TimelineEntry(event.get_kind_display(), event.at, event.origin, detail)


def partner_sentence(code: str, invite: AppInvite) -> str:
    """Why it did not work, as said to the partner."""
    expected = f"@{invite.expected_username}" if invite.expected_username else "the expected one"
    return {
        "declined": "You chose not to allow access, and nothing was connected. If that was by mistake, try again.",
        "missing_scopes": "One or more permissions were left out, and without them audiences cannot be delivered. "
        "Nothing was connected. Please try again and leave every box ticked.",
        "wrong_account": f"You were signed in at Pinterest with another account than {expected}. Nothing was connected "
        "or changed. Sign out at Pinterest, sign in with the right account, and try again.",
        "pinterest_down": "Pinterest did not answer. Nothing was connected. Please try again in a few minutes.",
        "state_expired": "More than ten minutes passed, so the attempt was dropped for safety. Please try again.",
    }.get(code, "Pinterest did not grant access, and nothing was connected. Please try again.")
