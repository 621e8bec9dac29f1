"""The tabs of the product, in the order in which they are shown."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from pinconnect.workspaces.models import Workspace


@dataclass(frozen=True)
class Tab:
    """app and prefix say which pages lie under the tab: those of the app whose URL name begins with a prefix."""

    label: str
    icon: str
    url_name: str
    app: str
    prefixes: tuple[str, ...] = ("",)
    but_not: tuple[str, ...] = ()

    def holds(self, app: str, url_name: str) -> bool:
        is_under = app == self.app and url_name.startswith(self.prefixes)
        return is_under and not (self.but_not and url_name.startswith(self.but_not))


@dataclass(frozen=True)
class NavItem:
    """What a template needs to show a tab; icon is a name of the lucide set."""

    label: str
    icon: str
    url: str
    is_current: bool


TABS = (
    Tab("Dashboard", "layout-dashboard", "audiences:dashboard", "audiences", ("dashboard",)),
    Tab("Deliveries", "send", "audiences:delivery-list", "audiences", but_not=("dashboard",)),
    Tab("Datasets", "database", "datasets:list", "datasets"),
    Tab("Profiles", "circle-user-round", "profiles:list", "profiles", but_not=("ad-account",)),
    Tab("Ad Accounts", "megaphone", "profiles:ad-accounts", "profiles", ("ad-account",)),
    Tab("App Invites", "mail-plus", "invites:list", "invites"),
    Tab("Settings", "settings", "workspaces:settings", "workspaces"),
)


def items(request: HttpRequest, workspace: Workspace) -> list[NavItem]:
    """The tabs for a page of this workspace; a tab whose app has no pages yet is left out."""
    match = request.resolver_match
    app, url_name = (match.app_name, match.url_name or "") if match else ("", "")
    found = []
    for tab in TABS:
        try:
            url = reverse(tab.url_name, kwargs={"workspace": workspace.slug})
        except NoReverseMatch:
            continue
        found.append(NavItem(tab.label, tab.icon, url, tab.holds(app, url_name)))
    return found


def first_page(workspace: Workspace) -> str:
    """The address of the first tab, where a person arrives in a workspace."""
    for tab in TABS:
        try:
            return reverse(tab.url_name, kwargs={"workspace": workspace.slug})
        except NoReverseMatch:
            continue
    raise RuntimeError("No tab of the navigation has an address.")
