"""Erasing people everywhere: the request, and the receipt that says which list acknowledged it when."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from audiences.models import Erasure, RemovalState
from audiences.people import erasing, receipt
from audiences.people.forms import ErasureForm, IdentifierForm
from audiences.views.people import tabs
from pinconnect.workspaces.access import WorkspaceRequest, workspace_view
from pinconnect.workspaces.roles import Verb

PER_PAGE = 25


def _erasure(request: WorkspaceRequest, pk: int) -> Erasure:
    found = Erasure.objects.for_workspace(request.workspace).select_related("requested_by", "workspace")
    return get_object_or_404(found, pk=pk)


@workspace_view(Verb.VIEW)
@require_GET
def erasure_list(request: WorkspaceRequest) -> HttpResponse:
    waiting = Count("removals", filter=Q(removals__state=RemovalState.WAITING))
    found = Erasure.objects.for_workspace(request.workspace).select_related("requested_by").order_by("-pk")
    counted = found.annotate(waiting=waiting, lists=Count("removals"))
    context = {
        "page": Paginator(counted, PER_PAGE).get_page(request.GET.get("page")),
        "tabs": tabs(request, "erasures"),
    }
    return render(request, "audiences/erasure_list.html", context)


@workspace_view(Verb.ADMINISTER)
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def erasure_create(request: WorkspaceRequest) -> HttpResponse:
    """It reaches every delivery of everybody and cannot be undone, so it takes an admin.

    Who comes from looking somebody up sends that form again, as looked_up: it is filled in, and nothing is erased yet.
    """
    if "looked_up" in request.POST:
        looked_up = IdentifierForm(request.POST)
        form = ErasureForm.filled_in(looked_up) if looked_up.is_valid() else ErasureForm()
        return render(request, "audiences/erasure_create.html", {"form": form})
    form = ErasureForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = erasing.request(
            request.workspace,
            by=request.user,
            wanted=form.cleaned_data["wanted"],
            reference=form.cleaned_data["reference"],
        )
        messages.success(request, "From now on nothing of it is sent any more. The lists are being cleared.")
        return redirect("audiences:erasure-detail", request.workspace.slug, made.pk)
    return render(request, "audiences/erasure_create.html", {"form": form})


@workspace_view(Verb.VIEW)
@require_GET
def erasure_detail(request: WorkspaceRequest, pk: int) -> HttpResponse:
    erasure = _erasure(request, pk)
    context = {"erasure": erasure, "receipt": receipt.of(erasure)}
    template = "erasure_live.html" if request.headers.get("HX-Request") else "erasure_detail.html"
    return render(request, f"audiences/{template}", context)


@workspace_view(Verb.VIEW)
@require_GET
def erasure_json(request: WorkspaceRequest, pk: int) -> HttpResponse:
    found = receipt.as_json(receipt.of(_erasure(request, pk)))
    return JsonResponse(found, json_dumps_params={"indent": 2}, headers=_attached(f"erasure-{pk}.json"))


@workspace_view(Verb.VIEW)
@require_GET
def erasure_csv(request: WorkspaceRequest, pk: int) -> HttpResponse:
    text = receipt.as_csv(receipt.of(_erasure(request, pk)))
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=_attached(f"erasure-{pk}.csv"))


def _attached(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
