"""What every template knows about open alerts."""

from typing import Any

from django.http import HttpRequest


def alerts(request: HttpRequest) -> dict[str, Any]:
    return {}
