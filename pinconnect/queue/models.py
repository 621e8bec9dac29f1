"""What hosts agree on through the database: when reconcilers ran, how far a rate is used, which workers live."""

from django.db import models


class Reconciler(models.Model):
    """One registered reconciler: due_at decides who runs it next, the lease keeps two hosts from running it at once."""

    name = models.CharField(max_length=100, unique=True)
    due_at = models.DateTimeField()
    ran_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=100, blank=True, help_text="Class of the error of the last run; empty if well.")
    lease_token = models.CharField(max_length=40, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class RateLimit(models.Model):
    """One shared rate, as the generic cell rate algorithm keeps it. Times are seconds since 1970."""

    key = models.CharField(max_length=200, unique=True)
    used_until = models.FloatField(default=0.0, help_text="When everything granted so far is paid off.")
    blocked_until = models.FloatField(default=0.0, help_text="Nothing is granted before.")

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return self.key


class WorkerBeat(models.Model):
    """The last time a cluster of a host proved that it runs tasks."""

    host = models.CharField(max_length=200)
    cluster = models.CharField(max_length=50)
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["host", "cluster"]
        constraints = [models.UniqueConstraint(fields=["host", "cluster"], name="worker_beat_once_per_cluster")]

    def __str__(self) -> str:
        return f"{self.cluster} on {self.host}"
