"""Speaking to Pinterest in the name of a delivery's profile, and what happens when Pinterest refuses the profile."""

import logging

from audiences.models import Audience, Run, Trigger
from audiences.services import deliveries, outcomes, rates, standby, targets
from pinconnect.pinterest.client import Client, Observer
from pinconnect.pinterest.errors import (
    AccessLost,
    FlaggedAsSpam,
    MissingScope,
    PinterestError,
    RateLimited,
    TokenRefused,
)
from pinconnect.pinterest.limits import Category
from pinconnect.profiles import tokens
from pinconnect.profiles.models import Profile
from pinconnect.profiles.tokens import ProfileUnusable

logger = logging.getLogger(__name__)

# A run that ends and cannot clear up what is unsure looks again so often; nobody waits for it.
LOOK_AGAIN_S = 900.0
REFUSALS_BORNE = 3
_CODES: tuple[tuple[type[PinterestError], str], ...] = (
    (FlaggedAsSpam, "flagged_as_spam"),
    (MissingScope, "missing_scope"),
    (TokenRefused, "profile_expired"),
    (AccessLost, "not_permitted"),
)


class NotYetError(Exception):
    """Try again in a moment."""


class LimitedError(NotYetError):
    """Pinterest's rate limit does not allow it now. wait_s: when to ask again."""

    def __init__(self, wait_s: float) -> None:
        super().__init__()
        self.wait_s = wait_s


class Voice:
    """One client for as long as one task lasts, renewed once if Pinterest refuses its token.

    profile: in whose name it speaks, once there is a client.
    """

    def __init__(self, *, observe: Observer | None = None) -> None:
        self._observe = observe
        self._client: Client | None = None
        self.profile: Profile | None = None
        self._used_version = 0
        self._has_renewed = False

    def client(self, run: Run) -> Client:
        """Raises ProfileUnusable."""
        if self._client is None:
            self.profile = profile = _speaker(run)
            self._client = tokens.client_for(profile, observe=self._observe)
            self._used_version = profile.token_version
        return self._client

    def make_audience(self, run: Run, audience: Audience) -> bool:
        """Make an audience of the run's list, as below; raises ProfileUnusable as well."""
        client = self.client(run)
        assert self.profile is not None  # noqa: S101 -- the client speaks in its name
        return make_audience(audience, client, self.profile)

    def renew(self, run: Run) -> bool:
        """The token was refused: get a new one, or the other profile.

        False when the run has to wait, for a moment or for a person.
        """
        profile = self.profile or _speaker(run)
        try:
            is_new = not self._has_renewed and self._newer(profile)
        except ProfileUnusable as problem:
            return self.pause_unusable(run, problem)
        if is_new:
            self._has_renewed, self._client = True, None
            return True
        # A fresh token was refused, or none is to be had although Pinterest takes the old one elsewhere. That may
        # pass in a moment; if not, somebody has to look.
        if run.trouble >= REFUSALS_BORNE:
            return self._pause(run, "not_permitted")
        outcomes.slow_down(run)
        return False

    def _newer(self, profile: Profile) -> bool:
        renewed = tokens.renew_after_401(profile, self._used_version, observe=self._observe)
        return renewed.token_version > self._used_version

    def pause_refused(self, run: Run, error: PinterestError) -> bool:
        """Pinterest answered that the profile may not do this. True when the run goes on through the other profile."""
        return self._pause(run, next((code for kind, code in _CODES if isinstance(error, kind)), "not_permitted"))

    def pause_unusable(self, run: Run, problem: ProfileUnusable) -> bool:
        """There is no token to call with: wait a little if that passes by itself, else for a person.

        True when the run goes on through the other profile.
        """
        if problem.is_passing:
            outcomes.slow_down(run)
            return False
        return self._pause(run, "profile_disconnected" if problem.code == "disconnected" else "profile_expired")

    def _pause(self, run: Run, code: str) -> bool:
        if deliveries.pause_for_profile(run.delivery, code, refused=self.profile):
            if run.ending or run.trigger == Trigger.ERASURE:
                outcomes.wait(run, LOOK_AGAIN_S, code)
            return False
        self._client, self.profile, self._has_renewed = None, None, False
        return True


def make_audience(audience: Audience, client: Client, profile: Profile) -> bool:
    """Make an audience of the list; False when Pinterest refuses, as it may while the list is too small.

    profile: in whose name the client speaks. Raises NotYetError while another worker is at it, LimitedError while the
    rate limit does not allow it, and any other PinterestError.
    """
    wait_s = _ask_for_calls(profile)
    if wait_s:
        raise LimitedError(wait_s)
    try:
        return targets.ensure_audience(audience, client)
    except targets.TargetBusyError as busy:
        raise NotYetError from busy
    except RateLimited as limited:
        rates.block(profile, rates.category(client.last_method), limited.retry_after_s)
        raise LimitedError(limited.retry_after_s) from limited


def try_audience(audience: Audience, voice: Voice, run: Run) -> None:
    """The same, if it works at once; whoever settles or observes tries again."""
    try:
        voice.make_audience(run, audience)
    except (NotYetError, PinterestError) as error:
        logger.info("Audience %s is not made yet: %s", audience.pk, type(error).__name__)


def _ask_for_calls(profile: Profile) -> float:
    """One call to look what is there and one to create; 0.0 when both may be made now, else the seconds to wait."""
    wait_s = rates.wait_s(profile, Category.ADS_WRITE)
    if wait_s:
        return wait_s
    wait_s = rates.wait_s(profile, Category.ADS_READ)
    if wait_s:
        rates.give_back(profile, Category.ADS_WRITE, 1)
    return wait_s


def _speaker(run: Run) -> Profile:
    profile = standby.speaker(run.delivery)
    if profile is None:
        raise ProfileUnusable("disconnected")
    return profile
