"""Entry points for the queue."""

from pinconnect.datasets import reconcile, services


def examine_snapshot(snapshot_id: int) -> bool:
    """Whether it was examined now; safe to run any number of times."""
    return services.examine_by_id(snapshot_id)


def clean_up(_: int) -> int:
    return reconcile.clean_up()
