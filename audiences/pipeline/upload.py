"""Sends the batches of a run, one call each, for a limited time; many workers may do so for the same run at once.

The rows decide: batches are claimed by compare-and-swap, a few at once while calls are quick, what became of them is
written before the next are taken, and nobody sleeps. Whoever is killed at any moment leaves leases that run out, and
those batches are sent again.
"""

import time

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from audiences import files, hinting
from audiences.models import Batch, Run
from audiences.pipeline import payloads, setbacks
from audiences.pipeline.outlook import Outlook
from audiences.querysets import lease_is_free
from audiences.services import (
    access,
    calls,
    completion,
    file_uploads,
    groups,
    outcomes,
    rates,
    refused,
    standby,
    targets,
    vanished,
)
from audiences.services import plan as plans
from audiences.services.outcomes import Claimed
from audiences.states import BATCH_OPEN, BatchState, RunState
from pinconnect.pinterest import customer_lists
from pinconnect.pinterest.client import Exchange
from pinconnect.pinterest.limits import Category
from pinconnect.pinterest.oauth import TOKEN_PATH
from pinconnect.pinterest.types import Payload
from pinconnect.profiles.models import Profile
from pinconnect.queue import stopping
from pinconnect.queue.budget import TimeBudget

# A call ends within 40 s; with this budget a task ends within the minute that the queue gives it.
BUDGET_S = 12.0
SHARED_BUDGET_S = 4.0
# Whoever has prepared the run begins; others wait to be prepared there.
FIRST_BUDGET_S = 2.0
_FAN_OUT_AFTER, _FAN_OUT_FROM = 2, 4


def pump(run_id: int, *, budget_s: float | None = None) -> int:
    """Send batches of the run, a group at least, until the time is up or there is nothing to send now.

    Returns how many were sent.
    """
    now = timezone.now()
    if Batch.objects.filter(run=run_id).senders(now) >= settings.PUMPS_PER_RUN:
        return 0
    if budget_s is None:
        # Others that wait get their turn sooner.
        others = Run.objects.to_pump(now).exclude(pk=run_id).exists()
        budget_s = SHARED_BUDGET_S if others else BUDGET_S
    return Pump(run_id, TimeBudget(budget_s)).go()


class Pump:
    def __init__(self, run_id: int, budget: TimeBudget) -> None:
        self.run_id, self.budget = run_id, budget
        self.sent = 0
        self.exchange: Exchange | None = None
        self.batch: Batch | None = None
        self.calls = calls.Recorder(run_id)
        self.voice = access.Voice(observe=self._note)
        self.outlook, self.pace = Outlook(run_id), groups.Pace()
        self.has_fanned_out = self.is_limited = False

    def go(self) -> int:
        try:
            # At least one group, however long it took to get here: a crowded host gets on as well.
            while not stopping.is_asked() and self.step():
                self._fan_out()
                if self.budget.is_spent:
                    break
        finally:
            self.calls.save()
        if not self.outlook.is_for_others:
            completion.hand_over(self.run_id)
        return self.sent

    def step(self) -> bool:
        """One group of batches; False when nothing more can be done now."""
        seen = self.outlook.see()
        if seen is None:
            return False
        run, profile = seen
        wanted = self.outlook.wanted(run, self.pace)
        if not wanted:
            return False
        number = file_uploads.CALLS_PER_FILE if wanted[0].is_file else len(wanted)
        calls, wait_s = self._ask_for_calls(run, profile, number)
        if not calls:
            outcomes.wait(run, wait_s, "rate_limited")
            return False
        claimed = groups.claim(run, wanted, calls)
        if not claimed:
            rates.give_back(profile, Category.ADS_WRITE, calls)
            return False
        group = groups.Group(run, claimed)
        try:
            return self._work(run, group)
        finally:
            group.end()
            self.sent += group.sent
            rates.give_back(profile, Category.ADS_WRITE, calls - group.calls)

    def _ask_for_calls(self, run: Run, profile: Profile, number: int) -> tuple[int, float]:
        """How many calls may be made now, and if none may, how long to wait."""
        # Before the list is made, it is looked up.
        if run.audience is not None and not run.audience.customer_list_id:
            wait_s = rates.wait_s(profile, Category.ADS_READ)
            if wait_s:
                return 0, wait_s
        return rates.take(profile, Category.ADS_WRITE, number)

    def _work(self, run: Run, group: groups.Group) -> bool:
        """Send the batches of a group as long as all goes well; False when the run has to wait."""
        self.is_limited = False
        while group.waiting:
            goes_on = self._send_next(run, group)
            if not (goes_on and group.goes_well):
                self.outlook.forget()
                return goes_on
            if self.budget.is_spent or self.is_limited or group.is_stale:
                break
            if not self.outlook.is_unchanged():
                self.outlook.forget()
                break
        return True

    def _send_next(self, run: Run, group: groups.Group) -> bool:
        """Send one batch and note what became of it; False when the run has to wait."""
        claimed, began = group.next(), time.monotonic()
        self.batch = claimed.batch
        if self._is_dealt_with_unsent(run, claimed):
            group.goes_well = False
            return True
        payload: Payload | None = None
        try:
            if claimed.batch.is_file:
                self._send_file(run, group, claimed)
            else:
                payload = self._read(run, claimed.batch)
                group.calls += 1
                self._send(run, group, claimed, payload)
        except DatabaseError:
            # Nothing can be recorded now: the lease runs out, and the batch is sent again.
            raise
        except Exception as error:  # noqa: BLE001 -- each kind has its own consequence, the unknown too
            # What went well before is written first: it ends the trouble that there was, and this may be new trouble.
            group.goes_well = False
            group.end()
            return setbacks.deal_with(error, run, claimed, payload, self.voice, self.exchange)
        finally:
            self.exchange = None
            self.calls.save_if_due()
        self.pace.note(time.monotonic() - began)
        return True

    def _is_dealt_with_unsent(self, run: Run, claimed: Claimed) -> bool:
        """Whether sending it once more tells nothing, and smaller ones took its place or it was given up."""
        batch = claimed.batch
        if refused.is_found_out(batch):
            refused.narrow_down(run, claimed)
        elif not outcomes.is_worn_out(run, claimed):
            return False
        elif batch.count > 1:
            sizes = file_uploads.pieces(run, batch) if batch.is_file else refused.halves(batch.count)
            outcomes.split(run, claimed, sizes)
        else:
            outcomes.failed(claimed, "GaveUp")
        return True

    def _send(self, run: Run, group: groups.Group, claimed: Claimed, payload: Payload) -> None:
        client = self.voice.client(run)
        audience = run.audience
        assert audience is not None  # noqa: S101 -- step() has looked
        account, wire = audience.ad_account.pinterest_id, plans.wire_of(run)
        if not audience.customer_list_id:
            is_new = targets.ensure_list(audience, client, payload, list_type=wire.list_type, may_create=not run.ending)
            if is_new:
                self._note_sent(run, group, claimed)
                group.flush()
                access.try_audience(audience, self.voice, run)
                return
            if not audience.customer_list_id:
                # It was looked up and is not there, and the run ends: nothing was carried out.
                outcomes.record(claimed, BatchState.SKIPPED, next_attempt_at=None)
                return
        call = customer_lists.add if claimed.batch.operation == "ADD" else customer_lists.remove
        call(client, account, audience.customer_list_id, payload)
        self._note_sent(run, group, claimed)

    def _send_file(self, run: Run, group: groups.Group, claimed: Claimed) -> None:
        group.calls += 0 if claimed.batch.upload_id else file_uploads.CALLS_PER_FILE
        if file_uploads.go_on(run, claimed, self.voice.client(run), lambda: self._read(run, claimed.batch)):
            self._note_sent(run, group, claimed)

    def _read(self, run: Run, batch: Batch) -> Payload:
        name = files.run_name(run, run.files_attempt)
        try:
            return payloads.read(setbacks.fetched(files.fetch, name), batch.operation, batch.first, batch.count)
        except payloads.PayloadMissing:
            again = setbacks.fetched(files.fetch_again, name)
            return payloads.read(again, batch.operation, batch.first, batch.count)

    def _note_sent(self, run: Run, group: groups.Group, claimed: Claimed) -> None:
        profile = self.voice.profile
        group.answered(claimed, self.exchange, profile)
        vanished.note_found(run.audience, "list")
        if profile is not None:
            standby.note_sent(run.delivery, profile)

    def _note(self, exchange: Exchange) -> None:
        self.calls.note(exchange, batch=self.batch, profile=self.voice.profile)
        if exchange.path == TOKEN_PATH:
            return
        self.exchange = exchange
        self.is_limited |= exchange.rate is not None and exchange.rate.remaining <= 0
        rates.learn(self.voice.profile, exchange)

    def _fan_out(self) -> None:
        """Call for help once the list exists, and those have come who were told when the run was prepared."""
        if self.has_fanned_out or self.sent < _FAN_OUT_AFTER:
            return
        self.has_fanned_out, now = True, timezone.now()
        batches = Batch.objects.filter(run=self.run_id)
        # Between two groups nothing is in our own hands.
        missing = settings.PUMPS_PER_RUN - 1 - batches.senders(now)
        waiting = batches.filter(state__in=BATCH_OPEN).filter(lease_is_free(now))
        if missing > 0 and waiting[:_FAN_OUT_FROM].count() == _FAN_OUT_FROM:
            run = Run.objects.filter(pk=self.run_id, state=RunState.UPLOADING).first()
            if run is not None:
                hinting.help_pump(run, pumps=missing)
