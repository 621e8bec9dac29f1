"""Single people: why somebody is in an audience."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from audiences.models import Audience, Erasure
from audiences.people import lab, lookup, strangers
from audiences.people.forms import IdentifierForm
from audiences.people.reasons import story_of
from pinconnect.identifiers import countries, reasons
from pinconnect.identifiers.masking import mask_digest
from pinconnect.identifiers.rules import judge
from pinconnect.workspaces import audit
from pinconnect.workspaces.access import WorkspaceRequest, workspace_view
from pinconnect.workspaces.roles import Verb

_TABS = {
    "person": ("Look up a person", "audiences:person"),
    "lab": ("Hash Lab", "audiences:lab"),
    "erasures": ("Erasures", "audiences:erasure-list"),
}


def tabs(request: WorkspaceRequest, current: str) -> list[dict[str, object]]:
    """The pages about single people beside one another."""
    return [
        {"label": label, "url": reverse(url, args=[request.workspace.slug]), "is_current": name == current}
        for name, (label, url) in _TABS.items()
    ]


@workspace_view(Verb.VIEW)
@sensitive_post_parameters("value")
@require_http_methods(["GET", "POST"])
def person(request: WorkspaceRequest) -> HttpResponse:
    """Asked by POST and answered at once: no address holds what was typed. Who asked is in the audit log."""
    form = IdentifierForm(request.POST or None, usual_country=lookup.usual_country(request.workspace))
    context: dict[str, object] = {"form": form, "tabs": tabs(request, "person")}
    if request.method == "POST" and form.is_valid():
        kind, value = form.cleaned_data["kind"], form.cleaned_data["value"]
        wanted = lab.identities(kind, value, form.country, with_other_hashes=passes_other_hashes(request))
        if wanted:
            found = looked_up(request, wanted)
            context["was_looked_up"] = True
            context["stories"] = [story_of(place) for place in found if place.is_known]
            context["under_way"] = [place for place in found if place.is_readable and not place.is_known]
            context["unreadable"] = [place for place in found if not place.is_readable]
            context["with_strangers"] = strangers.count(request.workspace)
            context["erasures"] = _erasures(request, wanted)
            context["digest"] = wanted[0].digest.hex()
        else:
            context["refusal"] = reasons.get(judge(kind, value, "auto", form.country).reason or "")
            # What a delivery that knows the country sends may well be on a list.
            context["lacks_country"] = kind == "phone" and not form.country and _is_a_number_somewhere(value)
    return render(request, "audiences/person.html", context)


def _is_a_number_somewhere(value: str) -> bool:
    return any(judge("phone", value, "auto", country).digest for country, _ in countries.choices())


def passes_other_hashes(request: WorkspaceRequest) -> bool:
    """Whether any list of the workspace may hold MD5 or SHA-1."""
    return Audience.objects.for_workspace(request.workspace).filter(takes_other_hashes=True).exists()


def _erasures(request: WorkspaceRequest, wanted: tuple[lookup.Wanted, ...]) -> list[Erasure]:
    """The requests to erase this identifier, the first one first."""
    found = Erasure.objects.for_workspace(request.workspace)
    digests = [one.digest for one in wanted]
    return list(
        found.filter(tombstones__wire_kind=wanted[0].wire_kind, tombstones__digest__in=digests)
        .distinct()
        .order_by("pk")
    )


def looked_up(request: WorkspaceRequest, wanted: tuple[lookup.Wanted, ...]) -> list[lookup.Place]:
    """Where a person is, and a line in the audit log, which says who asked."""
    found = lookup.look_up(request.workspace, wanted)
    audit.record(
        "person.looked_up",
        request.workspace,
        workspace=request.workspace,
        by=request.user,
        digest=mask_digest(wanted[0].digest),
        lists=sum(place.is_known for place in found),
    )
    return found
