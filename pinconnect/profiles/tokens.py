"""Tokens that are good for a call: renewed before they end, by one process at a time, and stored as a pair."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import OperationalError, transaction
from django.db.models import F
from django.utils import timezone

from pinconnect.alerts.services import raise_alert, resolve_alert
from pinconnect.pinterest import oauth, user_accounts
from pinconnect.pinterest.client import Client, Observer
from pinconnect.pinterest.errors import PinterestError, Terminal, TokenRefused, UnknownOutcome
from pinconnect.pinterest.types import TokenPair
from pinconnect.profiles import messages
from pinconnect.profiles.expiry import REFUSED
from pinconnect.profiles.models import Profile, ProfileState
from pinconnect.profiles.scopes import missing_from
from pinconnect.profiles.signals import profile_expired, profile_recovered
from pinconnect.queue import leases
from pinconnect.workspaces import audit

logger = logging.getLogger(__name__)
T = TypeVar("T")

# A token handed out must outlive the calls made with it.
SHORTEST_LIFE = timedelta(minutes=5)
# One renewal is at most three calls to Pinterest of less than a minute each.
LEASE_S = 180.0
WAIT_FOR_OTHERS_S = 20.0
POLL_S = 0.2
STORE_ATTEMPTS = 5
# A try that seems to be further ahead was noted before the clock was set back.
CLOCKS_DIFFER_BY = timedelta(minutes=1)

PASSING = frozenset({"renewal_busy", "pinterest_down", "app_refused"})


class ProfileUnusable(Exception):  # noqa: N818 -- it is an answer, not a fault
    """No call can be made for this profile now.

    code: expired or disconnected, which need a person; renewal_busy, pinterest_down or app_refused, which pass.
    """

    def __init__(self, code: str) -> None:
        super().__init__(f"The profile cannot be used: {code}")
        self.code = code

    @property
    def is_passing(self) -> bool:
        """Whether trying later may help without anybody reconnecting the profile."""
        return self.code in PASSING


def client_for(profile: Profile, *, observe: Observer | None = None) -> Client:
    """A client whose token has at least five minutes left, renewed first where needed.

    Reads the profile anew, so that profile.token_version is the version in use afterwards. Raises ProfileUnusable.
    Not to be called inside a transaction: a renewed pair must be stored whatever becomes of the caller.
    """
    profile.refresh_from_db()
    _require_connected(profile)
    if profile.expires_at is not None and profile.expires_at - timezone.now() < SHORTEST_LIFE:
        try:
            renew(profile.pk, force_if_version=profile.token_version, observe=observe)
        except ProfileUnusable as problem:
            if not problem.is_passing or profile.expires_at <= timezone.now():
                raise
        profile.refresh_from_db()
    return Client(profile.access_token, observe=observe)


def with_client(profile: Profile, action: Callable[[Client], T], *, observe: Observer | None = None) -> T:
    """action(client); where Pinterest refuses the token, the token is renewed and the action called once more.

    The action must be harmless to repeat. Raises ProfileUnusable and whatever else the action raises.
    """
    client = client_for(profile, observe=observe)
    try:
        return action(client)
    except TokenRefused:
        renew_after_401(profile, profile.token_version, observe=observe)
    return action(client_for(profile, observe=observe))


def renew_after_401(profile: Profile, used_version: int, *, observe: Observer | None = None) -> Profile:
    """Renew unless somebody has renewed since used_version. Raises ProfileUnusable; "expired" when all is refused."""
    renew(profile.pk, force_if_version=used_version, observe=observe)
    profile.refresh_from_db()
    return profile


def renew(profile_id: int, *, force_if_version: int | None = None, observe: Observer | None = None) -> Profile:
    """Renew the tokens of a profile, once, however many ask for it at the same time.

    force_if_version: the version found wanting; when the stored one is another, it is returned without a call.
    A refusal expires the profile only if its access token is refused as well and the app itself is accepted.
    Raises ProfileUnusable.
    """
    started, wanted = timezone.now(), force_if_version
    deadline = time.monotonic() + WAIT_FOR_OTHERS_S
    while True:
        profile = Profile.objects.select_related("workspace").get(pk=profile_id)
        _require_connected(profile)
        wanted = profile.token_version if wanted is None else wanted
        if profile.token_version != wanted or _failed_since(profile, started):
            return profile
        token = _claim(profile)
        if token:
            return _renew_holding(profile, token, observe)
        if time.monotonic() > deadline:
            raise ProfileUnusable("renewal_busy")
        time.sleep(POLL_S)


def _require_connected(profile: Profile) -> None:
    if profile.state != ProfileState.CONNECTED:
        raise ProfileUnusable(profile.state)


def _failed_since(profile: Profile, moment: datetime) -> bool:
    """Whether somebody else tried meanwhile and failed; asking Pinterest again at once would not change that."""
    tried_at = profile.renewal_tried_at
    if tried_at is None or not moment < tried_at <= timezone.now() + CLOCKS_DIFFER_BY:
        return False
    if profile.lease_until is not None or not profile.renewal_problem:
        return False
    if profile.renewal_problem in PASSING:
        raise ProfileUnusable(profile.renewal_problem)
    return True


def _claim(profile: Profile) -> str | None:
    # By its lease too, so that what was read about the last holder is what is taken over.
    same = Profile.objects.connected().filter(token_version=profile.token_version, lease_token=profile.lease_token)
    # Durable: inside somebody's transaction the new pair could be rolled back after the old one is dead.
    with transaction.atomic(durable=True):
        return leases.claim(same, pk=profile.pk, lease_s=LEASE_S, renewal_tried_at=timezone.now())


def _renew_holding(profile: Profile, token: str, observe: Observer | None) -> Profile:
    if profile.lease_until is not None:
        # Whoever held this lease went away after Pinterest was asked.
        _note_lost_answer(profile, profile.renewal_tried_at)
    try:
        if not profile.refresh_token:
            raise TokenRefused("Pinterest gave no refresh token")
        pair = oauth.refresh(profile.refresh_token, observe=observe)
    except Terminal as refusal:
        logger.warning("Renewing profile %s was refused: %s", profile.pk, refusal)
        _after_refusal(profile, token)
    except PinterestError as trouble:
        if isinstance(trouble, UnknownOutcome):
            _note_lost_answer(profile, timezone.now())
        _give_up(profile, token, "pinterest_down", trouble)
    else:
        _store(profile, pair)
    profile.refresh_from_db()
    _require_connected(profile)
    return profile


def _note_lost_answer(profile: Profile, moment: datetime | None) -> None:
    """Should the next renewal be refused, this is why; the first lost answer is the one that counts."""
    first = Profile.objects.filter(pk=profile.pk, token_version=profile.token_version, answer_lost_at=None)
    if first.update(answer_lost_at=moment):
        profile.answer_lost_at = moment


def _give_up(profile: Profile, token: str, problem: str, cause: Exception | None) -> None:
    leases.release(Profile.objects.all(), pk=profile.pk, token=token, renewal_problem=problem)
    logger.warning("Profile %s could not be renewed: %s", profile.pk, problem)
    raise ProfileUnusable(problem) from cause


def _store(profile: Profile, pair: TokenPair) -> None:
    changes: dict[str, Any] = {
        "access_token": pair.access_token,
        "refresh_token": pair.refresh_token or profile.refresh_token,
        "expires_at": pair.expires_at,
        "token_version": F("token_version") + 1,
        "renewed_at": timezone.now(),
        "renewal_problem": "",
        "answer_lost_at": None,
        "lease_token": "",
        "lease_until": None,
    }
    if pair.refresh_expires_at is not None:
        changes["refresh_expires_at"] = pair.refresh_expires_at
    if pair.scopes:
        changes |= {"scopes": list(pair.scopes), "has_all_scopes": not missing_from(pair.scopes)}
    # By version and not by lease: Pinterest may have ended the old pair, so this one is worth more than who holds what.
    if _update_persistently(profile, changes):
        _after_success(profile)


@transaction.atomic
def _after_success(profile: Profile) -> None:
    for kind in messages.ABOUT_TOKENS:
        resolve_alert(profile.workspace, kind.id, messages.subject(profile))
    resolve_alert(profile.workspace, messages.APP_REFUSED.id, messages.APP_SUBJECT)
    # Whoever took over the lease of a renewer that was only slow has been refused, and drew the wrong conclusion.
    if Profile.objects.filter(pk=profile.pk, state=ProfileState.EXPIRED).update(state=ProfileState.CONNECTED):
        audit.record("profile.recovered", profile, workspace=profile.workspace, by=None)
        transaction.on_commit(lambda: profile_recovered.send(Profile, profile=profile), robust=True)


def _update_persistently(profile: Profile, changes: dict[str, Any]) -> int:
    for attempt in range(STORE_ATTEMPTS):
        try:
            return Profile.objects.filter(pk=profile.pk, token_version=profile.token_version).update(**changes)
        except OperationalError:
            if attempt == STORE_ATTEMPTS - 1:
                raise
            time.sleep(POLL_S * 2**attempt)
    return 0


def _after_refusal(profile: Profile, token: str) -> None:
    """Find out who is refused: the app, the renewal only, or the whole grant. Only the last expires the profile."""
    try:
        app_is_accepted = oauth.app_is_accepted()
        still_works = app_is_accepted and _still_works(profile.access_token)
    except PinterestError as trouble:
        return _give_up(profile, token, "pinterest_down", trouble)
    if not app_is_accepted:
        raise_alert(profile.workspace, messages.APP_REFUSED.id, messages.APP_SUBJECT)
        return _give_up(profile, token, "app_refused", None)
    if still_works:
        return _warn(profile, token)
    return _expire(profile)


@transaction.atomic
def _warn(profile: Profile, token: str) -> None:
    same = Profile.objects.filter(token_version=profile.token_version)
    if not leases.release(same, pk=profile.pk, token=token, renewal_problem=REFUSED):
        return
    subject, context = messages.subject(profile), messages.alert_context(profile)
    resolve_alert(profile.workspace, messages.EXPIRING.id, subject)
    raise_alert(profile.workspace, messages.NOT_RENEWED.id, subject, **context)


def _still_works(access_token: str) -> bool:
    try:
        user_accounts.get(Client(access_token))
    except TokenRefused:
        return False
    except Terminal:
        # Refused for something else than the token.
        return True
    return True


@transaction.atomic
def _expire(profile: Profile) -> None:
    same = Profile.objects.connected().filter(pk=profile.pk, token_version=profile.token_version)
    if not same.update(state=ProfileState.EXPIRED, renewal_problem=REFUSED, lease_token="", lease_until=None):
        return
    subject, context = messages.subject(profile), messages.alert_context(profile)
    audit.record("profile.expired", profile, workspace=profile.workspace, by=None)
    for kind in (messages.NOT_RENEWED, messages.EXPIRING):
        resolve_alert(profile.workspace, kind.id, subject)
    raise_alert(profile.workspace, messages.EXPIRED.id, subject, **context)
    # Whatever goes wrong with telling others must not look like a failed renewal.
    transaction.on_commit(lambda: profile_expired.send(Profile, profile=profile), robust=True)
