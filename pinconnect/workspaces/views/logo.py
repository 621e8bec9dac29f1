"""The logo of a workspace: shown to whoever is shown its address, changed by admins."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from pinconnect.workspaces import logos
from pinconnect.workspaces.access import WorkspaceRequest, public, workspace_view
from pinconnect.workspaces.forms import LogoForm
from pinconnect.workspaces.refusals import Refused
from pinconnect.workspaces.roles import Verb

A_YEAR_S = 31_536_000


@public
@require_safe
def show(request: HttpRequest, name: str) -> HttpResponse:
    """Public, because partners have no account; the name is random and changes with the picture."""
    content = logos.read(name)
    content_type = logos.CONTENT_TYPES.get(name.rpartition(".")[2])
    if content is None or content_type is None:
        raise Http404("No such logo.")
    response = HttpResponse(content, content_type=content_type)
    response["Cache-Control"] = f"public, max-age={A_YEAR_S}, immutable"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@workspace_view(Verb.ADMINISTER)
def change(request: WorkspaceRequest) -> HttpResponse:
    is_sent = request.method == "POST"
    form = LogoForm(request.POST, request.FILES) if is_sent else LogoForm()
    if form.is_valid():
        picture = form.cleaned_data["picture"]
        try:
            logos.set_logo(request.workspace, by=request.user, content=picture.read(logos.MAX_BYTES + 1))
        except Refused as refusal:
            form.add_error("picture", str(refusal))
        else:
            messages.success(request, "The logo is saved. Partners see it from now on.")
            return redirect("workspaces:settings", workspace=request.workspace.slug)
    elif is_sent and int(request.META.get("CONTENT_LENGTH") or 0) > logos.MAX_BYTES:
        # The server drops what no page expects to be that large, so the form saw no file at all.
        form.errors.clear()
        form.add_error("picture", logos.TOO_LARGE)
    return render(request, "workspaces/change_logo.html", {"form": form})


@workspace_view(Verb.ADMINISTER)
@require_POST
def remove(request: WorkspaceRequest) -> HttpResponse:
    logos.remove_logo(request.workspace, by=request.user)
    messages.success(request, "The logo is removed.")
    return redirect("workspaces:settings", workspace=request.workspace.slug)
