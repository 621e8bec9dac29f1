"""The product's settings with Pinterest's rate limits raised, so that a minute of chaos holds many calls."""

import os

from pinconnect.pinterest import limits
from pinconnect.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.chaos.apps.Rigged"]  # noqa: F405 -- of the settings above
for _category, _rate in list(limits.RATES[limits.Tier.STANDARD].items()):
    limits.RATES[limits.Tier.STANDARD][_category] = limits.Rate(_rate.calls * 1_000, _rate.per_s)
limits.READ_TIMEOUT_S = float(os.environ.get("CHAOS_READ_TIMEOUT_S", limits.READ_TIMEOUT_S))
