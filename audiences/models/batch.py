"""The records of one API call."""

from typing import Any, ClassVar

from django.db import models

from audiences.models.run import Run
from audiences.querysets import BatchQuerySet
from audiences.states import BatchState
from pinconnect.profiles.models import Profile


class Batch(models.Model):
    """A range of the run's sorted additions or removals. Keeps its id through every attempt."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="batches")
    operation = models.CharField(max_length=6, choices=[("ADD", "Add"), ("REMOVE", "Remove")])
    first = models.BigIntegerField(help_text="Position of its first record in the sorted sequence, from 0.")
    count = models.PositiveIntegerField()
    size_bytes = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=BatchState.choices, default=BatchState.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    lease_token = models.CharField(max_length=40, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=60, blank=True, help_text="Class of the last error.")
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)
    request_id = models.CharField(max_length=60, blank=True)
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    profile = models.ForeignKey(
        Profile,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="In whose name it was sent.",
    )
    sent_at = models.DateTimeField(null=True, blank=True)
    pinterest_message = models.CharField(max_length=200, blank=True, help_text="Pinterest's words, masked.")
    example = models.CharField(max_length=60, blank=True, help_text="What a refused single record was, masked.")
    is_file = models.BooleanField(default=False, help_text="Uploaded as a file of many records, not as one call.")
    upload_id = models.CharField(max_length=30, blank=True, help_text="Pinterest's id of the file's upload, once run.")
    split_from = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="halves")
    root = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="family",
        help_text="The batch that was halved first; empty on that batch itself.",
    )

    objects: ClassVar[Any] = BatchQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "batches"
        indexes = [
            models.Index(fields=["run", "state", "next_attempt_at"]),
            # Whose turn it is, also among very many.
            models.Index(fields=["run", "state", "root", "operation", "attempts", "id"], name="batch_turn"),
            # The few that somebody holds, among very many.
            models.Index(fields=["lease_until"], condition=models.Q(lease_until__isnull=False), name="batch_held"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=BatchState.values), name="batch_state_known"),
            models.CheckConstraint(condition=models.Q(count__gte=1), name="batch_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.first}–{self.first + self.count - 1}"
