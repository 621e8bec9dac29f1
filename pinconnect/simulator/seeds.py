"""The Pinterest users and ad accounts that the simulator starts with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

SCOPES = (
    "ads:read",
    "ads:write",
    "billing:read",
    "billing:write",
    "biz_access:read",
    "biz_access:write",
    "boards:read",
    "boards:read_secret",
    "boards:write",
    "boards:write_secret",
    "catalogs:read",
    "catalogs:write",
    "msot:write",
    "pins:read",
    "pins:read_secret",
    "pins:write",
    "pins:write_secret",
    "user_accounts:read",
    "user_accounts:write",
)
# Who may write customer lists and audiences.
AUDIENCE_ROLES = frozenset({"OWNER", "ADMIN", "AUDIENCE_MANAGER"})


@dataclass(frozen=True)
class User:
    """A Pinterest user; a system user has tokens but cannot sign in on the page."""

    key: str
    id: str
    username: str
    name: str
    account_type: str
    about: str
    is_system: bool = False


@dataclass(frozen=True)
class AdAccount:
    """An ad account and what each user may do in it (user key -> permissions)."""

    id: str
    name: str
    owner: str
    country: str
    currency: str
    time_zone: str
    created: int
    access: tuple[tuple[str, tuple[str, ...]], ...]

    def permissions(self, user: str) -> tuple[str, ...]:
        """The permissions of the user, empty for a stranger."""
        return dict(self.access).get(user, ())


USERS = {
    user.key: user
    for user in (
        User("bob", "549755885175", "bobs_garden", "Bob's Garden Shop", "BUSINESS", "Owns four ad accounts"),
        User("alice", "549755885176", "alice_agency", "Alice Agency", "BUSINESS", "Owns 45 ad accounts"),
        User("dana", "549755885177", "dana_media", "Dana Media", "BUSINESS", "Works in accounts that others share"),
        User("charlie", "549755885178", "charlie_pins", "", "PINNER", "Has no ad account"),
        User("robot", "549755885179", "bobs_robot", "Bob's system user", "BUSINESS", "A system user", is_system=True),
    )
}
_EPOCH = 1_577_836_800
_REGIONS = (
    ("US", "USD", "America/Los_Angeles"),
    ("GB", "GBP", "Europe/London"),
    ("DE", "EUR", "Europe/Berlin"),
    ("CA", "CAD", "America/Toronto"),
    ("FR", "EUR", "Europe/Paris"),
)
_OWNER = ("OWNER",)


def _account(number: int, name: str, owner: str, region: int, **others: tuple[str, ...]) -> AdAccount:
    country, currency, zone = _REGIONS[region % len(_REGIONS)]
    access = ((owner, _OWNER), *others.items())
    return AdAccount(
        str(549_700_000_000 + number), name, owner, country, currency, zone, _EPOCH + number * 86_400, access
    )


@cache
def ad_accounts() -> dict[str, AdAccount]:
    """All ad accounts by id, in ascending order of id."""
    robot: tuple[str, ...] = ("ADMIN",)
    accounts = [
        _account(101, "Bob's Garden Shop US", "bob", 0, robot=robot, dana=("ADMIN",)),
        _account(102, "Bob's Garden Shop UK", "bob", 1, robot=robot, dana=("AUDIENCE_MANAGER", "CAMPAIGN_MANAGER")),
        _account(103, "Bob's Garden Shop Germany", "bob", 2, robot=robot, dana=("ANALYST",)),
        _account(104, "Bob's Seeds & Bulbs", "bob", 3),
        _account(201, "Spring Fair (shared by Alice)", "alice", 0, bob=("ANALYST", "CAMPAIGN_MANAGER")),
        _account(202, "Winter Fair (shared by Alice)", "alice", 4, bob=("AUDIENCE_MANAGER",)),
        *(_account(300 + n, f"Client {n:02d}", "alice", n) for n in range(1, 44)),
        _account(401, "Dana Media", "dana", 2),
    ]
    return {account.id: account for account in accounts}


def accounts_of(user: str) -> list[AdAccount]:
    """Every ad account that the user can reach, ascending by id."""
    return [account for account in ad_accounts().values() if account.permissions(user)]
