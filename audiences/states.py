"""States of deliveries, runs and batches, and the one table of moves each may make."""

from django.db import models


class DeliveryState(models.TextChoices):
    DRAFT = "draft", "Draft"
    ACTIVE = "active", "Active"
    PAUSED = "paused", "Paused"
    ARCHIVED = "archived", "Archived"


DELIVERY_MOVES: dict[str, frozenset[str]] = {
    DeliveryState.DRAFT: frozenset({DeliveryState.ACTIVE, DeliveryState.ARCHIVED}),
    DeliveryState.ACTIVE: frozenset({DeliveryState.PAUSED, DeliveryState.ARCHIVED}),
    DeliveryState.PAUSED: frozenset({DeliveryState.ACTIVE, DeliveryState.ARCHIVED}),
    DeliveryState.ARCHIVED: frozenset(),
}


class RunState(models.TextChoices):
    QUEUED = "queued", "Queued"
    PREPARING = "preparing", "Preparing"
    HELD = "held", "Held for approval"
    UPLOADING = "uploading", "Uploading"
    SETTLING = "settling", "Settling"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


RUN_TERMINAL = frozenset({RunState.DONE, RunState.FAILED, RunState.CANCELLED})
RUN_ACTIVE = frozenset(set(RunState) - RUN_TERMINAL)
RUN_MOVES: dict[str, frozenset[str]] = {
    RunState.QUEUED: frozenset({RunState.PREPARING, RunState.FAILED, RunState.CANCELLED}),
    # Straight to done: a dry run, which sends nothing, and a run for which there is no new data.
    RunState.PREPARING: frozenset(
        {RunState.HELD, RunState.UPLOADING, RunState.SETTLING, RunState.DONE, RunState.FAILED, RunState.CANCELLED}
    ),
    RunState.HELD: frozenset({RunState.UPLOADING, RunState.CANCELLED, RunState.FAILED}),
    # A run that sent something always settles, so that the ledger learns what Pinterest acknowledged.
    RunState.UPLOADING: frozenset({RunState.SETTLING}),
    RunState.SETTLING: frozenset({RunState.DONE, RunState.FAILED, RunState.CANCELLED}),
    RunState.DONE: frozenset(),
    RunState.FAILED: frozenset(),
    RunState.CANCELLED: frozenset(),
}


class BatchState(models.TextChoices):
    PENDING = "pending", "Waiting"
    SENDING = "sending", "Sending"
    UNKNOWN = "unknown", "Sent, no answer came"
    SENT = "sent", "Sent"
    SPLIT = "split", "Halved"  # refused as a whole; two smaller batches stand for it
    FAILED = "failed", "Refused"
    SKIPPED = "skipped", "Not sent"  # the run was cancelled or failed before its turn


BATCH_OPEN = frozenset({BatchState.PENDING, BatchState.SENDING, BatchState.UNKNOWN})
# Pinterest may have carried them out although it did not say so.
BATCH_UNSURE = frozenset({BatchState.SENDING, BatchState.UNKNOWN})
BATCH_MOVES: dict[str, frozenset[str]] = {
    BatchState.PENDING: frozenset({BatchState.SENDING, BatchState.SKIPPED}),
    BatchState.SENDING: frozenset(
        {
            BatchState.SENT,
            BatchState.UNKNOWN,
            BatchState.PENDING,
            BatchState.SPLIT,
            BatchState.FAILED,
            BatchState.SKIPPED,
            BatchState.SENDING,
        }
    ),
    BatchState.UNKNOWN: frozenset({BatchState.SENDING, BatchState.SKIPPED}),
    BatchState.SENT: frozenset(),
    BatchState.SPLIT: frozenset(),
    BatchState.FAILED: frozenset(),
    BatchState.SKIPPED: frozenset(),
}
