"""Keeps the watch going: lists that nobody watches, and what is kept longer than it should be."""

from django.utils import timezone

from audiences.services import observing
from audiences.watching import drift, observations
from pinconnect.queue import reconciler


def tidy() -> int:
    """End the drifts of lists that nothing is delivered to, and drop old observations; returns how many."""
    return drift.close_abandoned() + observations.drop_old(timezone.now())


reconciler.register("audiences.watches", observing.arm, every_s=300)
reconciler.register("audiences.observed", tidy, every_s=3_600)
