"""Hints to the workers that a row wants attention. A hint may be lost or come twice: the rows decide, not the hints."""

import logging
import threading
import time
from typing import Literal, get_args

from django.conf import settings
from django.db import transaction
from django_q.brokers import Broker, get_broker
from django_q.tasks import async_task

logger = logging.getLogger(__name__)

Cluster = Literal["short", "prepare"]
CLUSTERS: tuple[Cluster, ...] = get_args(Cluster)

# A broker that cannot be reached may take seconds to say so; nobody who saves a form should wait for that twice.
_PAUSE_AFTER_FAILURE_S = 5.0
_quiet_until = 0.0
_brokers = threading.local()


def enqueue(task_path: str, pk: int, *, cluster: Cluster = "short") -> None:
    """Once the current transaction is committed, ask a worker to call the function at task_path with pk.

    cluster: "short" for work of seconds, "prepare" for work that may take hours.
    Never raises when the broker is down: that is logged, and the reconciler hints again later.
    """
    # Arguments are readable in the broker and in the admin, so nothing but an id may go there.
    if not isinstance(pk, int) or isinstance(pk, bool):
        raise TypeError("A hint carries the id of a row and nothing else.")
    queue = queue_name(cluster)
    transaction.on_commit(lambda: _send(task_path, pk, queue))


def queue_name(cluster: Cluster) -> str:
    """The name under which django-q2 knows a cluster and its queue."""
    return str(settings.Q_CLUSTER["name"]) if cluster == "short" else cluster


def _send(task_path: str, pk: int, queue: str) -> None:
    global _quiet_until
    if time.monotonic() < _quiet_until:
        return
    try:
        async_task(task_path, pk, cluster=queue, broker=_broker(queue))
    except Exception as error:  # each broker has its own; none may reach who saved the row
        if settings.Q_CLUSTER.get("sync"):
            raise
        _quiet_until = time.monotonic() + _PAUSE_AFTER_FAILURE_S
        vars(_brokers).clear()
        logger.warning(
            "The queue cannot be reached (%s). Work is not lost: it is picked up when the queue is back.",
            type(error).__name__,
        )


def _broker(queue: str) -> Broker:
    """One connection per thread and queue. Workers are forked before they send their first hint."""
    known: dict[str, Broker] = _brokers.__dict__.setdefault("by_queue", {})
    if queue not in known:
        known[queue] = get_broker(queue)
    return known[queue]
