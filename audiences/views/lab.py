"""Hash Lab: what becomes of one value, and on which lists it is."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from audiences.people import lab
from audiences.people.forms import IdentifierForm
from audiences.views.people import looked_up, passes_other_hashes, tabs
from pinconnect.workspaces.access import WorkspaceRequest, workspace_view
from pinconnect.workspaces.roles import Verb

_PASSED_ON = "Below is where such a column has delivered it."
_NEVER_PASSED_ON = "No list of this workspace was ever filled from such a column, so none holds it."


@workspace_view(Verb.VIEW)
@sensitive_post_parameters("value")
@require_http_methods(["GET", "POST"])
def hash_lab(request: WorkspaceRequest) -> HttpResponse:
    """The answer to a POST is the page itself: no address and no session ever holds the value.

    Who asked is in the audit log, since the page says which lists hold it.
    """
    form = IdentifierForm(request.POST or None)
    context = {"form": form, "tabs": tabs(request, "lab")}
    if request.method == "POST" and form.is_valid():
        kind, value = form.cleaned_data["kind"], form.cleaned_data["value"]
        examined = lab.examine(kind, value, form.country)
        context["examined"] = examined
        passes_on = passes_other_hashes(request)
        wanted = lab.sought(examined, value, with_other_hashes=passes_on)
        # Nobody knows what is behind such a hash, so all that can be said of it is where it is.
        context["is_other_hash"] = examined.refusal is not None and examined.refusal.code in ("md5", "sha1")
        context["other_hash_note"] = _PASSED_ON if passes_on else _NEVER_PASSED_ON
        context["passes_on"] = passes_on
        if wanted:
            found = looked_up(request, wanted)
            context["was_looked_up"] = True
            readable = [place for place in found if place.is_readable and not place.is_gone]
            context["places"] = [place for place in readable if place.is_member]
            context["left"] = [place for place in readable if place.is_known and not place.is_member]
            context["under_way"] = [place for place in readable if place.run and not place.is_member]
            context["gone"] = [place for place in found if place.is_gone and place.is_known]
            context["unreadable"] = [place for place in found if not place.is_readable]
    return render(request, "audiences/lab.html", context)
