"""What becomes of a batch and its run when it did not go through: the class of the error decides, and nothing else."""

import logging
from collections.abc import Callable
from pathlib import Path

from audiences import files
from audiences.models import Run
from audiences.pipeline import payloads
from audiences.pipeline.plan import is_disk_full
from audiences.services import access, outcomes, rates, refused, restoring, targets, vanished
from audiences.services.outcomes import Claimed
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
from pinconnect.pinterest.types import Payload
from pinconnect.profiles.tokens import ProfileUnusable

logger = logging.getLogger(__name__)

FILES_AGAIN_S = 30.0


class FilesAwayError(Exception):
    """The files of a run are in storage, as far as anybody knows, and could not be brought here. code: why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def fetched(fetch: Callable[[str], Path], name: str) -> Path:
    """Bring files here before anything is sent. Raises FilesLostError and FilesAwayError."""
    try:
        return fetch(name)
    except files.FilesLostError:
        raise
    except Exception as error:
        logger.warning("The files %s cannot be fetched (%s)", name, type(error).__name__, exc_info=error)
        raise FilesAwayError("disk_full" if is_disk_full(error) else "storage_away") from error


def deal_with(
    error: Exception, run: Run, claimed: Claimed, payload: Payload | None, voice: access.Voice, last: Exchange | None
) -> bool:
    """A batch did not go through; False when the run has to wait. last: the call that failed, if one was made."""
    if isinstance(error, files.FilesLostError | payloads.PayloadMissing):
        outcomes.give_back(claimed)
        restoring.lost(run)
        return False
    if isinstance(error, FilesAwayError):
        # Nothing was sent: neither Pinterest's fault nor the batch's.
        outcomes.give_back(claimed)
        outcomes.wait(run, FILES_AGAIN_S, error.code)
        return False
    if isinstance(error, targets.TargetBusyError):
        outcomes.give_back(claimed, wait_s=error.wait_s)
        outcomes.wait(run, error.wait_s, "create_unanswered")
        return False
    if isinstance(error, ProfileUnusable):
        outcomes.give_back(claimed)
        return voice.pause_unusable(run, error)
    if isinstance(error, PinterestError):
        return _refused(error, run, claimed, payload, voice, last)
    logger.error("Run %s, batch %s failed (%s)", run.pk, claimed.batch.pk, type(error).__name__, exc_info=error)
    outcomes.broken(run, claimed)
    return False


def _refused(
    error: PinterestError,
    run: Run,
    claimed: Claimed,
    payload: Payload | None,
    voice: access.Voice,
    last: Exchange | None,
) -> bool:
    """What the class of the error says about the batch; the class alone decides."""
    logger.info("Run %s, batch %s: %s", run.pk, claimed.batch.pk, type(error).__name__)
    profile = voice.profile
    assert profile is not None  # noqa: S101 -- Pinterest was asked in its name
    assert run.audience is not None  # noqa: S101 -- the pump has looked
    if isinstance(error, RateLimited):
        outcomes.give_back(claimed, wait_s=error.retry_after_s, error=error)
        rates.block(profile, rates.category(last.method if last else ""), error.retry_after_s)
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
        return voice.renew(run)
    if isinstance(error, AccessLost):
        outcomes.give_back(claimed, error=error)
        return voice.pause_refused(run, error)
    if isinstance(error, NotFound) and run.audience.customer_list_id:
        vanished.list_unknown(run, claimed, error)
        return False
    if isinstance(error, NotFound):
        outcomes.give_back(claimed, error=error)
        return voice.pause_refused(run, error)
    if isinstance(error, Terminal):
        refused.refuse(run, claimed, error, payload)
        return True
    raise error
