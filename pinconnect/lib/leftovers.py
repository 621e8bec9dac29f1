"""What killed processes have left in folders of this host."""

import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

# Longer than anybody works with a file or folder of these kinds.
ABANDONED_S = 24 * 3600


def sweep(paths: Iterable[Path], *, now: float | None = None) -> int:
    """Remove those of these files and folders that nobody has touched for a day; returns how many."""
    oldest, removed = (now or time.time()) - ABANDONED_S, 0
    for path in paths:
        # Whoever is done with one takes it away at any moment.
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < oldest:
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()
                removed += 1
    return removed
