"""The style sheet and the picture that the simulator's pages use."""

from __future__ import annotations

from pathlib import Path

from pinconnect.simulator.http import Answer, ApiError
from pinconnect.simulator.routing import Context, Route

FOLDER = Path(__file__).parent / "static"
TYPES = {"simulator.css": "text/css; charset=utf-8", "person.svg": "image/svg+xml"}


def get(context: Context) -> Answer:
    """One of the known files."""
    name = context.params["name"]
    if name not in TYPES:
        raise ApiError(404, 404, "Not found.")
    headers = {"content-type": TYPES[name], "cache-control": "max-age=300", "x-content-type-options": "nosniff"}
    return Answer(200, headers, (FOLDER / name).read_bytes())


ROUTES = (Route("GET", "/static/{name}", "static", "none", get, kinds=()),)
