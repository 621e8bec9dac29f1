"""What Pinterest said about a list and its audience over time, and what changed there that was not our doing."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from audiences.models.audience import Audience


class Doubt(models.TextChoices):
    """Why a match rate would mislead."""

    NOTHING_SENT = "nothing_sent", "Nothing sent yet"
    EXISTING = "existing", "The list existed before"
    REMOVALS_OFF = "removals_off", "Nobody is removed"
    SHARED = "shared", "Another tool writes to the list"
    NO_SIZE = "no_size", "No size yet"
    FRESH = "fresh", "Still matching"
    SEVERAL = "several", "Several identifiers for a person"
    OVER_ALL = "over_all", "Larger than what was sent"


class Observation(models.Model):
    """Pinterest's answer at one time, and what was ours then. Thinned to one a day when it is older."""

    audience = models.ForeignKey(Audience, on_delete=models.CASCADE, related_name="observations")
    asked_at = models.DateTimeField(help_text="Before the question went out.")
    change_at = models.DateTimeField(null=True, blank=True, help_text="When the list had last changed through us.")
    list_state = models.CharField(max_length=20)
    audience_state = models.CharField(max_length=30, blank=True)
    size = models.BigIntegerField(null=True, blank=True)
    num_batches = models.BigIntegerField(null=True, blank=True, help_text="Calls counted by Pinterest, of anybody.")
    num_uploaded = models.BigIntegerField(null=True, blank=True)
    num_removed = models.BigIntegerField(null=True, blank=True)
    list_name = models.CharField(max_length=250, blank=True)
    audience_name = models.CharField(max_length=250, blank=True)
    members = models.JSONField(default=dict, help_text="Distinct digests on the list by wire kind, as in the ledger.")
    base = models.BigIntegerField(
        null=True, blank=True, help_text="What the size is divided by for the match rate: identifiers, or rows."
    )
    is_by_rows = models.BooleanField(default=False)
    doubt = models.CharField(max_length=15, choices=Doubt.choices, blank=True)
    foreign_calls = models.PositiveIntegerField(
        default=0, help_text="At least so many calls of others since the observation before."
    )
    matched_s = models.FloatField(
        null=True, blank=True, help_text="Seconds from the change to when matching was first seen finished."
    )

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["audience", "-asked_at"]), models.Index(fields=["asked_at"])]

    def __str__(self) -> str:
        return f"{self.audience} {self.asked_at:%Y-%m-%d %H:%M}"

    @property
    def member_count(self) -> int:
        return sum(self.members.values())

    @property
    def rate(self) -> float | None:
        """0..1; None where it would mislead."""
        if self.doubt or not self.base or self.size is None:
            return None
        return self.size / self.base


class DriftKind(models.TextChoices):
    WRITTEN = "list_written", "Written by another tool"
    LIST_RENAMED = "list_renamed", "List renamed"
    AUDIENCE_RENAMED = "audience_renamed", "Audience renamed"
    LIST_GONE = "list_gone", "List gone"
    AUDIENCE_GONE = "audience_gone", "Audience gone"
    SIZE_FELL = "size_fell", "Size fell"
    BECAME_TOO_SMALL = "became_too_small", "Became too small"


class DriftEnding(models.TextChoices):
    OVER = "over", "Over"
    KNOWN = "known", "Known to us"


class DriftQuerySet(models.QuerySet["Drift"]):
    def open(self) -> "DriftQuerySet":
        """Those that nobody has looked at and that are not over."""
        return self.filter(ended_at=None)


class Drift(models.Model):
    """One thing that changed at Pinterest without us. Open until it is over or a person says that it is known."""

    audience = models.ForeignKey(Audience, on_delete=models.CASCADE, related_name="drifts")
    kind = models.CharField(max_length=20, choices=DriftKind.choices)
    found_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    facts = models.JSONField(default=dict, help_text="before and after, or calls, added and removed.")
    ended_at = models.DateTimeField(null=True, blank=True)
    ending = models.CharField(max_length=10, choices=DriftEnding.choices, blank=True)
    known_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects: ClassVar[Any] = DriftQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["audience", "-found_at"])]
        constraints = [
            models.UniqueConstraint(
                fields=["audience", "kind"], condition=models.Q(ended_at=None), name="drift_open_once_per_kind"
            ),
            models.CheckConstraint(condition=models.Q(kind__in=DriftKind.values), name="drift_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.audience}: {self.get_kind_display()}"
