"""Erasing people everywhere: who, from which lists, and when each of them acknowledged it."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from audiences.models.audience import Audience
from audiences.models.run import Run
from pinconnect.workspaces.models import WorkspaceOwned
from pinconnect.workspaces.querysets import WorkspaceOwnedQuerySet


class ErasureQuerySet(WorkspaceOwnedQuerySet):
    def open(self) -> "ErasureQuerySet":
        """Those that not every list has acknowledged."""
        return self.filter(completed_at=None)


class Erasure(WorkspaceOwned):
    """One request. From its commit on, no run that begins to prepare sends any of its identifiers."""

    reference = models.CharField(max_length=80, blank=True, help_text="Whoever asked, as your team files it.")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now)
    completed_at = models.DateTimeField(null=True, blank=True, help_text="When the last list had acknowledged it.")

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


class Removal(models.Model):
    """One list that an erasure has to reach."""

    erasure = models.ForeignKey(Erasure, on_delete=models.CASCADE, related_name="removals")
    audience = models.ForeignKey(Audience, on_delete=models.PROTECT, related_name="removals")
    state = models.CharField(max_length=10, choices=RemovalState.choices, default=RemovalState.WAITING)
    run = models.ForeignKey(
        Run, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", help_text="The newest that removes."
    )
    displaced = models.ForeignKey(
        Run, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", help_text="A held run that made way."
    )
    waits_for = models.CharField(max_length=40, blank=True, help_text="Code of what stands in the way.")
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["erasure", "audience"], name="removal_once_per_list"),
            models.CheckConstraint(condition=models.Q(state__in=RemovalState.values), name="removal_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.erasure} in {self.audience}"
