"""One execution of a delivery."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from audiences.models.audience import Audience
from audiences.models.delivery import Delivery
from audiences.querysets import RunQuerySet
from audiences.states import RUN_ACTIVE, RUN_TERMINAL, RunState
from pinconnect.workspaces.models import WorkspaceOwned


class Trigger(models.TextChoices):
    PUBLISHED = "published", "Published"
    BY_HAND = "by_hand", "By hand"
    COMMAND = "command", "Command line"
    SCHEDULE = "schedule", "Schedule"
    NEW_DATA = "new_data", "New data"
    DRY_RUN = "dry_run", "Dry run"
    ERASURE = "erasure", "Erasure"


class Run(WorkspaceOwned):
    """What it does is pinned when it starts (plan); where it is, is in the state, the lease and its batches.

    A dry run (is_dry_run) ends after preparing: it costs Pinterest nothing and does not stand in the way of others.
    """

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="runs")
    audience = models.ForeignKey(Audience, null=True, on_delete=models.PROTECT, related_name="runs")
    number = models.PositiveIntegerField(help_text="1, 2, 3 … within the delivery.")
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.QUEUED)
    is_dry_run = models.BooleanField(default=False)
    trigger = models.CharField(max_length=12, choices=Trigger.choices)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    plan = models.JSONField(
        default=dict, help_text="Pinned: snapshot ids, columns with kinds, mode, wire, limits, ledger version, filter."
    )
    is_large = models.BooleanField(
        default=False, editable=False, help_text="It is prepared by the workers for long tasks."
    )
    counts = models.JSONField(default=dict, blank=True, help_text="The accounting of rows and identifiers.")
    progress = models.JSONField(
        default=dict, blank=True, help_text="step, fraction, rows, updated_at of the running step."
    )
    reason = models.CharField(
        max_length=60, blank=True, help_text="Code why it is held, waits, failed or was cancelled."
    )
    ending = models.CharField(
        max_length=10,
        blank=True,
        choices=[("failed", "Failed"), ("cancelled", "Cancelled")],
        help_text="Set once nothing new is sent any more: how the run ends when it has settled.",
    )
    cancel_asked_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    attempts = models.PositiveIntegerField(default=0, help_text="How often preparing or settling was begun.")
    trouble = models.PositiveIntegerField(
        default=0, editable=False, help_text="Calls in a row to which Pinterest gave no usable answer."
    )
    files_attempt = models.PositiveIntegerField(
        default=0, editable=False, help_text="The attempt whose files the batches are ranges of; 0: none yet."
    )
    files_lost_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Those files were missing then, and are not restored yet."
    )
    is_pruned = models.BooleanField(default=False, editable=False, help_text="The run's files were removed.")
    settled_version = models.PositiveIntegerField(
        null=True, blank=True, editable=False, help_text="Ledger version that holds what this run delivered."
    )
    calls_left_out = models.PositiveIntegerField(
        default=0, editable=False, help_text="Recorded calls from the middle of a run with very many, deleted again."
    )
    lease_token = models.CharField(max_length=40, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    hinted_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="When the queue was last told.")
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    upload_started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[Any] = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["state", "next_attempt_at"]),
            models.Index(fields=["workspace", "-created_at"]),
            # Which workspace has had attention last, also among very many runs.
            models.Index(fields=["workspace", "hinted_at"], name="run_attended"),
            # The few of a workspace that go on or are held, among very many.
            models.Index(fields=["workspace", "state"], name="run_state"),
            models.Index(fields=["lease_until"], condition=models.Q(lease_until__isnull=False), name="run_held"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["delivery", "number"], name="run_number_once"),
            models.UniqueConstraint(
                fields=["audience"],
                condition=models.Q(state__in=sorted(RUN_ACTIVE), is_dry_run=False),
                name="run_active_once_per_audience",
            ),
            models.CheckConstraint(condition=models.Q(state__in=RunState.values), name="run_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.delivery} run {self.number}"

    @property
    def is_removal(self) -> bool:
        """Whether it takes the people that it reads out of the list; an erasure does too."""
        return self.plan.get("mode") == "remove"

    @property
    def is_finished(self) -> bool:
        return self.state in RUN_TERMINAL
