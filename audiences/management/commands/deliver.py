"""Delivers one file: what the pages do, for scripts."""

import json
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audiences.filtering.conditions import RowFilter
from audiences.filtering.words import sentence
from audiences.management import choosing, driving
from audiences.management.choosing_lists import list_id_of
from audiences.messages import of_run
from audiences.models import Delivery, Mode, Run, Trigger
from audiences.services import accounting, deliveries, plan, runs
from audiences.services.refusals import ServiceRefusal
from audiences.states import DeliveryState, RunState
from pinconnect.datasets import messages as dataset_messages
from pinconnect.datasets.models import Dataset, Snapshot, SnapshotState, WriteMode
from pinconnect.datasets.services import UploadRefusedError, current_snapshots, examine, receive_file


class Command(BaseCommand):
    help = (
        "Delivers a CSV file to an audience on Pinterest and waits until it is there. Needs no worker, and works "
        "beside one. The same command again sends only what has changed. Exit status 0 only when the list is right."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="a CSV file, plain or compressed with gzip")
        into = parser.add_mutually_exclusive_group(required=True)
        into.add_argument("--audience", default="", metavar="NAME", help="the audience, made if it is not there")
        into.add_argument(
            "--list-id", default="", metavar="ID",
            help="a customer list that is on Pinterest already, by its id, its name or that of its audience",
        )  # fmt: skip
        parser.add_argument(
            "--map", action="append", required=True, dest="mapped", metavar="COLUMN=KIND",
            help="a column that holds identifiers, once for each; KIND:TREATMENT says how it is written: plain, "
            "hashed, any_hash (MD5 and SHA-1 too) or, for phones, e164 (digits with country code, never cleaned)",
        )  # fmt: skip
        parser.add_argument(
            "--mode", choices=Mode.values, default=Mode.MIRROR,
            help="mirror: the list becomes what the file holds; add: nobody leaves; remove: they are taken out",
        )  # fmt: skip
        parser.add_argument(
            "--append", action="store_true", help="add the file to the dataset, instead of replacing it"
        )
        parser.add_argument(
            "--where", action="append", default=[], metavar="CONDITION",
            help="take only rows that match, for example \"country is DE\" or \"joined is in the last 30 days\"; "
            "given several times, all have to match",
        )  # fmt: skip
        parser.add_argument(
            "--all-rows",
            action="store_true",
            help="take all rows again; without --where a delivery keeps its conditions",
        )
        parser.add_argument("--country", default="", metavar="XX", help="of phone numbers without a country code")
        parser.add_argument("--ad-account", default="", metavar="ID", help="needed when there are several")
        parser.add_argument("--name", default="", help="of the delivery; that of the audience or list if left out")
        parser.add_argument("--dataset", default="", metavar="NAME", help="the delivery's name if left out")
        parser.add_argument("--workspace", default="", metavar="SLUG", help="needed when there are several")
        parser.add_argument("--profile", default="", metavar="USERNAME", help="needed when several are connected")
        parser.add_argument("--wait", action="store_true", help="for clarity; the command always waits")
        parser.add_argument("--json", action="store_true", help="print one JSON object to standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            run = self._deliver(options)
        except ServiceRefusal as refusal:
            raise CommandError(refusal.sentence) from refusal
        found = outcome(run)
        if options["json"]:
            self.stdout.write(json.dumps(found, ensure_ascii=False))
        else:
            self.stdout.write("\n".join(f"{name}: {value}" for name, value in found.items()))
        if not is_right(run):
            words = of_run(run)
            raise CommandError(
                f"The list is not right yet. {words.title}: {words.body} {words.next_step}"
                if words
                else "The list is not right yet."
            )

    def _deliver(self, options: dict[str, Any]) -> Run:
        path = Path(options["file"])
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        workspace = choosing.workspace_named(options["workspace"])
        profile = choosing.profile_named(workspace, options["profile"])
        ad_account = choosing.ad_account_numbered(profile, options["ad_account"])
        columns = choosing.columns_of(options["mapped"], options["country"])
        name = options["name"] or options["audience"] or options["list_id"]
        list_id = options["list_id"] and list_id_of(ad_account, profile, options["list_id"], delivery=name)
        dataset = choosing.dataset_named(workspace, options["dataset"] or name)
        wish = choosing.Wish(
            name, options["audience"], options["mode"], columns, tuple(options["where"]), options["all_rows"], list_id
        )
        with driving.explaining_interruption(self._say):
            snapshot = self._receive(dataset, path, WriteMode.APPEND if options["append"] else WriteMode.OVERWRITE)
            self._finish_earlier(dataset, name)
            delivery = choosing.filtered(choosing.delivery_for(dataset, wish, profile, ad_account), wish)
            if delivery.row_filter:
                self._say(f"Only rows where {sentence(RowFilter.from_json(delivery.row_filter))}")
            return self._run(delivery, snapshot)

    def _receive(self, dataset: Dataset, path: Path, mode: str) -> Snapshot:
        self._say(f"Reading {path.name}")
        try:
            snapshot = receive_file(dataset, path, by=None, mode=mode, is_examined=False)
        except UploadRefusedError as refused:
            words = dataset_messages.refusal(refused.code, detail=refused.detail)
            raise CommandError(f"{words.title}. {words.body} {words.next_step}") from refused
        while not examine(snapshot) and snapshot.state == SnapshotState.RECEIVED:
            # A worker was faster.
            time.sleep(0.2)
            snapshot.refresh_from_db()
        if snapshot.state == SnapshotState.REFUSED:
            words = dataset_messages.refusal(
                snapshot.refusal, line=snapshot.refusal_line, detail=snapshot.refusal_detail
            )
            raise CommandError(f"{words.title}. {words.body} {words.next_step}")
        if snapshot.state != SnapshotState.READY:
            raise CommandError("The file could not be examined. Look at the log, and call this command again.")
        return snapshot

    def _finish_earlier(self, dataset: Dataset, name: str) -> None:
        """A run that an interrupted command or a worker has begun ends first, since it has pinned older data."""
        earlier = Run.objects.active().filter(
            delivery__workspace=dataset.workspace, delivery__name=name, is_dry_run=False
        )
        for run in earlier.exclude(delivery__state=DeliveryState.ARCHIVED).select_related("delivery"):
            self._say(f"An earlier run of “{name}” is not done yet; it is finished first.")
            driving.drive(run, self._say)

    def _run(self, delivery: Delivery, snapshot: Snapshot) -> Run:
        while True:
            if delivery.state == DeliveryState.DRAFT:
                run = deliveries.publish(delivery, by=None, trigger=Trigger.COMMAND)
            else:
                run = self._start(delivery)
            run = driving.drive(run, self._say)
            # Somebody else may have started a run in the moment before this file was ready.
            if snapshot.pk in run.plan["snapshots"] or not run.is_finished:
                return run
            delivery.refresh_from_db()
            if snapshot not in plan.snapshots_of(delivery):
                raise CommandError(_why_left_out(delivery, snapshot))

    def _start(self, delivery: Delivery) -> Run:
        """A run of the delivery, or the erasure that it has to come after."""
        while True:
            try:
                return runs.start(delivery, by=None, trigger=Trigger.COMMAND)
            except ServiceRefusal as refusal:
                if refusal.code != "list_erasing":
                    raise
            before = Run.objects.active().filter(audience=delivery.audience_id, trigger=Trigger.ERASURE).first()
            if before is not None:
                return before

    def _say(self, line: str) -> None:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def _why_left_out(delivery: Delivery, snapshot: Snapshot) -> str:
    """Why no run of the delivery takes this data, now or later."""
    if snapshot in current_snapshots(delivery.dataset):
        return (
            f"“{delivery.name}” takes only data that is written after it was published, and this file was written "
            "before. Call this command again to deliver it."
        )
    snapshot.refresh_from_db()
    if snapshot.state != SnapshotState.READY:
        return f"This file was not delivered: meanwhile it was taken out of the dataset “{delivery.dataset}”."
    return (
        f"This file was not delivered: newer data replaced it in the dataset “{delivery.dataset}” meanwhile, and the "
        f"list of “{delivery.name}” follows that newer data."
    )


def outcome(run: Run) -> dict[str, Any]:
    """What the command prints. Rows: read is the sum of all the others."""
    final = run.counts.get("final", {})
    rows = final.get("rows") or accounting.rows_so_far(run)
    audience = run.audience
    return {
        "state": run.state,
        "reason": run.reason,
        **rows,
        "removed": final.get("removals", {}).get("sent", 0),
        "members": sum(final.get("members", {}).values()),
        "customer_list_id": audience.customer_list_id if audience else "",
        "audience_id": audience.audience_id if audience else "",
        "run_id": run.pk,
    }


def is_right(run: Run) -> bool:
    """The run is done and nothing of it was refused."""
    final = run.counts.get("final")
    if run.state != RunState.DONE or final is None:
        return False
    lost = (final[part][fate] for part in ("additions", "removals") for fate in ("failed", "not_sent"))
    return not any(lost) and not final["rows"]["failed"]
