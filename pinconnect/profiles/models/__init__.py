"""Profiles, ad accounts, which profile reaches which, and OAuth states under way."""

from pinconnect.profiles.models.ad_account import AdAccount, AdAccountAccess
from pinconnect.profiles.models.oauth_state import OAuthState
from pinconnect.profiles.models.profile import Profile, ProfileState

__all__ = ["AdAccount", "AdAccountAccess", "OAuthState", "Profile", "ProfileState"]
