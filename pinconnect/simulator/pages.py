"""HTML pages, rendered without any project settings and sent under a strict content security policy."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from django.template import Context as TemplateContext
from django.template import Engine

from pinconnect.simulator.http import Answer


@cache
def _engine() -> Engine:
    return Engine(dirs=[str(Path(__file__).parent / "templates")], autoescape=True)


def page(template: str, values: dict[str, Any], status: int = 200, *, form_targets: str = "'self'") -> Answer:
    """A page. form_targets: where its forms may lead, redirects included, as a CSP source list."""
    text = _engine().get_template(template).render(TemplateContext(values, use_l10n=False, use_tz=False))
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none';"
        f" form-action {form_targets}"
    )
    headers = {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": policy,
        "cache-control": "no-store",
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
    }
    return Answer(status, headers, text.encode())
