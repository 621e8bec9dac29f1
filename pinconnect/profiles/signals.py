"""What profiles tell those above them."""

from django.dispatch import Signal

# Sent after the commit with profile=<Profile>, when an expired or disconnected profile works again.
profile_recovered = Signal()
