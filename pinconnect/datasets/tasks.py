"""Entry points for the queue."""

from pinconnect.datasets import services


def examine_snapshot(snapshot_id: int) -> bool:
    """Whether it was examined now; safe to run any number of times."""
    return services.examine_by_id(snapshot_id)
