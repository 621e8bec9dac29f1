"""One column of a dataset and the kind of identifier it holds."""

from django.db import models

from pinconnect.datasets.models.dataset import Dataset


class Column(models.Model):
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="columns")
    name = models.CharField(max_length=200)
    position = models.PositiveIntegerField()
    proposed_kind = models.CharField(
        max_length=20, blank=True, help_text="Kind of identifier found from name and contents."
    )
    proposed_treatment = models.CharField(max_length=10, default="auto", help_text="auto, plain or hashed.")
    reason = models.CharField(max_length=300, blank=True, help_text="Why the kind is proposed, in words.")
    examples = models.JSONField(default=list, help_text="A few masked values.")
    confidence = models.FloatField(
        default=0, help_text="Share of the values looked at that fit the proposed kind, 0 to 1."
    )

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["dataset", "name"], name="column_name_once")]

    def __str__(self) -> str:
        return self.name
