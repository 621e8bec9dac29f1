"""Examining a text without storage or models."""

from pathlib import Path
from typing import Any

from pinconnect.datasets.examination.examine import examine
from pinconnect.datasets.examination.results import Examined, Limits, RefusedError

LIMITS = Limits(expanded_bytes=1_000_000_000, memory_mb=200, threads=1)


def examined(
    folder: Path, content: str | bytes, name: str = "people.csv", *, limits: Limits = LIMITS, **kwargs: Any
) -> Examined:
    """What an examination of a file with this content finds."""
    path, work = folder / "upload", folder / "scratch"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    work.mkdir(exist_ok=True)
    return examine(path, name, work, limits, **kwargs)


def refused(folder: Path, content: str | bytes, name: str = "people.csv", **kwargs: Any) -> RefusedError:
    """Why it is refused."""
    try:
        found = examined(folder, content, name, **kwargs)
    except RefusedError as error:
        return error
    raise AssertionError(f"It was not refused: {found.rows} rows in {len(found.columns)} columns.")
