"""What is known about an audience on Pinterest, in words for the pages."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from audiences.models import Audience
from pinconnect.pinterest.limits import MIN_AUDIENCE_SIZE

# Pinterest's help says that sizes follow within a day or two.
USUAL_WAIT = timedelta(hours=48)


@dataclass(frozen=True)
class AudienceReport:
    """headline, body, tone: what Pinterest's state means; members: distinct identifiers on the list."""

    audience: Audience
    headline: str
    body: str
    tone: str
    members: int
    size: int | None
    observed_at: datetime | None
    next_look_at: datetime | None


def of(audience: Audience) -> AudienceReport:
    headline, body, tone = _words(audience)
    return AudienceReport(
        audience=audience,
        headline=headline,
        body=body,
        tone=tone,
        members=sum(audience.ledger_members.values()),
        size=audience.size,
        observed_at=audience.observed_at,
        next_look_at=audience.observe_at,
    )


def _words(audience: Audience) -> tuple[str, str, str]:
    if not audience.customer_list_id:
        return "Not on Pinterest yet", "The customer list and its audience are made with the first run.", "neutral"
    state = audience.audience_state or audience.list_state
    if state == "READY":
        return "Ready", "Ads can target this audience. Its size follows changes within a day or two.", "good"
    is_fresh = audience.settled_at is not None and timezone.now() - audience.settled_at < USUAL_WAIT
    if state == "TOO_SMALL":
        wait = " Matching may still be under way: look again within 48 hours of the last change." if is_fresh else ""
        return (
            "Too small",
            f"Pinterest found fewer than {MIN_AUDIENCE_SIZE} of its users among these people, so ads cannot "
            f"target it.{wait} "
            "A larger dataset, or a second kind of identifier for the same people, helps.",
            "warn",
        )
    if state in {"PROCESSING", "INITIALIZING", "UPLOADING"}:
        return (
            "Pinterest is matching",
            "Everything has arrived. Pinterest now compares it with its users, which takes 24 to 48 hours. "
            "There is nothing to do: this page looks again by itself.",
            "info",
        )
    if not state:
        return (
            "Waiting for Pinterest's first answer",
            "Pinterest has not been asked for the state of the list yet.",
            "info",
        )
    return state.replace("_", " ").capitalize(), "Pinterest reports this state.", "neutral"
