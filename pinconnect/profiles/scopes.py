"""The permissions that are asked of a Pinterest user, in Pinterest's words and in ours."""

from collections.abc import Iterable

NEEDED: dict[str, str] = {
    "user_accounts:read": "See who you are on Pinterest: user name, business name and picture",
    "ads:read": "See your ad accounts, customer lists and audiences",
    "ads:write": "Create and change customer lists and audiences",
}
ASKED_FOR = tuple(NEEDED)
# Enough to learn who somebody is, and nothing more.
TO_IDENTIFY = ("user_accounts:read",)


def missing_from(granted: Iterable[str]) -> tuple[str, ...]:
    """What deliveries need and was not granted, in the order in which it is asked for."""
    have = set(granted)
    return tuple(scope for scope in NEEDED if scope not in have)


def in_words(scope: str) -> str:
    """What a permission allows; Pinterest's own name for one that we do not ask for."""
    return NEEDED.get(scope, scope)
