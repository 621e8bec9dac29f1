"""Runs tasks until it is stopped: the short and the prepare cluster, their watchdog, and the reconcilers."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import connections

from pinconnect.queue import hints, starting, supervisor
from pinconnect.queue.watchdog import Patience


class Command(BaseCommand):
    help = "Runs tasks until SIGTERM or SIGINT. Any number of hosts may run it on one database."
    # What matters to a worker is checked below; the rest would load every page of the application.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--grace",
            type=float,
            default=7.0,
            metavar="SECONDS",
            help="how long running tasks may take to end on stop (default: 7); they go on after the next start",
        )
        parser.add_argument(
            "--silence",
            type=float,
            default=Patience.idle_s,
            metavar="SECONDS",
            help="after how long without a sign of life an idle cluster is restarted (default: 30)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        starting.refuse_unready_database()
        connections.close_all()
        silence_s = options["silence"]
        sys.exit(
            supervisor.run(
                [
                    supervisor.ClusterPlan("short", hints.queue_name("short"), settings.SHORT_WORKERS),
                    supervisor.ClusterPlan("prepare", hints.queue_name("prepare"), settings.PREPARE_WORKERS),
                ],
                grace_s=options["grace"],
                patience=Patience(idle_s=silence_s),
                canary_every_s=min(5.0, silence_s / 4),
            )
        )
