"""The tabs of the settings pages."""

from dataclasses import dataclass

from django.urls import reverse

from pinconnect.workspaces.access import WorkspaceRequest
from pinconnect.workspaces.roles import Verb, allows


@dataclass(frozen=True)
class SettingsTab:
    label: str
    url: str
    is_current: bool


def settings_tabs(request: WorkspaceRequest, current: str) -> list[SettingsTab]:
    """current is the URL name of the page; the audit log is offered to those who may open it."""
    pages = [
        ("General", "settings", Verb.VIEW),
        ("Members", "members", Verb.VIEW),
        ("Audit log", "audit", Verb.ADMINISTER),
    ]
    slug = request.workspace.slug
    return [
        SettingsTab(label, reverse(f"workspaces:{name}", kwargs={"workspace": slug}), name == current)
        for label, name, verb in pages
        if allows(request.membership.role, verb)
    ]
