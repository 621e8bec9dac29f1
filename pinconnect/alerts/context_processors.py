"""What every template knows about open alerts."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from pinconnect.alerts.services import open_alert_count
from pinconnect.workspaces.models import Workspace


def alerts(request: HttpRequest) -> dict[str, Any]:
    """open_alert_count of the workspace that the page is in, counted on first use; 0 outside."""
    workspace: Workspace | None = getattr(request, "workspace", None)
    return {"open_alert_count": SimpleLazyObject(lambda: open_alert_count(workspace)) if workspace else 0}
