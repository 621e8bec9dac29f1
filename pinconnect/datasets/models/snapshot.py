"""The rows of one upload, immutable once ready."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from pinconnect.datasets.models.dataset import Dataset
from pinconnect.workspaces.models import WorkspaceOwned


class WriteMode(models.TextChoices):
    APPEND = "append", "Append to what is there"
    OVERWRITE = "overwrite", "Replace what is there"


class SnapshotState(models.TextChoices):
    RECEIVED = "received", "Received"  # the bytes are stored; not yet examined
    READY = "ready", "Ready"
    REFUSED = "refused", "Refused"


class Snapshot(WorkspaceOwned):
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="snapshots")
    number = models.PositiveIntegerField(help_text="1, 2, 3 … within the dataset.")
    mode = models.CharField(max_length=10, choices=WriteMode.choices)
    state = models.CharField(max_length=10, choices=SnapshotState.choices, default=SnapshotState.RECEIVED)
    refusal = models.CharField(max_length=40, blank=True, help_text="Code of the reason it was refused.")
    storage_name = models.CharField(max_length=300, editable=False)
    original_name = models.CharField(max_length=255)
    size_bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    compression = models.CharField(max_length=10, blank=True, help_text="'' or gzip.")
    encoding = models.CharField(max_length=30, blank=True)
    delimiter = models.CharField(max_length=4, blank=True)
    quote = models.CharField(max_length=1, blank=True)
    has_header = models.BooleanField(default=True)
    column_names = models.JSONField(default=list)
    rows = models.BigIntegerField(null=True)
    broken_rows = models.BigIntegerField(null=True)
    broken_rows_name = models.CharField(
        max_length=300, blank=True, editable=False, help_text="Stored list of broken rows."
    )
    preview = models.JSONField(default=list, help_text="First rows, masked: list of lists of text.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    ready_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "number"], name="snapshot_number_once"),
            models.CheckConstraint(condition=models.Q(state__in=SnapshotState.values), name="snapshot_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.dataset} #{self.number}"
