"""What a Pinterest user may do in an ad account, judged by the roles that Pinterest lists."""

from collections.abc import Iterable

# Pinterest documents no table of roles and calls. The audience role is the one that its partners are told to ask for;
# owners and admins have every right. The campaign role uses audiences without changing them. docs/pinterest-api.md.
MAY_WRITE_AUDIENCES = frozenset({"OWNER", "ADMIN", "AUDIENCE_MANAGER"})

_IN_WORDS = {
    "OWNER": "Owner",
    "RESTRICTED_OWNER": "Restricted owner",
    "ADMIN": "Admin",
    "ANALYST": "Analyst",
    "AUDIENCE_MANAGER": "Audience",
    "CAMPAIGN_MANAGER": "Campaign",
    "CATALOGS_MANAGER": "Catalogs",
    "FINANCE_MANAGER": "Finance",
    "FINANCE_VIEW": "Finance (view)",
    "FINANCE_EDIT": "Finance (edit)",
    "PROFILE_MANAGER": "Profile manager",
    "PROFILE_PUBLISHER": "Profile publisher",
}


def may_write_audiences(permissions: Iterable[str]) -> bool:
    """Whether one of these roles may create and change customer lists and audiences."""
    return not MAY_WRITE_AUDIENCES.isdisjoint(permissions)


def in_words(permissions: Iterable[str]) -> list[str]:
    """The roles as Pinterest's own pages call them; unknown ones readable."""
    return [_IN_WORDS.get(role, role.replace("_", " ").capitalize()) for role in permissions]
