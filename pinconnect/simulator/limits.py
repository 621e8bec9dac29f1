"""Pinterest's rate limits: counted per category, and announced on every answer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from pinconnect.simulator.options import Options
from pinconnect.simulator.world import World

DAY = 86_400
# Requests per window. Overall: per second (standard) or per day (trial); categories: per minute or per day.
TIERS: Mapping[str, Mapping[str, int]] = {
    "standard": {
        "all": 100,
        "ads_read": 1_000,
        "ads_write": 400,
        "ads_conversions": 120_000,
        "org_read": 1_000,
        "org_write": 100,
    },
    "trial": {
        "all": 1_000,
        "ads_read": 1_000,
        "ads_write": 300,
        "ads_conversions": 1_000,
        "org_read": 1_000,
        "org_write": 300,
    },
}
MESSAGE = "This request exceeded a rate limit. Please slow down or wait until the limit is reset."


@dataclass(frozen=True)
class Window:
    """The use of one limit within its present window."""

    key: str
    limit: int
    length_s: int
    start: int
    used: int

    @property
    def remaining(self) -> int:
        """Requests that are left."""
        return max(self.limit - self.used, 0)


@dataclass(frozen=True)
class Verdict:
    """Whether the request may go on, and the headers that every answer carries."""

    is_over: bool
    headers: Mapping[str, str]


def count(world: World, category: str, user: str | None) -> Verdict:
    """Count one request of the user in its category; a refused request is not counted."""
    options = world.options
    with world.store.transaction():
        windows = [_read(world, key, limit, length) for key, limit, length in _limits(options, category, user)]
        over = [window for window in windows if options.tier != "off" and window.remaining == 0]
        if over:
            # The one that lasts longest is what the caller has to wait for.
            return Verdict(True, _headers(world, windows, max(over, key=lambda window: window.start + window.length_s)))
        if options.tier != "off":
            windows = [_use(world, window) for window in windows]
    return Verdict(False, _headers(world, windows, min(windows, key=lambda window: window.remaining)))


def refusal_headers(reset_s: int, limit: int = 400) -> dict[str, str]:
    """The headers of a 429 with a given wait."""
    return {
        "x-ratelimit-limit": f"{limit}, {limit};w=60",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": str(reset_s),
        "x-envoy-ratelimited": "true",
    }


def _limits(options: Options, category: str, user: str | None) -> list[tuple[str, int, int]]:
    trial = options.tier == "trial"
    numbers = {**TIERS["trial" if trial else "standard"], **options.limits}
    # Trial counts per app, Standard per user and app; there is one app.
    owner = "app" if trial else user or "nobody"
    found = [(f"{owner}|all", int(numbers["all"]), DAY if trial else 1)]
    if category in numbers and category != "all":
        found.append((f"{owner}|{category}", int(numbers[category]), DAY if trial else 60))
    return found


def _read(world: World, key: str, limit: int, length_s: int) -> Window:
    start = int(world.now() // length_s) * length_s
    row = world.store.one("SELECT window, used FROM rates WHERE key = ?", f"{key}|{length_s}")
    used = row["used"] if row and row["window"] == start else 0
    return Window(key, limit, length_s, start, used)


def _use(world: World, window: Window) -> Window:
    used = window.used + 1
    key = f"{window.key}|{window.length_s}"
    world.store.run("INSERT OR REPLACE INTO rates (key, window, used) VALUES (?, ?, ?)", key, window.start, used)
    return Window(window.key, window.limit, window.length_s, window.start, used)


def _headers(world: World, windows: list[Window], tightest: Window) -> dict[str, str]:
    every = ", ".join(f"{window.limit};w={window.length_s}" for window in windows)
    reset = max(math.ceil(tightest.start + tightest.length_s - world.now()), 1)
    return {
        "x-ratelimit-limit": f"{tightest.limit}, {every}",
        "x-ratelimit-remaining": str(tightest.remaining),
        "x-ratelimit-reset": str(reset),
    }
