"""Watches what Pinterest makes of a list: asks for state and size, less and less often after a change, then daily.

Every answer is kept (audiences/watching/), so that match rate and size can be shown over time, and what changed at
Pinterest without us is noticed. All of it together takes a small share of the calls that Pinterest allows.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from audiences.models import Audience, Delivery, Mode
from audiences.services import access, calls, rates, standby, vanished
from audiences.states import DeliveryState
from audiences.watching import drift, observations
from audiences.watching.observations import FINISHED, GONE, Answer
from pinconnect.alerts.services import raise_alert, resolve_alerts
from pinconnect.pinterest import audiences, customer_lists
from pinconnect.pinterest.client import Client, Exchange
from pinconnect.pinterest.errors import NotFound, PinterestError, RateLimited
from pinconnect.pinterest.limits import Category
from pinconnect.profiles import tokens
from pinconnect.profiles.models import Profile
from pinconnect.profiles.tokens import ProfileUnusable
from pinconnect.queue import leases

logger = logging.getLogger(__name__)

LEASE_S = 120.0
# Pinterest's help says that sizes follow within 24 to 48 hours.
WATCHED_FOR = timedelta(hours=72)
SOONEST_S = 3.0
LATEST_S = 6 * 3_600.0
SETTLED_EVERY_S = 12 * 3_600.0
# Beyond the first days, for as long as a delivery is active: others may write to the list at any time.
DAILY_S = 24 * 3_600.0
TROUBLE_S = 300.0
ARMED_AT_ONCE = 100


def observe(audience_id: int) -> str:
    """Ask Pinterest once and note what it says; returns its state of the list, "" when there was nothing to do."""
    now = timezone.now()
    token = leases.claim(Audience.objects.to_observe(now), pk=audience_id, lease_s=LEASE_S, now=now)
    if token is None:
        return ""
    audience = Audience.objects.select_related("ad_account", "workspace").get(pk=audience_id)
    changes: dict[str, Any] = {"observe_at": now + timedelta(seconds=_trouble_s(audience, now))}
    delivery, recorder = _delivery_of(audience), calls.of_audience(audience)
    try:
        if delivery is None or standby.reader(delivery) is None:
            changes["observe_at"] = None
        else:
            changes = _ask(audience, delivery, now, recorder)
    except RateLimited as limited:
        changes["observe_at"] = now + timedelta(seconds=max(TROUBLE_S, limited.retry_after_s))
    except ProfileUnusable:
        changes["observe_at"] = now + timedelta(seconds=LATEST_S)
    except PinterestError as error:
        logger.info("Audience %s could not be observed: %s", audience.pk, type(error).__name__)
    finally:
        is_answered = "observed_at" in changes
        _give_back(audience, token, changes)
        recorder.save()
    audience.refresh_from_db()
    if delivery is not None:
        # While Pinterest or its rate limit allows no look, nothing is asked for either.
        if is_answered:
            _make_missing(audience, delivery, recorder)
        _tell(audience, delivery, now)
    return audience.list_state


def arm() -> int:
    """Begin to watch lists again that nobody watches although something is delivered to them; returns how many."""
    active = Delivery.objects.filter(audience=OuterRef("pk"), state=DeliveryState.ACTIVE, profile__isnull=False)
    unwatched = Audience.objects.filter(Exists(active), observe_at=None).exclude(customer_list_id="")
    pks = list(unwatched.order_by("pk").values_list("pk", flat=True)[:ARMED_AT_ONCE])
    return Audience.objects.filter(pk__in=pks, observe_at=None).update(observe_at=timezone.now())


def _give_back(audience: Audience, token: str, changes: dict[str, Any]) -> None:
    """Note what was found; when to look next only if no run has settled meanwhile and begun a new watch."""
    observe_at = changes.pop("observe_at")
    unchanged = Audience.objects.filter(pk=audience.pk, lease_token=token, settled_at=audience.settled_at)
    unchanged.update(observe_at=observe_at)
    leases.release(Audience.objects.all(), pk=audience.pk, token=token, **changes)


def next_look(
    settled_at: datetime | None, now: datetime, *, is_finished: bool, is_active: bool = False
) -> datetime | None:
    """When to ask again: half of the time that has passed since the last change, within bounds.

    After three days daily while something is delivered to the list, else no more (None).
    """
    if settled_at is None or now - settled_at >= WATCHED_FOR:
        return now + timedelta(seconds=DAILY_S) if is_active else None
    if is_finished:
        return now + timedelta(seconds=SETTLED_EVERY_S)
    wait_s = min(LATEST_S, max(SOONEST_S, (now - settled_at).total_seconds() / 2))
    return now + timedelta(seconds=wait_s)


def _trouble_s(audience: Audience, now: datetime) -> float:
    """The longer Pinterest has not answered, the longer until it is asked again."""
    silent_s = (now - (audience.observed_at or audience.settled_at or now)).total_seconds()
    return min(DAILY_S, max(TROUBLE_S, silent_s / 2))


def _ask(audience: Audience, delivery: Delivery, now: datetime, recorder: calls.Recorder) -> dict[str, Any]:
    """What Pinterest says, kept, and as changes of the audience's row."""
    profile = standby.reader(delivery)
    assert profile is not None  # noqa: S101 -- observe() has looked
    wait_s = rates.watching_wait_s(profile) or rates.wait_s(profile, Category.ADS_READ)
    if wait_s:
        return {"observe_at": now + timedelta(seconds=wait_s)}
    client = _client(profile, recorder)
    try:
        answer = _answer(audience, client)
    except RateLimited as limited:
        rates.block(profile, Category.ADS_READ, limited.retry_after_s)
        raise
    wait_s = _doubt_s(audience, answer)
    if wait_s:
        return {"observe_at": now + timedelta(seconds=wait_s)}
    with transaction.atomic():
        before, observation, foreign = observations.keep(audience, answer, now)
        drift.judge(audience, delivery, before, observation, foreign)
    is_active = audience.deliveries.filter(state=DeliveryState.ACTIVE).exists()
    changes: dict[str, Any] = {"list_state": answer.list_state[:20], "audience_state": answer.audience_state[:30]}
    if answer.has_audience or answer.customer_list is None:
        changes["size"] = answer.size
    return {
        **changes,
        "observed_at": now,
        "observe_at": next_look(
            audience.settled_at, now, is_finished=observations.is_finished(observation), is_active=is_active
        ),
    }


def _client(profile: Profile, recorder: calls.Recorder) -> Client:
    def note(exchange: Exchange) -> None:
        recorder.note(exchange, profile=profile)
        rates.learn(profile, exchange)

    return tokens.client_for(profile, observe=note)


def _doubt_s(audience: Audience, answer: Answer) -> float:
    """In how many seconds to look again before the answer is believed; 0.0 when it is."""
    if answer.list_state == GONE:
        return vanished.look_again_s(audience, "list")
    vanished.note_found(audience, "list")
    if answer.audience_state == GONE:
        return vanished.look_again_s(audience, "audience")
    vanished.note_found(audience, "audience")
    return 0.0


def _answer(audience: Audience, client: Client) -> Answer:
    account = audience.ad_account.pinterest_id
    try:
        found = customer_lists.get(client, account, audience.customer_list_id)
    except NotFound:
        return Answer(None)
    if not audience.audience_id:
        return Answer(found)
    try:
        return Answer(found, audiences.get(client, account, audience.audience_id), has_audience=True)
    except NotFound:
        return Answer(found, None, has_audience=True)


def _make_missing(audience: Audience, delivery: Delivery, recorder: calls.Recorder) -> None:
    """An audience that Pinterest did not allow before may be allowed now that the list is ready."""
    if audience.audience_id or not audience.customer_list_id or audience.list_state == GONE or audience.list_missing_at:
        return
    if not Delivery.objects.live().filter(audience=audience).exclude(mode=Mode.REMOVE).exists():
        return
    try:
        profile = standby.reader(delivery)
        if profile is None:
            return
        if access.make_audience(audience, _client(profile, recorder), profile):
            _look_again(audience, SOONEST_S)
    except access.LimitedError as limited:
        _look_again(audience, max(SOONEST_S, limited.wait_s))
    except (access.NotYetError, PinterestError, ProfileUnusable) as problem:
        logger.info("Audience %s is not made yet: %s", audience.pk, type(problem).__name__)
    finally:
        recorder.save()


def _look_again(audience: Audience, wait_s: float) -> None:
    """Look in so many seconds at the latest, also where there was to be no look any more."""
    at = timezone.now() + timedelta(seconds=wait_s)
    Audience.objects.filter(Q(observe_at=None) | Q(observe_at__gt=at), pk=audience.pk).update(observe_at=at)


@transaction.atomic
def _tell(audience: Audience, delivery: Delivery, now: datetime) -> None:
    """Raise what a person should know, and resolve what is over."""
    facts = {
        "slug": delivery.workspace.slug,
        "delivery": delivery.name,
        "delivery_id": delivery.pk,
        "audience": audience.name,
        "list": audience.customer_list_name,
    }
    is_late = audience.settled_at is not None and now - audience.settled_at >= WATCHED_FOR
    states = {audience.list_state, audience.audience_state}
    open_now = {
        "too_small": "TOO_SMALL" in states,
        "still_matching": is_late and not states <= FINISHED | {GONE},
        "audience_missing": is_late and not audience.audience_id and audience.list_state == "READY",
    }
    subject, over = f"audience:{audience.pk}", [f"audiences.{kind}" for kind in open_now if not open_now[kind]]
    for kind, is_open in open_now.items():
        if is_open:
            raise_alert(audience.workspace, f"audiences.{kind}", subject, **facts)
    resolve_alerts(audience.workspace, over, subject)


def _delivery_of(audience: Audience) -> Delivery | None:
    """The delivery in whose name Pinterest is asked: the newest that is not archived, with a profile that works."""
    found = audience.deliveries.exclude(state=DeliveryState.ARCHIVED).exclude(profile=None)
    ordered = found.select_related("profile", "standby", "workspace").order_by("-pk")
    return next((d for d in ordered if (profile := standby.reader(d)) and profile.is_usable), ordered.first())
