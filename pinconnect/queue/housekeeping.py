"""Throws away what django-q2 and this package leave behind and nobody will need again."""

import time
from datetime import timedelta

from django.utils import timezone
from django_q.models import OrmQ, Task

from pinconnect.queue.models import RateLimit, WorkerBeat

_KEEP_FAILURES = timedelta(days=14)
_KEEP_SUCCESSES = timedelta(days=1)
# The reconciler has repeated such a hint hundreds of times by then.
_KEEP_HINTS = timedelta(days=2)
_KEEP_RATES_S = 86_400.0
_KEEP_BEATS = timedelta(days=7)


def prune() -> dict[str, int]:
    """Delete old results, stale hints, unused rates and hosts that are gone; returns how many of each."""
    now = timezone.now()
    old = time.time() - _KEEP_RATES_S
    doomed = {
        "failures": Task.objects.filter(success=False, stopped__lt=now - _KEEP_FAILURES),
        "successes": Task.objects.filter(success=True, stopped__lt=now - _KEEP_SUCCESSES),
        "hints": OrmQ.objects.filter(lock__lt=now - _KEEP_HINTS),
        "rates": RateLimit.objects.filter(used_until__lt=old, blocked_until__lt=old),
        "beats": WorkerBeat.objects.filter(seen_at__lt=now - _KEEP_BEATS),
    }
    return {name: rows.delete()[0] for name, rows in doomed.items()}
