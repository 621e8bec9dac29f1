"""Audiences, deliveries, runs and batches."""

from audiences.models.audience import Audience
from audiences.models.batch import Batch
from audiences.models.delivery import Delivery, DeliveryColumn, Mode, Scope
from audiences.models.erasure import Erasure, Removal, RemovalState, Tombstone
from audiences.models.history import Changes
from audiences.models.run import Run, Trigger
from audiences.models.schedule import Rhythm, Schedule

__all__ = [
    "Audience",
    "Batch",
    "Changes",
    "Delivery",
    "DeliveryColumn",
    "Erasure",
    "Mode",
    "Removal",
    "RemovalState",
    "Rhythm",
    "Run",
    "Schedule",
    "Scope",
    "Tombstone",
    "Trigger",
]
