"""Removes files that nothing needs any more: those of ended runs, old ledgers, and local copies and scratch."""

import re
import shutil
import time
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from audiences import files
from audiences.models import Audience, Run
from audiences.people import parts
from audiences.querysets import lease_is_free
from audiences.states import RUN_TERMINAL
from pinconnect.queue import hints
from pinconnect.queue.budget import TimeBudget

# Kept for a while after the end, so that a dry run or a slow worker that still reads them finds them.
RUN_FILES_KEPT = timedelta(days=2)
LEDGERS_KEPT = 2
LOCAL_COPIES_KEPT_S = 2 * 86_400
AT_ONCE = 200
# Storage may be far away; what is not done by then is done by the next task.
BUDGET_S = 30.0
_SCRATCH = re.compile(r"run-(\d+)-\d+$")


def hint() -> None:
    """Have a worker prune: it may take longer than the reconciler's thread has."""
    hints.enqueue("audiences.tasks.prune_files", 0)


def prune(budget: TimeBudget | None = None) -> int:
    """Remove what is old; the masked list of refused values of a run stays. Returns how many folders went."""
    budget = budget or TimeBudget(BUDGET_S)
    return sweep() + parts.sweep() + _prune_runs(budget) + _prune_ledgers(budget) + _prune_local(budget)


def sweep() -> int:
    """Remove raw values that killed processes have left in this host's scratch folders; returns how many folders."""
    # Folders first, leases second: whoever makes a folder already holds the lease.
    found = [
        (folder, match) for folder in files.scratch_folder().glob("run-*") if (match := _SCRATCH.match(folder.name))
    ]
    held = Run.objects.exclude(lease_is_free(timezone.now())).filter(pk__in={int(match[1]) for _, match in found})
    in_use = {f"run-{pk}-{attempts}" for pk, attempts in held.values_list("pk", "attempts")}
    left = [folder for folder, _ in found if folder.name not in in_use]
    for folder in left:
        shutil.rmtree(folder, ignore_errors=True)
    return len(left)


def drop_attempts(run: Run, *, but: int | None = None) -> int:
    """Remove what the attempts to prepare a run have left, wherever they got to; returns how many folders went."""
    gone = [attempt for attempt in files.attempts(run) if attempt != but]
    for attempt in gone:
        files.remove(files.run_name(run, attempt))
    return len(gone)


def _prune_runs(budget: TimeBudget) -> int:
    """Of every ended run, whether it sent anything or not."""
    ended = Run.objects.filter(
        state__in=RUN_TERMINAL, finished_at__lte=timezone.now() - RUN_FILES_KEPT, is_pruned=False
    )
    removed = 0
    for run in ended.order_by("pk")[:AT_ONCE]:
        if budget.is_spent:
            break
        removed += drop_attempts(run)
        Run.objects.filter(pk=run.pk).update(is_pruned=True)
    return removed


def _prune_ledgers(budget: TimeBudget) -> int:
    """All versions but the newest ones that were in use, of audiences at which nobody works."""
    removed = 0
    changed = Audience.objects.filter(ledger_version__gt=F("pruned_version"))
    idle = changed.exclude(runs__in=Run.objects.active()).order_by("pk")
    for pk in idle.values_list("pk", flat=True)[:AT_ONCE]:
        if budget.is_spent:
            break
        removed += _prune_ledger(pk)
    return removed


def _prune_ledger(pk: int) -> int:
    """Only versions before the current one: a newer one may be about to become it."""
    audience = Audience.objects.get(pk=pk)
    if audience.runs.active().filter(is_dry_run=False).exists():
        return 0
    used = Run.objects.filter(audience=audience, settled_version__isnull=False).order_by("-pk")
    needed = {audience.ledger_version, *used.values_list("settled_version", flat=True)[:LEDGERS_KEPT]}
    old = [version for version in files.ledger_versions(audience) if version < audience.ledger_version]
    for version in set(old) - needed:
        files.remove(files.ledger_name(audience, version))
    Audience.objects.filter(pk=pk).update(pruned_version=audience.ledger_version)
    return len(set(old) - needed)


def _prune_local(budget: TimeBudget) -> int:
    """Copies of remote files that were not needed for days; never those of a run, or an audience, that goes on."""
    removed = 0
    oldest = time.time() - LOCAL_COPIES_KEPT_S
    busy = _busy_folders()
    cache = Path(settings.WORK_DIR) / "cache"
    for folder in cache.glob("workspaces/*/*/*/*"):
        if budget.is_spent:
            break
        is_busy = "/".join(folder.relative_to(cache).parts[2:4]) in busy
        if folder.is_dir() and not is_busy and folder.stat().st_mtime < oldest:
            files.delete_folder(folder)
            removed += 1
    return removed


def _busy_folders() -> set[str]:
    """The kind of a folder and whose it is, of all that unfinished runs may be reading."""
    active = Run.objects.active().values_list("pk", "audience")
    return {name for run, audience in active for name in (f"runs/{run}", f"ledgers/{audience}", f"history/{audience}")}
