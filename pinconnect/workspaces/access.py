"""Who may see or do what on a page: every view of ours declares it with one of the decorators here."""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.template.response import SimpleTemplateResponse
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from pinconnect.workspaces.models import Membership, User, Workspace
from pinconnect.workspaces.roles import Verb, allows

View = Callable[..., HttpResponseBase]

# The slug of the workspace that was opened last; the home page leads back to it.
LAST_WORKSPACE = "last_workspace"


class SignedInRequest(HttpRequest):
    """A request whose user is signed in."""

    user: User
    htmx: HtmxDetails


class WorkspaceRequest(SignedInRequest):
    """A request of a member, inside one workspace."""

    workspace: Workspace
    membership: Membership


class Open(StrEnum):
    """The two declarations that are not a verb."""

    PUBLIC = "public"  # anybody; the view itself checks what it must, for example a link's token
    SIGNED_IN = "signed-in"  # any signed-in user, in no workspace


def public(view: View) -> View:
    """Declare a view that anybody may call."""
    view.verb = Open.PUBLIC  # type: ignore[attr-defined]
    return view


def signed_in(view: View) -> View:
    """Only for signed-in users; others are led to sign in and back. The view gets a SignedInRequest."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        return view(request, *args, **kwargs)

    guarded.verb = Open.SIGNED_IN  # type: ignore[attr-defined]
    return guarded


def workspace_view(verb: Verb) -> Callable[[View], View]:
    """Only for members whose role allows the verb, in the workspace that the URL's `workspace` slug names.

    Anonymous users are led to sign in and back; who is not a member gets 404, as if the workspace did not exist;
    a member without the right gets 403. The view gets a WorkspaceRequest and no `workspace` argument, and times
    are shown in the workspace's zone.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, workspace: str, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _to_sign_in(request)
            member = _enter(request, workspace)
            if not allows(member.membership.role, verb):
                raise PermissionDenied
            with timezone.override(member.workspace.time_zone):
                response = view(member, *args, **kwargs)
                if isinstance(response, SimpleTemplateResponse):
                    # Rendered here, because the zone ends with this block.
                    response.render()
            return response

        guarded.verb = verb  # type: ignore[attr-defined]
        return guarded

    return decorate


def declared(view: Any) -> Verb | Open | None:
    """What a view declares about itself; None if it declares nothing."""
    return getattr(view, "verb", None)


def _enter(request: HttpRequest, slug: str) -> WorkspaceRequest:
    membership = (
        Membership.objects.select_related("workspace")
        .filter(workspace__slug=slug, user=cast(User, request.user))
        .first()
    )
    if membership is None:
        raise Http404("No such workspace, or not a member of it.")
    member = cast(WorkspaceRequest, request)
    member.workspace, member.membership = membership.workspace, membership
    if request.session.get(LAST_WORKSPACE) != slug:
        request.session[LAST_WORKSPACE] = slug
    return member


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """Back to this page afterwards, but only where repeating the request by GET makes sense."""
    htmx: HtmxDetails | None = getattr(request, "htmx", None)
    if htmx:
        # A fragment would show the sign-in page inside the page; the browser is sent there as a whole.
        page = htmx.current_url_abs_path or "/"
        return HttpResponseClientRedirect(redirect_to_login(page, resolve_url("account_login")).url)
    page = request.get_full_path() if request.method in {"GET", "HEAD"} else "/"
    return redirect_to_login(page, resolve_url("account_login"))
