"""States, dates and permissions of profiles and ad accounts in words."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from pinconnect.profiles.models import AdAccount, Profile, ProfileState
from pinconnect.profiles.scopes import NEEDED

# Tokens are renewed daily, so one that has less than this left has not been renewed for weeks.
SOON = timedelta(days=7)


@dataclass(frozen=True)
class Badge:
    label: str
    tone: str


@dataclass(frozen=True)
class ScopeLine:
    name: str
    words: str
    is_granted: bool


def state_badge(profile: Profile) -> Badge:
    """The state, with what a marketer should know at a glance."""
    if profile.state == ProfileState.EXPIRED:
        return Badge("Expired", "bad")
    if profile.state == ProfileState.DISCONNECTED:
        return Badge("Disconnected", "neutral")
    if not profile.has_all_scopes:
        return Badge("Permission missing", "warn")
    if is_expiring(profile):
        return Badge("Expiring", "warn")
    return Badge("Connected", "good")


def is_expiring(profile: Profile) -> bool:
    """Connected, but Pinterest refuses to renew it or has not done so for weeks."""
    if not profile.is_usable or profile.expires_at is None:
        return False
    return profile.renewal_problem == "refused" or profile.expires_at - timezone.now() < SOON


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
