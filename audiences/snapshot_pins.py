"""Keeps the data of unfinished runs: should their prepared files be lost, they are prepared again from it."""

from audiences.models import Run
from pinconnect.datasets import pins


def of_unfinished_runs() -> set[int]:
    """The ids of the snapshots that they read."""
    return {pk for plan in Run.objects.active().values_list("plan", flat=True) for pk in plan.get("snapshots", ())}


pins.register("audiences", of_unfinished_runs)
