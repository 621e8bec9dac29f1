"""What can be switched while the simulator runs; every switch is listed in docs/simulator.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from pinconnect.simulator.http import invalid

CHOICES: Mapping[str, tuple[object, ...]] = {
    "tier": ("standard", "trial", "off"),
    "rotation": ("lenient", "strict"),
    "too_large_status": (413, 400),
    "created_status": (200, 201),
}


@dataclass(frozen=True)
class Options:
    """The present position of every switch.

    tier: which of Pinterest's rate limits hold ("off": none, but the headers are still sent).
    limits: requests per window by category, over the tier's own numbers; "all" is the overall limit.
    rotation: whether a refresh kills the old refresh token ("strict") or leaves it until it expires.
    legacy_app: the app was made before 2025-09-25 and must ask for continuous refresh.
    scopes_accumulate: a token's scope names everything the user ever granted to the app.
    strict_email_case: a plain e-mail with capitals matches nobody.
    list_exceptions: a list's `exceptions` count records that can match nobody.
    refuse_small_audiences: an audience over a list that is TOO_SMALL is refused with 400.
    bulk_upload: ad accounts may upload files of records; upload_delay_s: how long one is processed; min_part_bytes:
        what every part but the last must have.
    """

    ready_delay_s: float = 5.0
    tier: str = "standard"
    limits: Mapping[str, int] = field(default_factory=dict)
    rotation: str = "lenient"
    legacy_app: bool = False
    scopes_accumulate: bool = False
    strict_email_case: bool = True
    list_exceptions: bool = False
    refuse_small_audiences: bool = False
    max_body_bytes: int = 1_000_000
    max_records: int = 10_000
    too_large_status: int = 413
    created_status: int = 200
    bulk_upload: bool = False
    upload_delay_s: float = 2.0
    min_part_bytes: int = 5_242_880

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)


def changed(options: Options, changes: Mapping[str, Any]) -> Options:
    """The options with the changes applied; an unknown name or a value of the wrong type is a 400."""
    known = {item.name: getattr(Options(), item.name) for item in fields(Options)}
    clean: dict[str, Any] = {}
    for name, value in changes.items():
        if name not in known:
            raise invalid(f"Unknown setting '{name}'. Known: {', '.join(known)}.")
        clean[name] = _checked(name, value, known[name])
    return replace(options, **clean)


def _checked(name: str, value: Any, default: Any) -> Any:
    if isinstance(default, Mapping):
        is_right = isinstance(value, dict) and all(_is_number(limit) for limit in value.values())
    elif isinstance(default, bool):
        is_right = isinstance(value, bool)
    elif isinstance(default, str):
        is_right = isinstance(value, str)
    else:
        is_right = _is_number(value)
    if not is_right or value not in CHOICES.get(name, (value,)):
        raise invalid(f"Setting '{name}' cannot have this value.")
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
