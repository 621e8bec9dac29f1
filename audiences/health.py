"""How long the work that could be done has been waiting: what whoever watches an installation wants to know first."""

from datetime import datetime

from django.db.models import Exists, Max, OuterRef, QuerySet
from django.utils import timezone

from audiences.models import Batch, Run
from pinconnect.queue.health import silent_clusters
from pinconnect.web import health

_LOOKED_AT = 100


def oldest_wait_s(now: datetime | None = None) -> int:
    """Seconds since anything happened to the run that waits longest although a worker could take it; 0 when none does.

    What waits for a moment, for a person or for Pinterest's limits does not count, nor does a run that is worked on.
    """
    now = now or timezone.now()
    batches = Batch.objects.filter(run=OuterRef("pk")).order_by()
    to_send = Run.objects.to_pump(now).filter(Exists(batches.claimable(now)), ~Exists(batches.in_flight(now)))
    waiting = (Run.objects.to_prepare(now), Run.objects.to_settle(now), to_send)
    return max((_wait_s(run, now) for runs in waiting for run in _oldest(runs)), default=0)


def _oldest(runs: QuerySet[Run]) -> list[Run]:
    return list(runs.annotate(last_sent=Max("batches__sent_at")).order_by("pk")[:_LOOKED_AT])


def _wait_s(run: Run, now: datetime) -> int:
    last_sent = getattr(run, "last_sent", None)
    moments = (run.created_at, run.started_at, run.upload_started_at, run.next_attempt_at, last_sent)
    since = max((moment for moment in moments if moment is not None and moment <= now), default=now)
    return int((now - since).total_seconds())


health.register_fact("oldest_wait_s", oldest_wait_s)
health.register_fact("silent_clusters", silent_clusters)
