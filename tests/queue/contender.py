"""One of several processes that compete for the same rows: python -m tests.queue.contender ACTION DATABASE_URL.

It says "ready", reads from its input when to begin (seconds since 1970), and prints what it achieved as JSON.
"""

import json
import sys
import time
from typing import Any

import django
import environ
from django.conf import settings

LASTS_S = 2.5
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000;",
}


def set_up(url: str) -> None:
    database: dict[str, Any] = environ.Env.db_url_config(url)
    if database["ENGINE"].endswith("sqlite3"):
        database["OPTIONS"] = SQLITE_OPTIONS
    settings.configure(
        SECRET_KEY="only-for-tests",
        HOST_NAME="contender",
        USE_TZ=True,
        INSTALLED_APPS=["django.contrib.contenttypes", "django_q", "pinconnect.queue"],
        DATABASES={"default": database},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        Q_CLUSTER={"name": "pinconnect", "orm": "default", "timeout": 60, "retry": 600},
    )
    django.setup()


def make_tables(_: float) -> None:
    from django.db import connection

    from pinconnect.queue.models import RateLimit, Reconciler, WorkerBeat

    with connection.schema_editor() as editor:
        for model in (Reconciler, RateLimit, WorkerBeat):
            editor.create_model(model)
    from django.utils import timezone

    Reconciler.objects.bulk_create([Reconciler(name=f"row {n}", due_at=timezone.now()) for n in range(60)])


def claim_all(_: float) -> list[int]:
    """Claim every row this process can get, in the same order as everybody else."""
    from pinconnect.queue import leases
    from pinconnect.queue.models import Reconciler

    wanted = Reconciler.objects.filter(name__startswith="row ")
    return [pk for pk in wanted.values_list("pk", flat=True) if leases.claim(wanted, pk=pk, lease_s=60)]


def take_until(end: float) -> int:
    from pinconnect.queue import limits

    granted = 0
    while time.time() < end:
        wait = limits.take("shared", per_s=50, burst=10)
        granted += wait == 0
        time.sleep(min(wait, 0.02))
    return granted


def reconcile_until(end: float) -> int:
    from pinconnect.queue import reconciler

    ran: list[float] = []
    reconciler.register("counted", lambda: ran.append(time.time()), every_s=1)
    while time.time() < end:
        reconciler.run_due()
        time.sleep(0.01)
    return len(ran)


ACTIONS = {
    "claim": claim_all,
    "take": take_until,
    "reconcile": reconcile_until,
    "tables": make_tables,
}

if __name__ == "__main__":
    set_up(sys.argv[2])
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    begin = float(sys.stdin.readline())
    time.sleep(max(0.0, begin - time.time()))
    sys.stdout.write(json.dumps(ACTIONS[sys.argv[1]](begin + LASTS_S)))
