"""What datasets announce to whoever builds on them."""

from django.dispatch import Signal

# Sent once a snapshot can be read, after the commit: sender is Snapshot, snapshot the instance.
snapshot_ready = Signal()
