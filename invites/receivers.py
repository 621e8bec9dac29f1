"""What app invites do when profiles say that something happened."""

from typing import Any

from django.dispatch import receiver

from invites.services import partner, reconnecting
from pinconnect.profiles.models import OAuthState, Profile
from pinconnect.profiles.signals import grant_stored, profile_expired, profile_recovered, trip_ended


@receiver(grant_stored, dispatch_uid="invites.redeem")
def redeem(*, trip: OAuthState, profile: Profile, **_: Any) -> None:
    """Raises GrantUnwanted for an invite that is over."""
    partner.redeem(trip, profile)


@receiver(trip_ended, dispatch_uid="invites.note_end")
def note_end(*, trip: OAuthState, **_: Any) -> None:
    partner.ended(trip)


@receiver(profile_expired, dispatch_uid="invites.ask_to_reconnect")
def ask_to_reconnect(*, profile: Profile, **_: Any) -> None:
    """The reconciler does so too, for a process that died at this moment."""
    reconnecting.ask(profile.pk)


@receiver(profile_recovered, dispatch_uid="invites.call_off")
def call_off(*, profile: Profile, **_: Any) -> None:
    reconnecting.recovered(profile)
