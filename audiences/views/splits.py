"""Splitting a dataset by a column, and the page on which its deliveries are together."""

import secrets
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from audiences.filtering import sampling
from audiences.filtering.conditions import RowFilter
from audiences.filtering.words import sentence
from audiences.models import Delivery, Schedule, Split
from audiences.reports import budget
from audiences.services import splits
from audiences.services.refusals import ServiceRefusal
from audiences.states import DeliveryState
from pinconnect.lib.texts import without_nul
from pinconnect.workspaces.access import WorkspaceRequest, workspace_view
from pinconnect.workspaces.roles import Verb


@dataclass(frozen=True)
class Line:
    """One delivery that would be made. where: the rows that it takes, as a sentence."""

    name: str
    value: str
    where: str
    rows: int | None


@workspace_view(Verb.OPERATE)
@require_http_methods(["GET", "POST"])
def split_create(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """GET: column, whose values are shown. POST: do is review or publish; value for each, blank for rows without.

    A form that was published before leads to what it made, also when its draft is discarded since.
    """
    found = Delivery.objects.for_workspace(request.workspace)
    template = get_object_or_404(found.select_related("dataset", "profile", "audience__ad_account"), pk=pk)
    sent = request.POST if request.method == "POST" else request.GET
    wish = _wish(request)
    made = splits.of_form(request.workspace, wish.key) if request.method == "POST" else None
    if made is not None:
        return _lead_to(request, made, wish)
    if template.state == DeliveryState.ARCHIVED:
        raise Http404("An archived delivery is not split.")
    columns = template.dataset.columns.filter(proposed_kind="")
    context: dict[str, Any] = {
        "delivery": template,
        "columns": columns.exclude(name__in=template.columns.values("column")),
        "wish": wish,
        "ticked": {splits.key_of(value) for value in wish.values},
        "most": splits.MOST_VALUES,
    }
    try:
        if request.method == "POST":
            splits.check_wish(template, wish)
            if sent.get("do") == "publish":
                return _publish(request, template, wish)
        if wish.column:
            context["values"] = splits.values_of(template, wish.column)
        if request.method == "POST":
            context |= _review(template, wish, context["values"])
    except ServiceRefusal as refusal:
        context["problem"] = refusal.sentence
        context.setdefault("values", _values_or_none(template, wish.column))
    return render(request, "audiences/split_create.html", context)


@workspace_view(Verb.VIEW)
@require_GET
def split_detail(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """The deliveries of a split, and the values that have none."""
    split = get_object_or_404(Split.objects.for_workspace(request.workspace).select_related("dataset"), pk=pk)
    found = list(split.deliveries.select_related("audience").order_by("state", "name"))
    known = {delivery.split_value for delivery in found if delivery.state != DeliveryState.ARCHIVED}
    context: dict[str, Any] = {"split": split, "deliveries": found, "room": splits.MOST_VALUES - len(known)}
    try:
        values = splits.values_in(split, known)
        context["values"] = values
        context["fresh"] = [value for value in values.found if splits.key_of(value.text) not in known]
        present = {splits.key_of(value.text) for value in values.found} | ({""} if values.blank else set())
        context["is_blank_free"] = bool(values.blank) and "" not in known
        context["gone"] = known - present if values.origin.is_whole and not values.beyond else set()
    except sampling.NoLookError as error:
        context["problem"] = str(error)
    return render(request, "audiences/split_detail.html", context)


@workspace_view(Verb.OPERATE)
@require_POST
def split_add(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """value once for each new delivery; blank: one for rows without a value."""
    split = get_object_or_404(Split.objects.for_workspace(request.workspace), pk=pk)
    wanted = [value for value in request.POST.getlist("value") if value.strip()]
    wanted += [""] if request.POST.get("blank") else []
    try:
        count = splits.add(split, wanted, by=request.user)
    except ServiceRefusal as refusal:
        messages.error(request, refusal.sentence)
    else:
        said = {0: "Nothing was added.", 1: "One delivery was added and published."}
        messages.success(request, said.get(count, f"{count} deliveries were added and published."))
    return redirect("audiences:split-detail", request.workspace.slug, split.pk)


def _wish(request: WorkspaceRequest) -> splits.Wish:
    sent = request.POST if request.method == "POST" else request.GET

    def text(name: str) -> str:
        return without_nul(sent.get(name, ""))

    if request.method == "GET":
        return splits.Wish(text("column"), splits.PATTERN, (), secrets.token_hex(16))
    typed = [line for line in text("more").splitlines() if line.strip()]
    chosen = [value for value in map(without_nul, sent.getlist("value")) if value.strip()] + typed
    values = (*dict.fromkeys(chosen), *([""] if sent.get("blank") else []))
    pattern = " ".join(text("pattern").split())[:120]
    return splits.Wish(text("column"), pattern, values, text("key")[:40] or secrets.token_hex(16))


def _values_or_none(template: Delivery, column: str) -> splits.Offered | None:
    try:
        return splits.values_of(template, column) if column else None
    except ServiceRefusal:
        return None


def _review(template: Delivery, wish: splits.Wish, values: sampling.Values) -> dict[str, Any]:
    rows = {splits.key_of(value.text): value.rows for value in values.found} | {"": values.blank}
    base, known = RowFilter.from_json(template.row_filter), template.dataset.columns.values_list("name", flat=True)
    lines = [
        Line(
            splits.name_for(template.name, wish.pattern, value),
            value,
            sentence(splits.filter_for(base, wish.column, value, list(known))),
            rows.get(splits.key_of(value)),
        )
        for value in wish.values
    ]
    schedule = Schedule.objects.filter(delivery=template).first()
    return {"lines": lines, "budget": budget.of_split([line.rows or 0 for line in lines], schedule)}


def _lead_to(request: WorkspaceRequest, made: Split, wish: splits.Wish) -> HttpResponse:
    try:
        splits.made_before(request.workspace, wish)
    except ServiceRefusal as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.info(request, "This form has been published already. Here is what it made.")
    return redirect("audiences:split-detail", request.workspace.slug, made.pk)


def _publish(request: WorkspaceRequest, template: Delivery, wish: splits.Wish) -> HttpResponse:
    split = splits.create(template, wish, by=request.user)
    count = split.deliveries.count()
    said = "1 delivery, and its first run has" if count == 1 else f"{count} deliveries, and their first runs have"
    messages.success(request, f"Published: {said} begun.")
    return redirect("audiences:split-detail", request.workspace.slug, split.pk)
