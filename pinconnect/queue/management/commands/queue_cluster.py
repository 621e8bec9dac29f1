"""One django-q2 cluster under the worker's supervision. Not to be called by hand: `manage.py worker` starts it."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from pinconnect.queue import reports, stopping, tied
from pinconnect.queue.brokers.watched import Watched


class Command(BaseCommand):
    help = "Runs one cluster. Started by the worker command; which cluster it is says Q_CLUSTER_NAME."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reports", type=int, required=True, help="descriptor to report to")
        parser.add_argument("--stopping", type=int, required=True, help="descriptor that is closed to stop")
        parser.add_argument("--canary-every", type=float, default=Watched.canary_every_s)

    def handle(self, *args: Any, **options: Any) -> None:
        from pinconnect.queue.cluster import Cluster

        tied.tie_forks()
        reports.send_to(options["reports"])
        stopping.watch(options["stopping"])
        Watched.canary_every_s = options["canary_every"]
        if not Cluster().run():
            sys.exit(1)
