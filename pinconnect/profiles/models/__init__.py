"""Profiles, ad accounts, which profile reaches which, and OAuth states under way."""

from pinconnect.profiles.models.ad_account import AdAccount, AdAccountAccess
from pinconnect.profiles.models.oauth_state import OAuthState
from pinconnect.profiles.models.profile import Profile

__all__ = ["AdAccount", "AdAccountAccess", "OAuthState", "Profile"]
