"""The way in, making a workspace, and its settings."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from pinconnect.workspaces import navigation, services
from pinconnect.workspaces.access import LAST_WORKSPACE, SignedInRequest, WorkspaceRequest, signed_in, workspace_view
from pinconnect.workspaces.forms import PersonForm, WorkspaceForm
from pinconnect.workspaces.models import Membership
from pinconnect.workspaces.roles import DESCRIPTIONS, Role, Verb
from pinconnect.workspaces.views.tabs import settings_tabs


@signed_in
@require_safe
def home(request: SignedInRequest) -> HttpResponse:
    """Where a person was last, else the first workspace by name, else making one."""
    memberships = Membership.objects.filter(user=request.user).select_related("workspace").order_by("workspace__name")
    last = memberships.filter(workspace__slug=request.session.get(LAST_WORKSPACE, "")).first()
    membership = last or memberships.first()
    if membership is None:
        return redirect("workspaces:create")
    return redirect(navigation.first_page(membership.workspace))


@signed_in
def create(request: SignedInRequest) -> HttpResponse:
    form = WorkspaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        workspace = services.create_workspace(by=request.user, **form.cleaned_data)
        messages.success(request, f"{workspace.name} is ready.")
        return redirect(navigation.first_page(workspace))
    is_first = not request.user.memberships.exists()
    return render(request, "workspaces/create.html", {"form": form, "is_first": is_first})


@signed_in
def person(request: SignedInRequest) -> HttpResponse:
    """One's own name, and the way to one's addresses, password, second factors and sessions."""
    form = PersonForm(request.POST if request.method == "POST" else None, initial={"name": request.user.name})
    if request.method == "POST" and form.is_valid():
        services.change_name(request.user, form.cleaned_data["name"])
        messages.success(request, "Your name is saved.")
        return redirect("workspaces:person")
    return render(request, "workspaces/person.html", {"form": form})


@workspace_view(Verb.VIEW)
@require_safe
def settings(request: WorkspaceRequest) -> HttpResponse:
    context = {
        "tabs": settings_tabs(request, "settings"),
        "role_description": DESCRIPTIONS[Role(request.membership.role)],
    }
    return render(request, "workspaces/settings.html", context)


@workspace_view(Verb.ADMINISTER)
def change_settings(request: WorkspaceRequest) -> HttpResponse:
    workspace = request.workspace
    initial = {"name": workspace.name, "time_zone": workspace.time_zone}
    form = WorkspaceForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        if services.change_workspace(workspace, by=request.user, **form.cleaned_data):
            messages.success(request, "The settings are saved.")
        return redirect("workspaces:settings", workspace=workspace.slug)
    return render(request, "workspaces/change_settings.html", {"form": form})
