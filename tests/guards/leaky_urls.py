"""Addresses with one fault each, to show that the walk finds it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import include, path

from pinconnect.urls import urlpatterns as right_ones
from pinconnect.workspaces.access import WorkspaceRequest, workspace_view
from pinconnect.workspaces.models import Membership
from pinconnect.workspaces.roles import Verb


def unguarded(request: HttpRequest, workspace: str) -> HttpResponse:
    return HttpResponse("everybody sees this")


unguarded.verb = Verb.VIEW  # type: ignore[attr-defined]


@workspace_view(Verb.ADMINISTER)
def reaching_out(request: WorkspaceRequest, membership: int) -> HttpResponse:
    return HttpResponse(str(get_object_or_404(Membership, pk=membership).user))


def undeclared(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


leaks = (
    [
        path("w/<slug:workspace>/unguarded/", unguarded, name="unguarded"),
        path("w/<slug:workspace>/reaching-out/<int:membership>/", reaching_out, name="reaching-out"),
        path("undeclared/", undeclared, name="undeclared"),
    ],
    "leaks",
)
urlpatterns = [path("", include(leaks)), *right_ones]
