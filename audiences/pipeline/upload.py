"""Sends the batches of a run, one call each, for a limited time; many workers may do so for the same run at once.

The rows decide: a batch is claimed by compare-and-swap, what became of it is written before the next one is taken, and
nobody sleeps. Whoever is killed at any moment leaves a lease that runs out, and the batch is sent again.
"""

import logging

from django.conf import settings
from django.db import DatabaseError
from django.db.models import F
from django.utils import timezone

from audiences import files, hinting
from audiences.models import Batch, Run
from audiences.pipeline import payloads
from audiences.querysets import lease_is_free
from audiences.services import access, calls, completion, endings, outcomes, rates, refused, restoring, standby, targets
from audiences.services import plan as plans
from audiences.services.outcomes import Claimed
from audiences.states import BATCH_OPEN, BATCH_UNSURE, BatchState, RunState
from pinconnect.pinterest import customer_lists
from pinconnect.pinterest.client import Exchange
from pinconnect.pinterest.errors import (
    AccessLost,
    NotFound,
    NotSent,
    PinterestError,
    RateLimited,
    ServerTrouble,
    Terminal,
    TokenRefused,
    UnknownOutcome,
)
from pinconnect.pinterest.limits import Category
from pinconnect.pinterest.oauth import TOKEN_PATH
from pinconnect.pinterest.types import Payload
from pinconnect.profiles.tokens import ProfileUnusable
from pinconnect.queue import leases
from pinconnect.queue.budget import TimeBudget

logger = logging.getLogger(__name__)

# A call ends within 40 s; with this budget a task ends within the minute that the queue gives it.
BUDGET_S = 12.0
SHARED_BUDGET_S = 4.0
BATCH_LEASE_S = 60.0
_CANDIDATES = 5
_FAN_OUT_FROM = 4


def pump(run_id: int, *, budget_s: float | None = None) -> int:
    """Send batches of the run until the time is up or there is nothing to send now; returns how many were sent."""
    now = timezone.now()
    if Batch.objects.filter(run=run_id).in_flight(now).count() >= settings.PUMPS_PER_RUN:
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
        self.has_fanned_out = False

    def go(self) -> int:
        try:
            while not self.budget.is_spent and self.step():
                self._fan_out()
        finally:
            self.calls.save()
        completion.hand_over(self.run_id)
        return self.sent

    def step(self) -> bool:
        """One batch; False when nothing more can be done now."""
        now = timezone.now()
        run = (
            Run.objects.to_pump(now)
            .filter(pk=self.run_id)
            .select_related(
                "workspace", "delivery__profile", "delivery__standby", "delivery__workspace", "audience__ad_account"
            )
            .first()
        )
        profile = standby.speaker(run.delivery) if run is not None else None
        if run is None or run.audience is None or profile is None:
            return False
        candidates = self._candidates(run)
        if not candidates:
            return False
        # Before the list is made, it is looked up.
        looks_first = [] if run.audience.customer_list_id else [Category.ADS_READ]
        wait_s = max(rates.wait_s(profile, category) for category in (*looks_first, Category.ADS_WRITE))
        if wait_s:
            outcomes.wait(run, wait_s, "rate_limited")
            return False
        claimed = self._claim(run, candidates)
        return claimed is not None and self._work(run, claimed)

    def _candidates(self, run: Run) -> list[Batch]:
        # A run that ends sends nothing new, and clears up what is unsure.
        states = BATCH_UNSURE if run.ending else BATCH_OPEN
        found: list[Batch] = Batch.objects.filter(run=run).next_in_turn(timezone.now(), _CANDIDATES, states=states)
        return found

    def _claim(self, run: Run, candidates: list[Batch]) -> Claimed | None:
        for batch in candidates:
            token = leases.claim(
                Batch.objects.filter(state=batch.state, attempts=batch.attempts),
                pk=batch.pk,
                lease_s=BATCH_LEASE_S,
                state=BatchState.SENDING,
                # Counted before the call, so that a batch which kills its worker does not do so for ever.
                attempts=F("attempts") + 1,
            )
            if token is not None:
                found_in = batch.state
                batch.refresh_from_db()
                return Claimed(
                    batch,
                    token,
                    was_unsure=found_in != BatchState.PENDING,
                    was_abandoned=found_in == BatchState.SENDING,
                )
        return None

    def _work(self, run: Run, claimed: Claimed) -> bool:
        """Send one batch and record what became of it; False when the run has to wait."""
        batch = self.batch = claimed.batch
        if outcomes.is_worn_out(run, claimed):
            if batch.count > 1:
                outcomes.split(run, claimed, refused.halves(batch.count))
            else:
                outcomes.failed(claimed, "GaveUp")
            return True
        payload: Payload | None = None
        try:
            payload = self._read(run, batch)
            self._send(run, claimed, payload)
        except (files.FilesLostError, payloads.PayloadMissing):
            outcomes.give_back(claimed)
            restoring.lost(run)
            return False
        except targets.TargetBusyError as busy:
            outcomes.give_back(claimed, wait_s=busy.wait_s)
            outcomes.wait(run, busy.wait_s, "create_unanswered")
            return False
        except ProfileUnusable as problem:
            outcomes.give_back(claimed)
            return self.voice.pause_unusable(run, problem)
        except PinterestError as error:
            return self._refused(run, claimed, error, payload)
        except DatabaseError:
            # Nothing can be recorded now: the lease runs out, and the batch is sent again.
            raise
        except Exception as error:
            logger.exception("Run %s, batch %s failed (%s)", run.pk, batch.pk, type(error).__name__)
            outcomes.broken(run, claimed)
            return False
        finally:
            self.exchange = None
            self.calls.save_if_due()
        return True

    def _send(self, run: Run, claimed: Claimed, payload: Payload) -> None:
        client = self.voice.client(run)
        audience = run.audience
        assert audience is not None  # noqa: S101 -- step() has looked
        account, wire = audience.ad_account.pinterest_id, plans.wire_of(run)
        if not audience.customer_list_id:
            is_new = targets.ensure_list(audience, client, payload, list_type=wire.list_type, may_create=not run.ending)
            if is_new:
                self._count(run, claimed)
                access.try_audience(audience, client)
                return
            if not audience.customer_list_id:
                # It was looked up and is not there, and the run ends: nothing was carried out.
                outcomes.record(claimed, BatchState.SKIPPED, next_attempt_at=None)
                return
        call = customer_lists.add if claimed.batch.operation == "ADD" else customer_lists.remove
        call(client, account, audience.customer_list_id, payload)
        self._count(run, claimed)

    def _refused(self, run: Run, claimed: Claimed, error: PinterestError, payload: Payload | None) -> bool:
        """What the class of the error says about the batch; the class alone decides."""
        logger.info("Run %s, batch %s: %s", run.pk, claimed.batch.pk, type(error).__name__)
        profile = self.voice.profile
        assert profile is not None  # noqa: S101 -- Pinterest was asked in its name
        assert run.audience is not None  # noqa: S101 -- step() has looked
        if isinstance(error, RateLimited):
            outcomes.give_back(claimed, wait_s=error.retry_after_s, error=error)
            rates.block(profile, rates.category(self.exchange.method if self.exchange else ""), error.retry_after_s)
            outcomes.wait(run, error.retry_after_s, "rate_limited")
            return False
        if isinstance(error, NotSent):
            outcomes.trouble(run, claimed, error, is_unsure=claimed.was_unsure)
            return False
        if isinstance(error, UnknownOutcome | ServerTrouble):
            # A server that fails may have done the work before.
            outcomes.trouble(run, claimed, error, is_unsure=True)
            return False
        if isinstance(error, TokenRefused):
            outcomes.give_back(claimed, error=error)
            return self.voice.renew(run)
        if isinstance(error, AccessLost):
            outcomes.give_back(claimed, error=error)
            return self.voice.pause_refused(run, error)
        if isinstance(error, NotFound) and run.audience.customer_list_id:
            outcomes.failed(claimed, "NotFound", http_status=error.status)
            endings.stop_sending(run, ending="failed", code="list_gone")
            endings.skip_unsure(run)
            return False
        if isinstance(error, NotFound):
            outcomes.give_back(claimed, error=error)
            return self.voice.pause_refused(run, error)
        if isinstance(error, Terminal):
            refused.refuse(run, claimed, error, payload)
            return True
        raise error

    def _read(self, run: Run, batch: Batch) -> Payload:
        name = files.run_name(run, run.files_attempt)
        try:
            return payloads.read(files.fetch(name), batch.operation, batch.first, batch.count)
        except payloads.PayloadMissing:
            return payloads.read(files.fetch_again(name), batch.operation, batch.first, batch.count)

    def _count(self, run: Run, claimed: Claimed) -> None:
        profile = self.voice.profile
        if outcomes.sent(run, claimed, self.exchange, profile=profile):
            self.sent += 1
        if profile is not None:
            standby.note_sent(run.delivery, profile)

    def _note(self, exchange: Exchange) -> None:
        self.calls.note(exchange, batch=self.batch, profile=self.voice.profile)
        if exchange.path == TOKEN_PATH:
            return
        self.exchange = exchange
        if self.voice.profile is not None:
            rates.note(self.voice.profile, rates.category(exchange.method), exchange.rate)

    def _fan_out(self) -> None:
        """Once the list exists, others may help."""
        if self.has_fanned_out or not self.sent:
            return
        self.has_fanned_out = True
        waiting = Batch.objects.filter(run=self.run_id, state__in=BATCH_OPEN).filter(lease_is_free(timezone.now()))
        if settings.PUMPS_PER_RUN > 1 and waiting.count() >= _FAN_OUT_FROM:
            run = Run.objects.filter(pk=self.run_id, state=RunState.UPLOADING).first()
            if run is not None:
                hinting.pump(run, pumps=settings.PUMPS_PER_RUN - 1)
