"""Files of many records instead of many calls, where Pinterest lets the ad account upload them (a beta).

A run asks by trying: the first file of an ad account without the feature is refused, and that is remembered for a
while. Whatever Pinterest does not confirm to the last record goes the ordinary way, where bad records are found: a file
is never the only way, and adding or removing twice changes nothing on the list.

While Pinterest works on a file its batch is UNKNOWN, which is what it is, and is looked at again and again.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import groupby

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from audiences.models import Batch, Run
from audiences.pipeline.batches import most_records
from audiences.pipeline.plan import BatchLimits, BatchRange
from audiences.services import outcomes, vanished
from audiences.services.outcomes import Claimed
from audiences.states import BatchState
from pinconnect.pinterest import customer_lists, uploads
from pinconnect.pinterest.client import Client
from pinconnect.pinterest.errors import (
    FlaggedAsSpam,
    NotFound,
    NotPermitted,
    PinterestError,
    Rejected,
    UnknownOutcome,
)
from pinconnect.pinterest.types import Payload
from pinconnect.pinterest.uploads import Upload
from pinconnect.profiles.services.ad_accounts import note_files_refused
from pinconnect.queue import leases

# Fewer records are as quick in calls. A file of the most is 16 MB, which a slow line takes within the time below.
LEAST = 50_000
MOST = 250_000
# Amazon's least for every part but the last.
PART_BYTES = 5_242_880
# Announcing a file and running it count as changes of a list; storing its parts does not.
CALLS_PER_FILE = 2
LONGEST_S = 25.0
LEASE_S = 60.0
ASK_AGAIN = timedelta(days=7)
# Where the bucket cannot be reached: that is a matter of a network, and sooner mended than a feature is granted.
BUCKET_AGAIN = timedelta(days=1)
# From then on the run's page says what it waits for.
NOTED_AFTER = timedelta(minutes=1)


class NoFileError(Exception):
    """This file cannot go up as one: its records go the ordinary way."""


class UploadMissing(UnknownOutcome):
    """Pinterest answers, and does not find an upload of a list that it knows. That is no silence to wait out."""


class ListMissing(NotFound):
    """The list of an upload is gone, and the upload with it."""


def batches_of(run: Run, ranges: Iterable[BatchRange]) -> Iterator[Batch]:
    """The batches of a prepared run: ranges of an operation put together into files where that pays and may work."""
    may_try = _may_try(run)
    for operation, found in groupby(ranges, key=lambda one: one.operation):
        rest = list(found)
        if operation == "ADD" and run.audience is not None and not run.audience.customer_list_id:
            # The list is made by an ordinary call.
            yield _batch(run, rest[:1])
            rest = rest[1:]
        if not may_try or sum(one.count for one in rest) < LEAST:
            yield from (_batch(run, [one]) for one in rest)
        else:
            yield from (_batch(run, some, is_file=len(some) > 1) for some in _files(rest))


def _may_try(run: Run) -> bool:
    if not settings.PINTEREST_FILE_UPLOADS or run.plan["wire"]["shape"] != "records" or run.audience is None:
        return False
    refused_at = run.audience.ad_account.files_refused_at
    return refused_at is None or refused_at < timezone.now() - ASK_AGAIN


def _files(ranges: list[BatchRange]) -> Iterator[list[BatchRange]]:
    some: list[BatchRange] = []
    for one in ranges:
        if some and sum(taken.count for taken in some) + one.count > MOST:
            yield some
            some = []
        some.append(one)
    yield some


def _batch(run: Run, some: list[BatchRange], *, is_file: bool = False) -> Batch:
    # Between two ranges stands one more separator.
    size = sum(one.bytes for one in some) + len(some) - 1
    count = sum(one.count for one in some)
    return Batch(
        run=run, operation=some[0].operation, first=some[0].first, count=count, size_bytes=size, is_file=is_file
    )


def go_on(run: Run, claimed: Claimed, client: Client, read: Callable[[], Payload]) -> bool:
    """Take the next step with a file; True once Pinterest has confirmed all of it, else what became of it is noted.

    Raises what every batch may meet: no answer, a limit, a refused token.
    """
    batch = claimed.batch
    if run.ending and not batch.upload_id:
        outcomes.record(claimed, BatchState.SKIPPED, next_attempt_at=None)
        return False
    if not batch.upload_id and not _may_try(run):
        # It has turned out since the run was prepared that files do not work here.
        return _note(run, claimed, None)
    try:
        upload = _look(run, claimed, client) if batch.upload_id else _start(run, claimed, client, read())
    except ListMissing:
        raise
    except (NotFound, Rejected, NoFileError):
        # If the list is gone, or all is refused, the ordinary way says so.
        upload = None
    except leases.LeaseLostError:
        return False
    return _note(run, claimed, upload)


def _note(run: Run, claimed: Claimed, upload: Upload | None) -> bool:
    batch = claimed.batch
    if upload is not None and upload.took_all(batch.count):
        return True
    # Not since the run began to send: it may have waited for days before this file had its turn.
    begun_at = (upload and upload.created_at) or run.upload_started_at or timezone.now()
    waited = timezone.now() - begun_at
    if upload is not None and upload.is_running:
        # However long: given up and applied later, it would bring back people who were taken off meanwhile.
        if waited >= NOTED_AFTER:
            Run.objects.filter(pk=run.pk, ending="", reason="").update(reason="file_at_pinterest")
        wait_s = min(300.0, max(5.0, waited.total_seconds() / 10))
        again = timezone.now() + timedelta(seconds=wait_s)
        # A look is no attempt.
        looked = {"attempts": F("attempts") - 1} if batch.upload_id else {}
        outcomes.record(claimed, BatchState.UNKNOWN, upload_id=upload.id, next_attempt_at=again, **looked)
    else:
        # Some of a file that ended may have been applied, also of one that failed.
        whole = replace(claimed, was_unsure=claimed.was_unsure or upload is not None)
        outcomes.split(run, whole, pieces(run, batch))
    return False


def pieces(run: Run, batch: Batch) -> tuple[int, ...]:
    """How many records each ordinary batch in place of a file has."""
    limits = run.plan["limits"]
    most = most_records(BatchLimits(limits["records"], limits["bytes"]))
    full, rest = divmod(batch.count, most)
    return (most,) * full + ((rest,) if rest else ())


def _look(run: Run, claimed: Claimed, client: Client) -> Upload:
    """How far it is; one that was not started is started again.

    The call that was to start it may be under way, however long ago it was given up. So no other file takes its place,
    and the run does not end without it: both would leave people on the list later that nobody knows of.
    """
    place, upload_id = _place(run), claimed.batch.upload_id
    _keep(claimed)
    try:
        upload = uploads.get(client, *place, upload_id)
    except NotFound as error:
        _keep(claimed)
        _require_list(run, client)
        # It may be at work all the same; only when Pinterest keeps saying so does the ordinary way begin.
        raise UploadMissing("Pinterest does not find the upload", status=error.status) from error
    vanished.note_found(run.audience, "list")
    if upload.state != "NOT_STARTED":
        return upload
    _keep(claimed)
    try:
        return uploads.run(client, *place, upload_id)
    except Rejected:
        # Started in this moment, or never to be.
        upload = uploads.get(client, *place, upload_id)
        if upload.state == "NOT_STARTED":
            raise
        return upload


def _require_list(run: Run, client: Client) -> None:
    try:
        customer_lists.get(client, *_place(run))
    except NotFound as error:
        raise ListMissing("Pinterest does not find the list", status=error.status) from error
    except Rejected:
        # An odd answer to this question says nothing about the file.
        return
    vanished.note_found(run.audience, "list")


def _start(run: Run, claimed: Claimed, client: Client, payload: Payload) -> Upload:
    """Announce, store and run a file. Before it is run its id is written down, so that it can be looked for."""
    began = time.monotonic()
    data = _parts(payload)
    upload, places = _announce(run, claimed.batch.operation, len(data), client)
    if len(places) != len(data):
        raise NoFileError
    for part, content in zip(places, data, strict=True):
        if time.monotonic() - began > LONGEST_S:
            # Calls are small enough for a line as slow as this.
            raise NoFileError
        _keep(claimed)
        _put(run, client, part, content)
    _keep(claimed, upload_id=upload.id)
    return uploads.run(client, *_place(run), upload.id)


def _announce(run: Run, operation: str, parts: int, client: Client) -> tuple[Upload, tuple[uploads.Part, ...]]:
    """Only here a refusal says that the ad account lacks the feature."""
    try:
        return uploads.create(client, *_place(run), operation=operation, total_parts=parts)
    except FlaggedAsSpam:
        raise
    except NotPermitted as error:
        assert run.audience is not None  # noqa: S101 -- whoever sends has looked
        note_files_refused(run.audience.ad_account, timezone.now())
        raise NoFileError from error


def _put(run: Run, client: Client, part: uploads.Part, content: bytes) -> None:
    """What Amazon's bucket answers says nothing about Pinterest, the profile or the records; calls need no bucket."""
    try:
        uploads.put(client, part, content)
    except PinterestError as error:
        assert run.audience is not None  # noqa: S101 -- whoever sends has looked
        note_files_refused(run.audience.ad_account, timezone.now() - ASK_AGAIN + BUCKET_AGAIN)
        raise NoFileError from error


def _parts(payload: Payload) -> list[bytes]:
    """One record a line, cut anywhere: the parts are put together again."""
    if payload.rows_json is not None:
        raise NoFileError
    records = payload.digests if payload.digests is not None else payload.text.encode()
    text = records.replace(b",", b"\n") + b"\n"
    number = min(10, max(1, len(text) // PART_BYTES))
    length = -(-len(text) // number)
    return [text[start : start + length] for start in range(0, len(text), length)]


def _keep(claimed: Claimed, **changes: str) -> None:
    """Hold the batch for some more time. Raises LeaseLostError when it is somebody else's."""
    mine = Batch.objects.filter(pk=claimed.batch.pk, lease_token=claimed.token)
    if not mine.update(lease_until=timezone.now() + timedelta(seconds=LEASE_S), **changes):
        raise leases.LeaseLostError("Somebody else sends this file now.")


def _place(run: Run) -> tuple[str, str]:
    audience = run.audience
    assert audience is not None  # noqa: S101 -- whoever sends has looked
    return audience.ad_account.pinterest_id, audience.customer_list_id


def covers(stored: Iterable[tuple[str, int, int]], ranges: Sequence[BatchRange]) -> bool:
    """Whether batches (operation, first, count) are the ranges, each one or several of them in a row."""
    starts = {(one.operation, one.first) for one in ranges}
    ends = {(one.operation, one.first + one.count) for one in ranges}
    found = list(stored)
    inside = all((what, first) in starts and (what, first + count) in ends for what, first, count in found)
    return inside and sum(count for *_, count in found) == sum(one.count for one in ranges)
