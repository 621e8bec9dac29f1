"""States, failures and the timeline of app invites in words: for marketers, and for partners."""

from dataclasses import dataclass
from datetime import datetime

from invites import emails
from invites.models import AppInvite, InviteEvent
from invites.models.event import EventKind
from pinconnect.profiles.messages import Words
from pinconnect.profiles.services import ConnectOutcome
from pinconnect.workspaces.models import OutgoingEmail


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
    "profile_disconnected": Badge("Profile disconnected", "neutral"),
    "profile_expired": Badge("Profile expired", "bad"),
    "profile_removed": Badge("Profile removed", "neutral"),
    "failed": Badge("Failed, can try again", "warn"),
    "expired": Badge("Expired", "warn"),
    "revoked": Badge("Revoked", "neutral"),
}
NOT_BACK = Badge("Did not come back", "warn")

EXPLANATIONS = {
    "pending": "Nobody has opened the link yet.",
    "opened": "The page behind the link was opened, by a person or a program that checks e-mails. Nothing was granted.",
    "authorising": "The partner went to Pinterest and has not come back yet.",
    "active": "The partner granted access, and the profile is connected.",
    "profile_disconnected": "The partner granted access. The profile has since been disconnected.",
    "profile_expired": "The partner granted access. Pinterest no longer accepts it: the profile must be reconnected.",
    "profile_removed": "The partner granted access. The profile is no longer in this workspace.",
    "expired": "The link ran out unused. Extend it, and the same link works again.",
    "revoked": "The link was stopped and works no longer.",
}

# Said to the marketer about the last attempt. The name of a wrong account stays between the partner and Pinterest.
FAILURES = {
    "declined": "The partner declined at Pinterest.",
    "missing_scopes": "The partner left out a permission that deliveries need.",
    "wrong_account": "Somebody signed in at Pinterest with another account than the expected one.",
    "pinterest_down": "Pinterest did not answer while access was being granted.",
    "code_refused": "Pinterest did not accept the answer that it had sent, for example because it was too old.",
    "app_refused": "Pinterest does not accept this installation’s app. Tell whoever runs PinConnect.",
    "odd_answer": "Pinterest sent the partner back with neither a grant nor a refusal.",
    "state_expired": "The partner took longer than ten minutes at Pinterest.",
    "no_longer_wanted": "The invite was used or its link stopped while somebody was at Pinterest. Nothing was stored.",
    "unfinished": "Something stopped us before Pinterest’s answer was stored.",
}

# Said to the partner, where what is said to members would not help.
_TO_PARTNER = {
    "app_refused": Words(
        "This is not your fault",
        "Pinterest does not accept the app of this PinConnect at the moment, so nothing could be connected.",
        "Tell {ask} about it. Your link still works once it is repaired.",
    ),
    "no_longer_wanted": Words(
        "The invite ended while you were at Pinterest",
        "It was stopped by whoever sent it, or access was granted with it in another window. Nothing of this attempt "
        "was kept.",
        "If you granted access in another window, all is well. If not, ask {ask} for a new link.",
    ),
    "unfinished": Words(
        "The connection was interrupted",
        "Something stopped us before the answer from Pinterest was stored.",
        "Try again. Nothing happens twice.",
    ),
}

PROBLEMS = {
    "SMTPRecipientsRefused": "the mail server refuses this address",
    "SMTPSenderRefused": "the mail server refuses our own address",
    "SMTPAuthenticationError": "the mail server refuses our sign-in",
    "TimeoutError": "the mail server does not answer",
    "ConnectionRefusedError": "the mail server cannot be reached",
    "gaierror": "the mail server cannot be found",
}


def badge(invite: AppInvite) -> Badge:
    return NOT_BACK if invite.is_overdue and not invite.is_expired else BADGES[invite.shown_state]


def explanation(invite: AppInvite) -> str:
    if invite.shown_state == "failed":
        return failure(invite.failure)
    if invite.is_overdue and not invite.is_expired:
        return "The partner went to Pinterest and did not come back. The link still works."
    return EXPLANATIONS[invite.shown_state]


def failure(code: str) -> str:
    """Why the last attempt failed, as said to the marketer."""
    return f"{FAILURES.get(code, 'Something went wrong.')} The link still works."


def to_partner(outcome: ConnectOutcome, invite: AppInvite) -> Words:
    """How the trip ended, as said to the partner."""
    words = _TO_PARTNER.get(outcome.code, outcome.words)
    return Words(words.title, words.body, words.next_step.replace("{ask}", whom_to_ask(invite)), words.tone)


def whom_to_ask(invite: AppInvite) -> str:
    """The person who asks, by name and never by address: whoever has the link may read it."""
    asking = invite.created_by
    return f"{asking.name} of {invite.workspace.name}" if asking and asking.name else invite.workspace.name


def timeline(invite: AppInvite) -> list[TimelineEntry]:
    """Newest first: what was noted, and what became of the e-mails."""
    events = InviteEvent.objects.filter(invite=invite).order_by("-at", "-pk")
    told = [_event(event) for event in events]
    told += [entry for row in emails.of_invite(invite) if (entry := _email(row))]
    return sorted(told, key=lambda entry: entry.when, reverse=True)


def _event(event: InviteEvent) -> TimelineEntry:
    detail = failure(event.detail) if event.kind == EventKind.FAILED else event.detail
    tone = {EventKind.ACTIVATED: "good", EventKind.FAILED: "warn", EventKind.WITHDRAWN: "bad"}
    return TimelineEntry(event.get_kind_display(), event.at, event.origin, detail, tone.get(EventKind(event.kind), ""))


def _email(row: OutgoingEmail) -> TimelineEntry | None:
    what = "The reminder" if row.kind == emails.REMINDER else "The e-mail"
    if row.sent_at:
        return TimelineEntry(f"{what} left", row.sent_at, "", "", "good")
    if row.is_given_up:
        return TimelineEntry(f"{what} could not be sent", row.created_at, "", problem(row), "bad")
    return None


def problem(row: OutgoingEmail) -> str:
    """Why an e-mail was not sent, from the class of the last error."""
    said = PROBLEMS.get(row.problem, f"the mail server failed ({row.problem})")
    return f"{said[0].upper()}{said[1:]}."


def reminder(invite: AppInvite) -> str:
    """What has become of the reminder, or is going to."""
    row = emails.newest(invite, emails.REMINDER)
    if row is not None and row.sent_at:
        return "Sent"
    return "Two days before it ends" if row is not None and row.due_at else "None"


@dataclass(frozen=True)
class EmailState:
    """What became of the newest e-mail. tone: empty when all is well."""

    words: str
    tone: str = ""
    when: datetime | None = None


def email_state(invite: AppInvite) -> EmailState | None:
    """None when no e-mail was asked for."""
    row = emails.newest(invite)
    if row is None:
        return None
    if row.sent_at:
        return EmailState("Sent", when=row.sent_at)
    if row.is_given_up:
        return EmailState(f"Could not be sent. {problem(row)} Check the address below, then send it again.", "bad")
    if row.due_at and row.problem:
        return EmailState(
            f"Not sent yet. {problem(row)} It is tried again by itself; check the address meanwhile.", "warn"
        )
    if row.due_at:
        return EmailState("Is being sent now")
    return EmailState("Called off before it was sent")
