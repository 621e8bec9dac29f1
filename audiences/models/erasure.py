"""Erasing people everywhere: who, from which lists, and when each of them acknowledged it."""

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from audiences.models.audience import Audience
from audiences.models.run import Run
from audiences.querysets import is_due
from audiences.states import RunState
from pinconnect.workspaces.models import WorkspaceOwned
from pinconnect.workspaces.querysets import WorkspaceOwnedQuerySet

# What waits behind a run of somebody else is looked at as soon as that has ended.
BEHIND_A_RUN = ("run_first", "run_unsure", "run_files_lost")


class ErasureQuerySet(WorkspaceOwnedQuerySet):
    def open(self) -> "ErasureQuerySet":
        """Those that not every list has acknowledged."""
        return self.filter(completed_at=None)

    def due(self, now: datetime) -> "ErasureQuerySet":
        """Open ones with a list that can be brought forward now, with none yet, or with none that waits any more."""
        waiting = Removal.objects.filter(erasure=OuterRef("pk"), state=RemovalState.WAITING)
        return self.open().filter(Exists(waiting.due(now)) | ~Exists(waiting))


class Erasure(WorkspaceOwned):
    """One request. From its commit on, no run that begins to prepare sends any of its identifiers."""

    reference = models.CharField(max_length=80, blank=True, help_text="Whoever asked, as your team files it.")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now)
    completed_at = models.DateTimeField(null=True, blank=True, help_text="When the last list had acknowledged it.")
    # Only its holder brings the erasure forward.
    lease_token = models.CharField(max_length=40, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    hinted_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="When the queue was last told.")

    objects: ClassVar[Any] = ErasureQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["completed_at"])]

    def __str__(self) -> str:
        return f"Erasure {self.pk}"


class Tombstone(models.Model):
    """One identifier that is never sent again in the workspace; only its hash is kept."""

    erasure = models.ForeignKey(Erasure, on_delete=models.CASCADE, related_name="tombstones")
    wire_kind = models.CharField(max_length=20)
    digest = models.BinaryField(max_length=32)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["erasure", "wire_kind", "digest"], name="tombstone_once_per_erasure")
        ]

    def __str__(self) -> str:
        return f"{self.erasure} {self.wire_kind}"


class RemovalState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    ABSENT = "absent", "Was not on it"
    REMOVED = "removed", "Removed"
    GONE = "gone", "The list is gone"


class RemovalQuerySet(models.QuerySet["Removal"]):
    def due(self, now: datetime) -> "RemovalQuerySet":
        """Waiting ones whose time has come, whose own run is through, or that no other run is before any more.

        One that is held makes way.
        """
        is_through = Q(run__state=RunState.DONE) | Q(run__state=RunState.FAILED, run__reason="list_gone")
        before = Run.objects.active().filter(audience=OuterRef("audience"), is_dry_run=False)
        is_free = Q(waits_for__in=BEHIND_A_RUN) & ~Exists(before.exclude(state=RunState.HELD))
        can_go_on = is_due(now) | (is_through & Q(waits_for="removing")) | is_free
        return self.filter(can_go_on, state=RemovalState.WAITING)


class Removal(models.Model):
    """One list that an erasure has to reach."""

    erasure = models.ForeignKey(Erasure, on_delete=models.CASCADE, related_name="removals")
    audience = models.ForeignKey(Audience, on_delete=models.PROTECT, related_name="removals")
    state = models.CharField(max_length=10, choices=RemovalState.choices, default=RemovalState.WAITING)
    run = models.ForeignKey(
        Run, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", help_text="The newest that removes."
    )
    displaced = models.ForeignKey(
        Run,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The first run that made way, until it is started again.",
    )
    waits_for = models.CharField(max_length=40, blank=True, help_text="Code of what stands in the way.")
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[Any] = RemovalQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["erasure", "audience"], name="removal_once_per_list"),
            models.CheckConstraint(condition=models.Q(state__in=RemovalState.values), name="removal_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.erasure} in {self.audience}"
