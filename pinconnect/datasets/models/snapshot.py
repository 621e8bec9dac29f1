"""The rows of one upload, immutable once ready."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from pinconnect.datasets.models.dataset import Dataset
from pinconnect.datasets.querysets import SnapshotQuerySet
from pinconnect.workspaces.models import WorkspaceOwned


class WriteMode(models.TextChoices):
    APPEND = "append", "Append to what is there"
    OVERWRITE = "overwrite", "Replace what is there"


class SnapshotState(models.TextChoices):
    RECEIVING = "receiving", "Receiving"  # the row stands before the bytes do, so that no stored file is ever unknown
    RECEIVED = "received", "Being examined"  # the bytes are stored; not yet examined
    READY = "ready", "Ready"
    REFUSED = "refused", "Refused"
    DELETED = "deleted", "Deleted"  # the bytes are gone; what was counted stays


class Snapshot(WorkspaceOwned):
    """What was uploaded (storage_name) and what the examination found.

    encoding and compression are those of the upload. Where it had to be cleaned to be readable everywhere, clean_name
    is the copy to read. A correction of the format is tried while the snapshot stays as it was; if it does not work,
    refusal says why and the state stays READY.
    """

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="snapshots")
    number = models.PositiveIntegerField(help_text="1, 2, 3 … within the dataset.")
    mode = models.CharField(max_length=10, choices=WriteMode.choices)
    state = models.CharField(max_length=10, choices=SnapshotState.choices, default=SnapshotState.RECEIVED)
    refusal = models.CharField(max_length=40, blank=True, help_text="Code of the reason it was refused.")
    refusal_line = models.BigIntegerField(null=True, blank=True, help_text="Line of the file where the trouble is.")
    refusal_detail = models.CharField(max_length=400, blank=True, help_text="A column's name, a file type or a count.")
    storage_name = models.CharField(max_length=300, editable=False)
    clean_name = models.CharField(max_length=300, blank=True, editable=False, help_text="A copy that reads plainly.")
    original_name = models.CharField(max_length=255)
    size_bytes = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    compression = models.CharField(max_length=10, blank=True, help_text="'' or gzip.")
    encoding = models.CharField(max_length=30, blank=True)
    delimiter = models.CharField(max_length=4, blank=True)
    quote = models.CharField(max_length=1, blank=True)
    has_header = models.BooleanField(default=True)
    asked = models.JSONField(default=dict, blank=True, help_text="What a person said about the format.")
    correction = models.JSONField(
        null=True, blank=True, help_text="What a person said since; tried before it takes the place of asked."
    )
    column_names = models.JSONField(default=list)
    filled = models.JSONField(default=list, help_text="Per column, how many values are not blank.")
    rows = models.BigIntegerField(null=True)
    broken_rows = models.BigIntegerField(null=True)
    broken_reasons = models.JSONField(default=dict, help_text="How many rows are broken, by reason.")
    broken_rows_name = models.CharField(
        max_length=300, blank=True, editable=False, help_text="Stored list of broken rows."
    )
    preview = models.JSONField(default=list, help_text="First rows, masked: list of lists of text.")
    upload_token = models.CharField(max_length=40, null=True, blank=True, editable=False)  # noqa: DJ001 -- unique only where set
    attempts = models.PositiveIntegerField(default=0, help_text="How often examining was begun since it was asked for.")
    reading = models.PositiveIntegerField(default=0, help_text="How often examining was begun at all; names its files.")
    read_as = models.PositiveIntegerField(
        default=0, editable=False, help_text="Which reading its rows are from; another one may bring other rows."
    )
    lease_token = models.CharField(max_length=40, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    ready_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[Any] = SnapshotQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        indexes = [models.Index(fields=["state", "lease_until"])]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "number"], name="snapshot_number_once"),
            # One form sent twice, by a double click or a reload, is one upload.
            models.UniqueConstraint(fields=["workspace", "upload_token"], name="snapshot_upload_once"),
            models.CheckConstraint(condition=models.Q(state__in=SnapshotState.values), name="snapshot_state_known"),
            models.CheckConstraint(condition=models.Q(mode__in=WriteMode.values), name="snapshot_mode_known"),
        ]

    def __str__(self) -> str:
        return f"{self.dataset} #{self.number}"

    @property
    def is_settled(self) -> bool:
        """Whether nothing more happens to it by itself."""
        return self.state not in {SnapshotState.RECEIVING, SnapshotState.RECEIVED} and self.correction is None

    @property
    def readable_name(self) -> str:
        """Where in the storage the file stands that is to be read."""
        return self.clean_name or self.storage_name

    @property
    def stored_names(self) -> list[str]:
        """Every file of this snapshot in the storage."""
        return [name for name in (self.storage_name, self.clean_name, self.broken_rows_name) if name]
