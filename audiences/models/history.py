"""Who came to a customer list and who left it, in which run: what the ledger alone does not say."""

from django.db import models
from django.utils import timezone

from audiences.models.audience import Audience


class Changes(models.Model):
    """A folder of acknowledged changes of a list in storage, of one run or of several that were merged.

    The row is made in the transaction that switches the ledger; a folder without a row is left over from a crash.
    """

    audience = models.ForeignKey(Audience, on_delete=models.CASCADE, related_name="changes")
    folder = models.CharField(max_length=40, help_text="Name in storage below the audience's history.")
    width = models.PositiveSmallIntegerField(help_text="Hexadecimal digits of the digest that name a part; 0 to 2.")
    entries = models.BigIntegerField(help_text="Identifiers added and removed.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "changes"
        constraints = [models.UniqueConstraint(fields=["audience", "folder"], name="changes_folder_once")]

    def __str__(self) -> str:
        return f"{self.audience} {self.folder}"
