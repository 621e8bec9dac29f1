"""Removes files that nothing needs any more: those of ended runs, old ledgers, and local copies of both."""

import logging
import shutil
import time
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from audiences import files
from audiences.models import Audience, Run
from audiences.states import RUN_ACTIVE, RUN_TERMINAL

logger = logging.getLogger(__name__)

# Kept for a while after the end, so that a dry run or a slow worker that still reads them finds them.
RUN_FILES_KEPT = timedelta(days=2)
LEDGERS_KEPT = 2
LOCAL_COPIES_KEPT_S = 2 * 86_400
AT_ONCE = 200


def prune() -> int:
    """Remove what is old; the masked list of refused values of a run stays. Returns how many folders went."""
    return _prune_runs() + _prune_ledgers() + _prune_local()


def _prune_runs() -> int:
    ended = Run.objects.filter(
        state__in=RUN_TERMINAL, finished_at__lte=timezone.now() - RUN_FILES_KEPT, files_attempt__gt=0
    )
    removed = 0
    for run in ended.order_by("pk")[:AT_ONCE]:
        for attempt in range(1, max(run.files_attempt, run.attempts) + 1):
            files.remove(files.run_name(run, attempt))
            removed += 1
        Run.objects.filter(pk=run.pk).update(files_attempt=0)
    return removed


def _prune_ledgers() -> int:
    """All versions but the newest ones that were in use, of audiences at which nobody works."""
    removed = 0
    changed = Audience.objects.filter(ledger_version__gt=F("pruned_version"))
    idle = changed.exclude(runs__in=Run.objects.filter(state__in=RUN_ACTIVE)).order_by("pk")
    for audience in idle[:AT_ONCE]:
        used = Run.objects.filter(audience=audience, settled_version__isnull=False).order_by("-pk")
        needed = {audience.ledger_version, *used.values_list("settled_version", flat=True)[:LEDGERS_KEPT]}
        for version in files.ledger_versions(audience):
            if version not in needed:
                files.remove(files.ledger_name(audience, version))
                removed += 1
        Audience.objects.filter(pk=audience.pk).update(pruned_version=audience.ledger_version)
    return removed


def _prune_local() -> int:
    """Copies of remote files and left-over scratch folders that were not touched for days."""
    removed = 0
    oldest = time.time() - LOCAL_COPIES_KEPT_S
    work = Path(settings.WORK_DIR)
    for folder in (*work.glob("scratch/*"), *work.glob("cache/workspaces/*/*/*/*")):
        if folder.is_dir() and folder.stat().st_mtime < oldest:
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return removed
