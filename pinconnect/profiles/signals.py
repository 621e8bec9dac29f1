"""What profiles tell those above them."""

from django.dispatch import Signal

# Sent after the commit with profile=<Profile>, when an expired or disconnected profile works again.
profile_recovered = Signal()
# Sent after the commit with profile=<Profile>, when Pinterest has refused its tokens for good.
profile_expired = Signal()
# Sent after the commit with profile=<Profile>, when somebody has disconnected it here.
profile_disconnected = Signal()
# Sent with trip=<OAuthState> and profile=<Profile>, in the transaction that stores what was granted on the trip.
# A receiver that raises GrantUnwanted has all of it undone.
grant_stored = Signal()
# Sent with trip=<OAuthState> once it has ended, well or not; its outcome says how.
trip_ended = Signal()


class GrantUnwanted(Exception):  # noqa: N818 -- it is an answer, not a fault
    """Whoever sent the person to Pinterest wants the grant no longer. code: one of messages.CONNECT_CODES."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
