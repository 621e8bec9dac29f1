"""Ad accounts: every one that some profile reaches, searched, explained and chosen."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from pinconnect.lib.texts import row_number, without_nul
from pinconnect.profiles import services, wording
from pinconnect.profiles.models import AdAccount, Profile
from pinconnect.profiles.querysets import AdAccountQuerySet
from pinconnect.workspaces.access import WorkspaceRequest, workspace_view
from pinconnect.workspaces.roles import Verb

PER_PAGE = 50
FILTERS = {"": "All", "usable": "Ready for deliveries", "chosen": "Chosen", "blocked": "Cannot be used"}


@workspace_view(Verb.VIEW)
@require_safe
def index(request: WorkspaceRequest) -> HttpResponse:
    everything = AdAccount.objects.for_workspace(request.workspace)
    text, show = without_nul(request.GET.get("q", "")), request.GET.get("show", "")
    found = _filtered(everything.matching(text), show).with_accesses()
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page_obj": page,
        "rows": [(account, wording.why_not(account)) for account in page],
        "q": text,
        "show": show if show in FILTERS else "",
        "filters": FILTERS,
        "has_any": everything.exists(),
        "has_profile": Profile.objects.for_workspace(request.workspace).connected().exists(),
    }
    return render(request, "profiles/ad_accounts.html", context)


def _filtered(accounts: AdAccountQuerySet, show: str) -> AdAccountQuerySet:
    if show == "usable":
        return accounts.usable()
    if show == "chosen":
        return accounts.chosen()
    if show == "blocked":
        return accounts.exclude(pk__in=accounts.usable().values("pk"))
    return accounts


@workspace_view(Verb.OPERATE)
@require_POST
def choose(request: WorkspaceRequest) -> HttpResponse:
    """POST: shown and chosen, numbers of ad accounts; what was not shown keeps its choice. q and show lead back."""
    sent = {name: map(row_number, request.POST.getlist(name)) for name in ("shown", "chosen")}
    numbers = {name: [pk for pk in pks if pk is not None] for name, pks in sent.items()}
    changed = services.choose_ad_accounts(request.workspace, by=request.user, **numbers)
    if changed:
        messages.success(request, "The choice is saved. Chosen ad accounts are offered when a delivery is set up.")
    else:
        messages.info(request, "Nothing was changed.")
    kept = {name: request.POST[name] for name in ("q", "show", "page") if request.POST.get(name)}
    url = reverse("profiles:ad-accounts", kwargs={"workspace": request.workspace.slug})
    return redirect(f"{url}?{urlencode(kept)}" if kept else url)
