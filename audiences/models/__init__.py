"""Audiences, deliveries, runs, batches and the calls made for them."""

from audiences.models.audience import Audience
from audiences.models.batch import Batch
from audiences.models.call import Call, CallKind
from audiences.models.delivery import Delivery, DeliveryColumn, Mode, Scope
from audiences.models.erasure import Erasure, Removal, RemovalState, Tombstone
from audiences.models.history import Changes
from audiences.models.listing import ListedList, Listing, ListingStage
from audiences.models.observation import Doubt, Drift, DriftEnding, DriftKind, Observation
from audiences.models.run import Run, Trigger
from audiences.models.schedule import Rhythm, Schedule
from audiences.models.split import Split

__all__ = [
    "Audience",
    "Batch",
    "Call",
    "CallKind",
    "Changes",
    "Delivery",
    "DeliveryColumn",
    "Doubt",
    "Drift",
    "DriftEnding",
    "DriftKind",
    "Erasure",
    "ListedList",
    "Listing",
    "ListingStage",
    "Mode",
    "Observation",
    "Removal",
    "RemovalState",
    "Rhythm",
    "Run",
    "Schedule",
    "Scope",
    "Split",
    "Tombstone",
    "Trigger",
]
