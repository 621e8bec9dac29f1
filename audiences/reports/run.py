"""A run as its page shows it: where it is, what became of every row, and what a person should know."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count, Q, Sum
from django.urls import reverse
from django.utils import timezone

from audiences.models import Run
from audiences.pipeline.plan import Counts
from audiences.reports import audience as audience_report
from audiences.reports import budget, counts, difference, refused
from audiences.reports.audience import AudienceReport
from audiences.reports.budget import Live
from audiences.reports.difference import Difference
from audiences.reports.refused import RefusedRecords
from audiences.services.holding import hold_reason
from audiences.states import RUN_ACTIVE, BatchState, DeliveryState, RunState
from pinconnect.web import formats


@dataclass(frozen=True)
class Step:
    """One of the steps at the top; state: done, current or todo. url is never set: a run cannot be walked by hand."""

    label: str
    state: str
    url: str = ""


@dataclass(frozen=True)
class Sender:
    """A profile in whose name some of the run's calls were made."""

    profile_id: int
    name: str
    calls: int


@dataclass(frozen=True)
class Bar:
    """value: 0..1, or None while it cannot be known."""

    label: str
    value: float | None
    text: str


@dataclass(frozen=True)
class Sending:
    """Sums over the run's batches: calls are batches; records are entries of batches."""

    calls: int
    calls_done: int
    calls_skipped: int
    records: int
    records_done: int
    failed: int
    refused: int
    removals_done: int
    rows_done: int


def _sending(run: Run) -> Sending:
    leaves = run.batches.exclude(state=BatchState.SPLIT)
    sent = Q(state=BatchState.SENT)
    sums = leaves.aggregate(
        calls=Count("pk"),
        calls_done=Count("pk", filter=Q(state__in=(BatchState.SENT, BatchState.FAILED))),
        calls_skipped=Count("pk", filter=Q(state=BatchState.SKIPPED)),
        records=Sum("count"),
        records_done=Sum("count", filter=sent),
        failed=Sum("count", filter=Q(state=BatchState.FAILED)),
        refused=Sum("count", filter=refused.REFUSED),
        removals_done=Sum("count", filter=sent & Q(operation="REMOVE")),
        rows_done=Sum("count", filter=sent & Q(operation="ADD")),
    )
    return Sending(**{name: value or 0 for name, value in sums.items()})


class Report:
    """Everything the templates ask for; reads the database once, when it is made."""

    def __init__(self, run: Run) -> None:
        self.run, self.counts = run, run.counts
        self.final: dict[str, Any] = run.counts.get("final", {})
        self.rows: dict[str, int] = counts.rows_of(run.counts)
        self.sending = _sending(run)
        self.is_counted = bool(self.rows)
        self.is_removal = run.is_removal
        self.read = self.rows.get("read", 0)
        self.to_send = run.counts.get("rows", {}).get("to_send", 0)
        self.removals = self.counts.get("removals", 0)
        self.ledger = self.counts.get("ledger", 0)
        self.calls = budget.planned(run) if run.is_dry_run else self.final.get("calls", self.sending.calls)

    @property
    def is_live(self) -> bool:
        """Whether the page should look again by itself."""
        return self.run.state in RUN_ACTIVE and self.run.state != RunState.HELD

    @property
    def can_cancel(self) -> bool:
        """A held run is approved or rejected instead."""
        can = {RunState.QUEUED, RunState.PREPARING, RunState.UPLOADING}
        return self.run.state in can and not self.run.ending

    @property
    def can_publish(self) -> bool:
        """A list that is there may be right already; without anybody to put on it, Pinterest cannot make a new one."""
        audience = self.run.delivery.audience
        has_list = audience is not None and bool(audience.customer_list_id)
        return self.run.delivery.state == DeliveryState.DRAFT and (self.to_send > 0 or has_list)

    @property
    def would_wait(self) -> bool:
        """Whether a run that changes as much as this dry run counted is held for approval, as the delivery is now."""
        return self.run.is_dry_run and self.is_counted and bool(hold_reason(self.run, Counts.from_json(self.counts)))

    @property
    def sent(self) -> int:
        """Rows. Of removals it is not known before the end which rows they are of."""
        if self.run.is_dry_run or (self.is_removal and not self.run.is_finished):
            return self.to_send
        return self.rows.get("sent", 0) if self.run.is_finished else self.sending.rows_done

    @property
    def sent_label(self) -> str:
        if self.is_removal:
            return "Taken out" if self.run.is_finished and not self.run.is_dry_run else "To take out"
        return "To send" if self.run.is_dry_run else "Sent"

    @property
    def calls_note(self) -> str:
        if self.run.is_dry_run:
            return "if published" if self.run.delivery.state == DeliveryState.DRAFT else "if it were sent"
        return "with records" if self.final else f"{self.sending.calls_done:,} answered"

    @property
    def removed_label(self) -> str:
        return "Removed from the list" if self.final else "To remove from the list"

    @property
    def removed(self) -> int:
        """Identifiers off the list: really, once the run has settled, and planned before that."""
        return self.final["removals"]["sent"] if self.final else self.removals

    @property
    def headline(self) -> str:
        run = self.run
        if run.state == RunState.DONE and run.is_dry_run:
            return "Counted. Nothing was sent."
        if run.is_finished and run.finished_at and run.started_at:
            return f"Took {formats.duration(run.finished_at - run.started_at)}."
        return {
            RunState.QUEUED: "Waiting for a worker.",
            RunState.PREPARING: "Reading, checking and hashing; nothing is sent yet.",
            RunState.HELD: "Waiting for a person. Nothing was sent.",
            RunState.UPLOADING: "Taking people off the list." if self.is_removal else "Sending batches to Pinterest.",
            RunState.SETTLING: "Writing down what Pinterest accepted.",
        }.get(RunState(run.state), "")

    @property
    def tone(self) -> str:
        tones = {RunState.FAILED: "bad", RunState.HELD: "warn", RunState.DONE: "info", RunState.CANCELLED: "neutral"}
        return tones.get(RunState(self.run.state), "warn")

    @property
    def steps(self) -> list[Step]:
        """Where the run is on its way; a dry run ends after counting."""
        way = [("Prepare", {RunState.QUEUED, RunState.PREPARING}), ("Count", {RunState.HELD})]
        if not self.run.is_dry_run:
            way += [("Upload", {RunState.UPLOADING}), ("Settle", {RunState.SETTLING}), ("Done", set())]
        current = next((at for at, (_, states) in enumerate(way) if self.run.state in states), None)
        if current is None:
            done = len(way) if self.run.state == RunState.DONE else (2 if self.is_counted else 0)
            return [Step(label, "done" if at < done else "todo") for at, (label, _) in enumerate(way)]
        return [
            Step(label, "done" if at < current else "current" if at == current else "todo")
            for at, (label, _) in enumerate(way)
        ]

    @property
    def progress(self) -> Bar:
        if self.run.state == RunState.UPLOADING:
            return self._upload_bar()
        if self.run.state == RunState.SETTLING:
            return Bar("Writing the ledger", None, "")
        found = self.run.progress
        rows = f"{found['rows']:,} rows" if found.get("rows") else ""
        return Bar(str(found.get("step") or "Waiting for a worker").capitalize(), found.get("fraction"), rows)

    def _upload_bar(self) -> Bar:
        done, total = self.sending.records_done + self.sending.failed, self.sending.records
        text = f"{done:,} of {total:,} records · {self.sending.calls_done:,} of {self.sending.calls:,} calls"
        begun = self.run.upload_started_at
        seconds = (timezone.now() - begun).total_seconds() if begun else 0.0
        # Neither says anything while the run waits for something.
        if done and seconds > 2 and not self.run.reason:
            rate = done / seconds
            text += f" · {rate:,.0f} a second · {formats.duration((total - done) / rate)} left"
        return Bar("Uploading", done / total if total else None, text)

    @property
    def lines(self) -> list[counts.Line]:
        return counts.lines(self.counts, is_removal=self.is_removal)

    @property
    def remarks(self) -> list[str]:
        return [*counts.remarks(self.counts), *counts.download_remarks(self.counts)]

    @property
    def kinds(self) -> list[counts.KindLine]:
        takes_known = self.is_removal and not self.run.plan.get("takes_strangers")
        return counts.kind_lines(self.counts, changing="already_there" if takes_known else "new")

    @property
    def changing_label(self) -> str:
        return "To take out" if self.is_removal else "New"

    @property
    def refusals(self) -> list[counts.Refusal]:
        return counts.refusals(self.counts)

    @property
    def warnings(self) -> list[counts.Notice]:
        return counts.warnings(self.counts, is_removal=self.is_removal)

    @property
    def rejects_url(self) -> str:
        if not self.refusals:
            return ""
        return reverse("audiences:run-rejects", args=[self.run.workspace.slug, self.run.pk])

    @cached_property
    def refused(self) -> RefusedRecords | None:
        """The records that Pinterest refused, which is another matter than the values that are never sent."""
        return refused.of(self.run, total=self.sending.refused)

    @cached_property
    def senders(self) -> list[Sender]:
        """In whose name it was sent; more than one when a standby took over on the way."""
        sent = self.run.batches.filter(state=BatchState.SENT, profile__isnull=False).order_by("profile")
        names = ("profile", "profile__business_name", "profile__username")
        return [
            Sender(pk, business or user, calls)
            for pk, business, user, calls in sent.values_list(*names).annotate(calls=Count("pk"))
        ]

    @property
    def batches_text(self) -> str:
        done = self.sending
        calls = "1 call" if done.calls == 1 else f"{done.calls:,} calls"
        text = f"{calls} with {done.records:,} records, {done.calls_done:,} finished"
        if done.calls_skipped:
            text += f"; {done.calls_skipped:,} not sent"
        return f"{text}; {done.failed:,} records were refused." if done.failed else f"{text}."

    @cached_property
    def budget(self) -> Live | None:
        """What the rest of the run takes of the app's calls."""
        return budget.of_run(self.run)

    @cached_property
    def difference(self) -> Difference | None:
        """What would change, while a person has to decide about it."""
        return difference.of(self.run) if self.run.state == RunState.HELD else None

    @cached_property
    def pinterest(self) -> AudienceReport | None:
        """Pinterest's own state, once this run has written to the list."""
        run = self.run
        if run.is_dry_run or run.audience is None or not run.is_finished or not run.audience.customer_list_id:
            return None
        return audience_report.of(run.audience)


def of(run: Run) -> Report:
    return Report(run)
