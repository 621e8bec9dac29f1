"""A log of the calls that came, without tokens, bodies or queries, so that tests and people can count them."""

from __future__ import annotations

import json
import threading
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Call:
    """One call. records and operation_type are filled for customer lists; fault names the fault that struck it."""

    at: float
    method: str
    path: str
    operation: str
    operation_type: str | None
    records: int | None
    status: int
    ending: str
    duration_ms: float
    user: str | None
    fault: str | None


class CallLog:
    """An append-only file of JSON lines; written without waiting for the disk, which outlives a killed process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._file = path.open("ab", buffering=0)

    def add(self, call: Call) -> None:
        """Write down one call."""
        line = json.dumps(asdict(call)).encode() + b"\n"
        with self._lock:
            self._file.write(line)

    def read(self, last: int | None = None) -> list[dict[str, Any]]:
        """The calls in the order in which they ended, or only the last ones."""
        with self._path.open("rb") as lines:
            found = deque((line for line in lines if line.endswith(b"\n")), maxlen=last)
        return [json.loads(line) for line in found]

    def clear(self) -> None:
        """Forget all calls."""
        with self._lock:
            self._file.truncate(0)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
