"""One call to Pinterest and its answer, masked before it got here."""

from typing import Any, ClassVar

from django.db import models

from audiences.models.batch import Batch
from audiences.models.run import Run
from audiences.querysets_calls import CallQuerySet
from pinconnect.profiles.models import Profile


class CallKind(models.TextChoices):
    ADD = "add", "Add records"
    REMOVE = "remove", "Remove records"
    CREATE_LIST = "create_list", "Create the customer list"
    FIND_LIST = "find_list", "Look through customer lists"
    READ_LIST = "read_list", "Read the customer list"
    CREATE_AUDIENCE = "create_audience", "Create the audience"
    FIND_AUDIENCE = "find_audience", "Look through audiences"
    READ_AUDIENCE = "read_audience", "Read the audience"
    CREATE_UPLOAD = "create_upload", "Create a bulk upload"
    SEND_FILE = "send_file", "Send the file"
    START_UPLOAD = "start_upload", "Start the bulk upload"
    READ_UPLOAD = "read_upload", "Read the state of the bulk upload"
    RENEW = "renew", "Renew the token"
    OTHER = "other", "Other"


class Call(models.Model):
    """Written once, kept for CALL_KEEP_DAYS. What was sent is described, never stored: no body, no header.

    The references are not enforced by the database: a check would lock rows that others are changing, and a record
    must never be able to disturb what it records.
    """

    run = models.ForeignKey(
        Run, on_delete=models.CASCADE, related_name="recorded_calls", db_constraint=False, db_index=False
    )
    batch = models.ForeignKey(
        Batch, null=True, blank=True, on_delete=models.DO_NOTHING, related_name="recorded_calls", db_constraint=False
    )
    profile = models.ForeignKey(
        Profile,
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
        help_text="In whose name it was made.",
    )
    kind = models.CharField(max_length=20, choices=CallKind.choices)
    started_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=200)
    query = models.CharField(max_length=200, blank=True)
    records = models.PositiveIntegerField(null=True, blank=True)
    starts_with = models.CharField(max_length=4, blank=True, help_text="Four digits of the first record.")
    sent_bytes = models.PositiveIntegerField(default=0)
    attempt = models.PositiveIntegerField(default=0, help_text="Of the batch; 0 for a call without one.")
    repeat = models.PositiveSmallIntegerField(default=0, help_text="The short repeat within the attempt.")
    host = models.CharField(max_length=60, blank=True, help_text="The worker's host.")
    status = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty: no answer came.")
    error = models.CharField(max_length=60, blank=True, help_text="Class of the error; empty when it went well.")
    is_error = models.BooleanField(default=False)
    code = models.BigIntegerField(null=True, blank=True, help_text="Pinterest's own number.")
    message = models.CharField(max_length=300, blank=True, help_text="Pinterest's words, masked.")
    request_id = models.CharField(max_length=64, blank=True)
    rate_limit = models.PositiveBigIntegerField(null=True, blank=True)
    rate_remaining = models.PositiveBigIntegerField(null=True, blank=True)
    rate_reset_s = models.PositiveIntegerField(null=True, blank=True)
    answer = models.TextField(blank=True, help_text="Masked, at most 2,000 characters.")
    answer_bytes = models.PositiveIntegerField(default=0)

    objects: ClassVar[Any] = CallQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at", "-pk"]
        indexes = [
            models.Index(fields=["run", "-started_at", "-id"], name="call_of_run"),
            models.Index(fields=["run", "is_error", "-started_at", "-id"], name="call_error_of_run"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def short_path(self) -> str:
        """The path without the ad account, which is the same for all calls of a run."""
        head, _, rest = self.path.removeprefix("/ad_accounts/").partition("/")
        return f"…/{rest}" if self.path.startswith("/ad_accounts/") and rest and head else self.path
