"""Whether workers run, for the health page and for pages that wait for work."""

from datetime import datetime, timedelta

from django.utils import timezone

from pinconnect.queue.hints import CLUSTERS
from pinconnect.queue.models import WorkerBeat

# Beats come every ten seconds; one that is late by minutes is no delay of a busy host any more.
SILENT_AFTER = timedelta(minutes=2)


def silent_clusters(now: datetime | None = None) -> list[str]:
    """The clusters that run on no host: their tasks wait. Empty when all is well."""
    since = (now or timezone.now()) - SILENT_AFTER
    alive = set(WorkerBeat.objects.filter(seen_at__gte=since).values_list("cluster", flat=True))
    return [cluster for cluster in CLUSTERS if cluster not in alive]
