"""Hash Lab: what becomes of one value, and on which lists it is."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from audiences.people import lab, lookup
from audiences.people.forms import IdentifierForm
from audiences.people.lookup import Wanted
from audiences.views.people import tabs
from pinconnect.workspaces.access import WorkspaceRequest, workspace_view
from pinconnect.workspaces.roles import Verb


@workspace_view(Verb.VIEW)
@sensitive_post_parameters("value")
@require_http_methods(["GET", "POST"])
def hash_lab(request: WorkspaceRequest) -> HttpResponse:
    """The answer to a POST is the page itself: no address and no session ever holds the value."""
    form = IdentifierForm(request.POST or None)
    context = {"form": form, "tabs": tabs(request, "lab")}
    if request.method == "POST" and form.is_valid():
        kind, value = form.cleaned_data["kind"], form.cleaned_data["value"]
        examined = lab.examine(kind, value, form.country)
        context["examined"] = examined
        if examined.digest:
            wanted = Wanted(examined.kind.wire, bytes.fromhex(examined.digest))
            found = lookup.look_up(request.workspace, [wanted])
            context["places"] = [place for place in found if place.is_member]
            context["left"] = [place for place in found if not place.is_member]
    return render(request, "audiences/lab.html", context)
