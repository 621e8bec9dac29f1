"""Alert kinds of profiles, and what is said about each way a connection can end."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse

from pinconnect.alerts.registry import AlertKind, Severity, register
from pinconnect.profiles.models import Profile

APP_SUBJECT = "pinterest-app"


def subject(profile: Profile) -> str:
    """What an alert about this profile is filed under."""
    return f"profile:{profile.pk}"


def alert_context(profile: Profile) -> dict[str, Any]:
    """The values that the wording of an alert about a profile needs."""
    return {
        "profile": str(profile),
        "profile_id": profile.pk,
        "ends": _moment(profile.expires_at),
        "renewed": _moment(profile.renewed_at),
        "why": why_refused(profile),
    }


def why_refused(profile: Profile) -> str:
    """What is known about why Pinterest refuses to renew; empty when nothing is."""
    if profile.answer_lost_at is None:
        return ""
    return (
        f"On {_moment(profile.answer_lost_at)} a renewal was cut off after Pinterest was asked and before its answer "
        "was stored. Most likely Pinterest counts the old token as used since then; nobody need have withdrawn it. "
    )


def _moment(moment: datetime | None) -> str:
    return f"{moment:%-d %b %Y, %H:%M} UTC" if moment else "an unknown time"


def _profile_page(context: dict[str, Any]) -> str:
    return reverse("profiles:detail", kwargs={"workspace": context["workspace"], "pk": context["profile_id"]})


def _profiles_page(context: dict[str, Any]) -> str:
    return reverse("profiles:list", kwargs={"workspace": context["workspace"]})


EXPIRED = AlertKind(
    id="profiles.expired",
    severity=Severity.CRITICAL,
    title="Pinterest no longer accepts {profile}",
    body="Pinterest refused the profile's token and would not renew it. {why}Nothing can be sent with this profile "
    "until somebody reconnects it. Data already on Pinterest stays there.",
    next_step="Open the profile and choose “Update token”. Sign in at Pinterest as the same user.",
    url=_profile_page,
)
NOT_RENEWED = AlertKind(
    id="profiles.not_renewed",
    severity=Severity.WARNING,
    title="Pinterest will not renew {profile}",
    body="The profile still works, but Pinterest refuses to renew its token. {why}It ends on {ends}, and deliveries "
    "would stop then.",
    next_step="Open the profile and choose “Update token” before that time.",
    url=_profile_page,
)
EXPIRING = AlertKind(
    id="profiles.expiring",
    severity=Severity.WARNING,
    title="The token of {profile} ends soon",
    body="PinConnect renews tokens daily, but this one was last renewed on {renewed} and ends on {ends}. Deliveries "
    "would stop then. Pinterest has not refused it: either it could not be asked, or renewing no longer moves the end.",
    next_step="Open the profile and choose “Update token” before that time. If several profiles are affected, check "
    "that a worker is running and reaches Pinterest.",
    url=_profile_page,
)
APP_REFUSED = AlertKind(
    id="profiles.app_refused",
    severity=Severity.CRITICAL,
    title="Pinterest does not accept this installation’s app",
    body="Pinterest refuses the app id or app secret that PinConnect is set up with, so no profile can be renewed. "
    "The profiles themselves are not at fault, and nobody has to reconnect them.",
    next_step="Ask whoever runs PinConnect to check PINTEREST_APP_ID and PINTEREST_APP_SECRET.",
    url=_profiles_page,
)
register(EXPIRED, NOT_RENEWED, EXPIRING, APP_REFUSED)
# Those that a working token ends.
ABOUT_TOKENS = (EXPIRED, NOT_RENEWED, EXPIRING)


@dataclass(frozen=True)
class Words:
    """What happened, what it means, and what to do; tone as of a badge."""

    title: str
    body: str
    next_step: str
    tone: str = "warn"


_NOTHING = "Nothing was changed."
_AGAIN = "Start the connection again."

_CONNECT: dict[str, Words] = {
    "connected": Words("{profile} is connected", "PinConnect may now act for this Pinterest profile.", "", "good"),
    "updated": Words("The token of {profile} is updated", "The profile is connected and works.", "", "good"),
    "declined": Words(
        "You declined at Pinterest",
        f"Pinterest told us that access was not granted. {_NOTHING}",
        "If that was a mistake, start again and choose to give access.",
    ),
    "missing_scopes": Words(
        "A permission was left out",
        f"Pinterest did not grant: {{missing}}. Deliveries cannot work without it. {_NOTHING}",
        "Start again and leave all permissions ticked.",
    ),
    "wrong_account": Words(
        "Another Pinterest account was signed in",
        f"Expected was {{expected}}, but {{came}} came back from Pinterest. {_NOTHING}",
        "Sign out at Pinterest, sign in there as {expected}, and start again.",
    ),
    "pinterest_down": Words(
        "Pinterest did not answer",
        f"Access was granted, but Pinterest could not finish the exchange. {_NOTHING}",
        "Wait a minute and start again.",
    ),
    "code_refused": Words(
        "Pinterest did not accept the answer it had sent",
        f"The code that came back is too old, or was used already. {_NOTHING}",
        _AGAIN,
    ),
    "app_refused": Words(
        "Pinterest does not accept this installation’s app",
        f"The app id, the app secret or the return address does not match what Pinterest has on file. {_NOTHING}",
        "Ask whoever runs PinConnect to check the Pinterest settings.",
        "bad",
    ),
    "odd_answer": Words(
        "Pinterest came back without an answer",
        f"The address you returned with holds neither a grant nor a refusal. {_NOTHING}",
        _AGAIN,
    ),
    "state_missing": Words(
        "This page was opened without coming from Pinterest",
        f"Connecting begins on the Profiles page and passes through Pinterest. {_NOTHING}",
        "Open Profiles and choose “Connect a profile”.",
    ),
    "state_unknown": Words(
        "This connection was not started here",
        f"We do not know the request that this answer belongs to; it may be very old. {_NOTHING}",
        _AGAIN,
    ),
    "other_browser": Words(
        "This connection was started in another browser",
        "The answer from Pinterest counts only in the browser, and the sign-in, in which the connection was started. "
        f"{_NOTHING}",
        "Go back to that browser, or start again in this one.",
    ),
    "other_user": Words(
        "Somebody else started this connection",
        f"You are signed in here as another person than the one who started it. {_NOTHING}",
        _AGAIN,
    ),
    "replayed": Words(
        "This answer was used already",
        "Each answer from Pinterest counts once. If you went back or reloaded the page, the first time counted.",
        "Look at the Profiles page: the profile may be connected. If not, start again.",
    ),
    "state_expired": Words(
        "That took too long",
        f"For your safety, a connection has to be finished within ten minutes. {_NOTHING}",
        _AGAIN,
    ),
    "no_longer_allowed": Words(
        "You may no longer connect profiles",
        f"Your role in this workspace changed while you were at Pinterest. {_NOTHING}",
        "Ask an admin of the workspace.",
    ),
    "no_longer_wanted": Words(
        "The request ended while you were at Pinterest",
        "It was withdrawn, or somebody else has answered it meanwhile. Nothing of what you granted was kept.",
        "Ask the person who sent you the link.",
    ),
    "identified": Words("Pinterest told us who you are", "You are signed in there as {came}.", "", "good"),
    "unfinished": Words(
        "The connection was interrupted",
        "Something stopped us before the answer from Pinterest was stored.",
        "Look at the Profiles page. If the profile is not connected, start again.",
    ),
}
CONNECT_CODES = frozenset(_CONNECT)


def connect_words(code: str, *, profile: str = "", expected: str = "", came: str = "", missing: str = "") -> Words:
    """What to say about the end of a connection."""
    words = _CONNECT[code]
    values = {
        "profile": profile,
        "expected": expected or "another account",
        "came": came or "another",
        "missing": missing,
    }
    title, body, next_step = (text.format_map(values) for text in (words.title, words.body, words.next_step))
    return Words(title, body, next_step, words.tone)


_UNUSABLE: dict[str, Words] = {
    "expired": Words("The profile has expired", "Pinterest refuses its token.", "Choose “Update token”.", "bad"),
    "disconnected": Words(
        "The profile is disconnected", "PinConnect holds no token for it.", "Connect it again to use it."
    ),
    "renewal_busy": Words("The token is being renewed", "Somebody else is renewing it now.", "Try again in a minute."),
    "pinterest_down": Words("Pinterest does not answer", "The profile itself is fine.", "Try again in a few minutes."),
    "app_refused": Words(
        "Pinterest does not accept this installation’s app",
        "The profile itself is fine, but its token cannot be renewed.",
        "Ask whoever runs PinConnect to check the Pinterest settings.",
        "bad",
    ),
}


def unusable_words(code: str) -> Words:
    """What to say when a profile cannot be used now; for the codes of tokens.ProfileUnusable."""
    return _UNUSABLE[code]


NO_APP = "No Pinterest app is set up yet, so nothing can be connected. Ask whoever runs PinConnect to set one up."
