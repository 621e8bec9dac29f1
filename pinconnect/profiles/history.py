"""What happened to a profile, as its page tells it."""

from dataclasses import dataclass
from datetime import datetime

from pinconnect.profiles.models import Profile
from pinconnect.workspaces.models import AuditEvent

AT_MOST = 20
_WORDS = {
    "profile.connected": "Connected",
    "profile.updated": "Token updated",
    "profile.expired": "Expired: Pinterest refused its token and would not renew it",
    "profile.recovered": "Works again",
    "profile.disconnected": "Disconnected: our tokens were deleted",
}
# A partner has no account here, so nobody is named as the actor of what only a person can do.
_BY_PEOPLE = ("profile.connected", "profile.updated", "profile.disconnected")


@dataclass(frozen=True)
class Line:
    at: datetime
    what: str
    who: str


def of(profile: Profile) -> list[Line]:
    """The newest first. Daily renewals are no events: the page says when the last one was."""
    events = AuditEvent.objects.for_workspace(profile.workspace).filter(
        object_type="profile", object_id=str(profile.pk), verb__startswith="profile."
    )
    return [Line(event.at, _WORDS.get(event.verb, event.action), _who(event)) for event in events[:AT_MOST]]


def _who(event: AuditEvent) -> str:
    if event.actor_label != "system":
        return event.actor_label
    return "A partner" if event.verb in _BY_PEOPLE else "PinConnect"
