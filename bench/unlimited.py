"""The product's settings without Pinterest's rate limits: what is measured is then ours, not Pinterest's wait."""

from pinconnect.pinterest import limits
from pinconnect.settings import *  # noqa: F403

for _category, _rate in list(limits.RATES[limits.Tier.STANDARD].items()):
    limits.RATES[limits.Tier.STANDARD][_category] = limits.Rate(_rate.calls * 10_000, _rate.per_s)
