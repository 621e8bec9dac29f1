"""Pinterest's rate limits, shared by all workers on all hosts and corrected by what Pinterest itself says."""

from dataclasses import dataclass

from django.conf import settings

from pinconnect.pinterest.client import Exchange, RateHeaders
from pinconnect.pinterest.limits import DAY_S, RATES, Category, Tier
from pinconnect.pinterest.oauth import TOKEN_PATH
from pinconnect.profiles.models import Profile
from pinconnect.queue import limits

# A tenth of a minute's calls may go at once, so that short runs do not trickle; a day's calls are not spread at all.
_BURST_SHARE = {Tier.STANDARD: 0.1, Tier.TRIAL: 1.0}
# Watching lists may take this share of the reading calls; the rest is for what people wait for. A look is two calls.
_WATCHING_SHARE = 0.2
CALLS_PER_LOOK = 2


def category(method: str) -> Category:
    """What Pinterest counts a call with lists or audiences as."""
    return Category.ADS_READ if method == "GET" else Category.ADS_WRITE


def wait_s(profile: Profile, category: Category) -> float:
    """Ask for one call; 0.0 when it may be made now, else the seconds to wait before asking again."""
    per_s, burst = _rate(category)
    return limits.take(_key(profile, category), per_s=per_s, burst=burst)


def take(profile: Profile, category: Category, calls: int) -> tuple[int, float]:
    """Ask for up to so many calls; how many may be made now, and if none may, the seconds to wait before asking again.

    What is taken is taken from everybody who speaks for this user, so take no more than can be made within a moment,
    and give back what is left.
    """
    per_s, burst = _rate(category)
    return limits.take_some(_key(profile, category), calls, per_s=per_s, burst=burst)


def give_back(profile: Profile, category: Category, calls: int) -> None:
    """Calls that were granted and not made."""
    if calls > 0:
        limits.give_back(_key(profile, category), calls, per_s=_rate(category)[0])


def watching_wait_s(profile: Profile) -> float:
    """Ask for one look at a list and its audience: all looks share a budget. 0.0 when there is some left."""
    rate = RATES[Tier(settings.PINTEREST_TIER)][Category.ADS_READ]
    calls = rate.calls * _WATCHING_SHARE
    return limits.take(
        f"{_key(profile, Category.ADS_READ)}:watching", per_s=calls / rate.per_s, burst=calls, cost=CALLS_PER_LOOK
    )


def note(profile: Profile, category: Category, headers: RateHeaders | None) -> None:
    """Learn from the headers of an answer: when nothing is left, nobody calls before the count starts anew."""
    if headers is not None and headers.remaining <= 0:
        limits.block(_key(profile, category), max(1.0, float(headers.reset_s)))


def learn(profile: Profile | None, exchange: Exchange) -> None:
    """The same from any call that was made in the name of this profile; renewing its token is not counted here."""
    if profile is not None and exchange.path != TOKEN_PATH:
        note(profile, category(exchange.method), exchange.rate)


def block(profile: Profile, category: Category, seconds: float) -> None:
    """Pinterest said that it was too much: nobody calls for so long."""
    limits.block(_key(profile, category), seconds)


@dataclass(frozen=True)
class Spent:
    """used: calls that still count against the limit, ours alone. blocked_s: until calls may go on, 0.0 for now."""

    used: int
    limit: int
    per_s: int
    blocked_s: float

    @property
    def left(self) -> int:
        return max(0, self.limit - self.used)

    @property
    def is_by_day(self) -> bool:
        return self.per_s == DAY_S


def spent(profile: Profile, category: Category) -> Spent:
    """How much of the app's budget is used at this moment, by everything that shares it."""
    rate = RATES[Tier(settings.PINTEREST_TIER)][category]
    owed_s, blocked_s = limits.owed_s(_key(profile, category))
    return Spent(min(rate.calls, round(owed_s * rate.calls / rate.per_s)), rate.calls, rate.per_s, blocked_s)


def _rate(category: Category) -> tuple[float, float]:
    """Calls in a second, and how many may go at once."""
    tier = Tier(settings.PINTEREST_TIER)
    rate = RATES[tier][category]
    return rate.calls / rate.per_s, max(1.0, rate.calls * _BURST_SHARE[tier])


def _key(profile: Profile, category: Category) -> str:
    # Pinterest counts a trial app as a whole, and each user of a standard app on their own.
    user = "" if settings.PINTEREST_TIER == Tier.TRIAL else profile.pinterest_id or profile.username
    return f"pinterest:{settings.PINTEREST_APP_ID}:{user}:{category}"
