"""One e-mail that is to be sent once, whatever happens to the worker that sends it."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class OutgoingEmail(models.Model):
    """What it says is composed from kind and object_id when it is sent, so that no text and no secret waits here.

    due_at is when it may be tried (next); empty once it is finished: sent, given up, or no longer wanted.
    """

    key = models.CharField(
        max_length=100, unique=True, help_text="Says the same e-mail only once, for example alert.raised:12:5."
    )
    kind = models.CharField(max_length=60, help_text="A kind registered with pinconnect.workspaces.mail.")
    object_id = models.BigIntegerField(help_text="What it is about.")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    due_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=60, blank=True, help_text="Class of the last error, or not_wanted.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["due_at"]), models.Index(fields=["kind", "object_id"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"

    @property
    def is_given_up(self) -> bool:
        return self.due_at is None and self.sent_at is None and self.problem != NOT_WANTED


NOT_WANTED = "not_wanted"
