"""Every number that Pinterest documents or peers observed, with source and date, and the bounds we chose ourselves.

Dates are those on which the source was read. docs/pinterest-api.md says more about each.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

DAY_S = 86_400

# No limit is published. Tealium's Pinterest Audiences connector sends at most 10,000 records or 1 MB (2026-11).
RECORDS_PER_CALL = 10_000
BYTES_PER_CALL = 1_000_000

# A list needs this many matched Pinterest accounts to carry an audience (OpenAPI 5.28.0, TOO_SMALL; 2026-11).
MIN_AUDIENCE_SIZE = 100

# OpenAPI 5.28.0, oauth/token (2026-11): 30 days, and 60 days renewable for ever; renewing gives a new refresh token.
ACCESS_TOKEN_LIFETIME_S = 30 * DAY_S
REFRESH_TOKEN_LIFETIME_S = 60 * DAY_S
# The kind of refresh token that Pinterest gave before September 2025 lived this long (2026-11).
LEGACY_REFRESH_TOKEN_LIFETIME_S = 365 * DAY_S

# OpenAPI 5.23.0 (2025-12): page_size is 1 to 250, and 25 when it is left out.
PAGE_SIZE = 250

# OpenAPI 5.23.0 (2025-12): at most 50 ad accounts for a user; ad account ids have at most 18 digits.
AD_ACCOUNTS_PER_USER = 50
LONGEST_AD_ACCOUNT_ID = 18
LONGEST_AD_ACCOUNT_NAME = 256


class Category(StrEnum):
    """The groups in which Pinterest counts calls (rate-limits reference, 2026-11)."""

    ALL = "all"
    ADS_READ = "ads_read"
    ADS_WRITE = "ads_write"
    ORG_READ = "org_read"
    ORG_WRITE = "org_write"


class Tier(StrEnum):
    """The two access tiers of an app (access-tiers page, 2026-11)."""

    TRIAL = "trial"
    STANDARD = "standard"


@dataclass(frozen=True)
class Rate:
    """At most `calls` within `per_s` seconds."""

    calls: int
    per_s: int


# Trial counts per app and day, standard per user and app. "All" and ads_read are from Pinterest's rate-limits
# reference; ads_write, org_read and org_write from peers who quote it (2026-11). All may change without notice.
RATES: dict[Tier, dict[Category, Rate]] = {
    Tier.TRIAL: {
        Category.ALL: Rate(1_000, DAY_S),
        Category.ADS_READ: Rate(1_000, DAY_S),
        Category.ADS_WRITE: Rate(300, DAY_S),
        Category.ORG_READ: Rate(1_000, DAY_S),
        Category.ORG_WRITE: Rate(300, DAY_S),
    },
    Tier.STANDARD: {
        Category.ALL: Rate(100, 1),
        Category.ADS_READ: Rate(1_000, 60),
        Category.ADS_WRITE: Rate(400, 60),
        Category.ORG_READ: Rate(1_000, 60),
        Category.ORG_WRITE: Rate(100, 60),
    },
}

# From here on our own bounds. One call with its short retries stays under the minute that a queue task may take.
CONNECT_TIMEOUT_S = 10.0
# urllib3 also sends the body under the connect time-out: 1 MB in 10 s needs an uplink of 0.8 Mbit/s.
READ_TIMEOUT_S = 30.0
ANSWER_DEADLINE_S = 40.0
ANSWER_BYTES = 8_000_000
RETRY_DELAYS_S = (1.0, 3.0)
RETRY_AFTER_CAP_S = 5.0
RETRY_BUDGET_S = 15.0

# A wait without a number, and the longest wait believed: daily limits reset within a day.
UNKNOWN_WAIT_S = 60.0
LONGEST_WAIT_S = float(DAY_S)
