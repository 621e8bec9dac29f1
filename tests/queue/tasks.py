"""Tasks for clusters under test: what they did is seen in a folder."""

import os
import time
from pathlib import Path


def _folder() -> Path:
    return Path(os.environ["NOTES"])


def note(pk: int) -> int:
    """Leave a file with the id for a name."""
    (_folder() / str(pk)).touch()
    return pk


def note_slowly(pk: int) -> int:
    """Say that it began, work for two seconds, say that it ended."""
    (_folder() / f"{pk}-began-{os.getpid()}").touch()
    time.sleep(2)
    (_folder() / f"{pk}-ended").touch()
    return pk


def note_until_stopped(pk: int) -> int:
    """Work for up to a minute, but stop in good order when asked."""
    from pinconnect.queue.budget import TimeBudget

    budget = TimeBudget(60)
    (_folder() / f"{pk}-began-{os.getpid()}").touch()
    while not budget.is_spent:
        time.sleep(0.05)
    (_folder() / f"{pk}-stopped").touch()
    return pk


def fail_with_a_person(pk: int) -> None:
    """Fail with an address in the message, as a careless library would."""
    raise ValueError(f"row {pk}: jane.doe@example.com is taken")
