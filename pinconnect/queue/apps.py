"""Django's registration of the queue app."""

from django.apps import AppConfig


class QueueConfig(AppConfig):
    name = "pinconnect.queue"
    label = "pinconnect_queue"
    verbose_name = "Workers"

    def ready(self) -> None:
        from pinconnect.queue import clock, holders, housekeeping, limits, models, reconciler, reports

        reports.connect()
        reconciler.register("queue.prune", housekeeping.prune, every_s=3_600)
        holders.watch(models.Reconciler, freed=len)
        clock.when_set_back(limits.clock_was_set_back)
