"""Pages about datasets and snapshots."""
