"""Databases that have all tables already, made once for a whole run of the tests: migrating takes ten seconds.

Outside the tests there is no such folder, and everybody makes their own.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

# Where they lie, shared by all processes that run tests.
FOLDER = "PINCONNECT_TEST_TEMPLATES"


def template(name: str, make: Callable[[Path], None]) -> Path | None:
    """A path that make has filled, by whichever process came first; None outside the tests."""
    if not (text := os.environ.get(FOLDER)):
        return None
    folder = Path(text)
    folder.mkdir(parents=True, exist_ok=True)
    found = folder / name
    with _alone(folder / f"{name}.lock"):
        if not found.exists():
            draft = folder / f"{name}.draft"
            shutil.rmtree(draft, ignore_errors=True)
            make(draft)
            draft.rename(found)
    return found


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
