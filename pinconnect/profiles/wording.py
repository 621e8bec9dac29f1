"""States, dates and permissions of profiles and ad accounts in words."""

from dataclasses import dataclass

from pinconnect.profiles.expiry import is_expiring
from pinconnect.profiles.models import AdAccount, Profile, ProfileState
from pinconnect.profiles.scopes import NEEDED

# The states and warnings by which profiles are filtered: what the badge says, in the order of the tabs.
GROUPS = {
    "connected": "Connected",
    "expiring": "Expiring",
    "incomplete": "Permission missing",
    "expired": "Expired",
    "disconnected": "Disconnected",
}
_TONES = {"connected": "good", "expiring": "warn", "incomplete": "warn", "expired": "bad", "disconnected": "neutral"}


@dataclass(frozen=True)
class Badge:
    label: str
    tone: str


@dataclass(frozen=True)
class ScopeLine:
    name: str
    words: str
    is_granted: bool


def group(profile: Profile) -> str:
    """The state, or the warning about one that is connected: a key of GROUPS."""
    if profile.state != ProfileState.CONNECTED:
        return profile.state
    if not profile.has_all_scopes:
        return "incomplete"
    return "expiring" if is_expiring(profile) else "connected"


def state_badge(profile: Profile) -> Badge:
    """The state, with what a marketer should know at a glance."""
    found = group(profile)
    return Badge(GROUPS[found], _TONES[found])


def scope_lines(profile: Profile) -> list[ScopeLine]:
    """What is needed, and then what was granted besides."""
    granted = set(profile.scopes)
    needed = [ScopeLine(name, words, name in granted) for name, words in NEEDED.items()]
    return needed + [
        ScopeLine(name, "Granted to this app before; PinConnect does not use it", True)
        for name in sorted(granted - set(NEEDED))
    ]


def why_not(account: AdAccount) -> str:
    """Why no delivery can go to this ad account; empty when one can. Expects with_accesses()."""
    accesses = list(account.accesses.all())
    if any(access.is_usable for access in accesses):
        return ""
    if not accesses:
        return "No connected profile reaches it any more. Connect a profile that does."
    able = [access.profile for access in accesses if access.can_write_lists]
    if not able:
        return (
            "The audience role is missing. Ask the owner of the ad account to give the profile’s Pinterest user "
            "the role “Audience” in Pinterest’s business settings, then read the ad accounts again."
        )
    if any(profile.is_usable for profile in able):
        return f"{able[0]} lacks a permission. Update its token and leave all permissions ticked."
    return f"{able[0]} has to be reconnected first."
