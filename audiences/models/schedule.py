"""When a delivery runs by itself."""

from django.db import models
from django.utils import timezone

from audiences.models.delivery import Delivery


class Rhythm(models.TextChoices):
    INTERVAL = "interval", "At an interval"
    CRON = "cron", "At certain times (cron)"
    NEW_DATA = "new_data", "When new data arrives"


class Schedule(models.Model):
    """A delivery without one runs by hand. due_at is the next time that counts; the reconciler moves it on.

    One that is due while a run is at work starts right after that run, once. Times that were missed, because nothing
    ran or the delivery was paused, are made up by one run.
    """

    delivery = models.OneToOneField(Delivery, on_delete=models.CASCADE, related_name="schedule")
    rhythm = models.CharField(max_length=10, choices=Rhythm.choices)
    every_minutes = models.PositiveIntegerField(null=True, blank=True)
    cron = models.CharField(max_length=100, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC", help_text="In which cron's times are meant.")
    due_at = models.DateTimeField(null=True, blank=True, help_text="Empty while nothing is due, as without new data.")
    started_at = models.DateTimeField(null=True, blank=True, help_text="When it last started a run.")
    refusal = models.CharField(max_length=40, blank=True, help_text="Code of why it could not start a run.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = [models.Index(fields=["due_at"])]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(rhythm="interval", every_minutes__gte=1)
                | models.Q(rhythm="cron") & ~models.Q(cron="")
                | models.Q(rhythm="new_data"),
                name="schedule_complete",
            )
        ]

    def __str__(self) -> str:
        return f"{self.delivery}: {self.get_rhythm_display()}"
