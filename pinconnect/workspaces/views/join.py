"""What a person sees behind the link of an invitation."""

from django.contrib import auth, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from pinconnect.workspaces import held_invitation, navigation, services
from pinconnect.workspaces.access import SignedInRequest, public, signed_in
from pinconnect.workspaces.accounts import AccountAdapter
from pinconnect.workspaces.models import MemberInvitation, User
from pinconnect.workspaces.refusals import Refused
from pinconnect.workspaces.roles import DESCRIPTIONS, Role
from pinconnect.workspaces.services.invitations import find, is_for


@public
@never_cache
@require_safe
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Changes nothing, so that scanners of e-mail may open it: the invitation moves from the address to the session."""
    invitation = find(token)
    if invitation is None:
        return _no_such_link(request)
    held_invitation.hold(request, invitation)
    return redirect("workspaces:invitation")


@public
@never_cache
def invitation(request: HttpRequest) -> HttpResponse:
    """Shows who invites to what; accepts by POST."""
    found = held_invitation.held(request)
    if found is None:
        return _no_such_link(request)
    if not found.is_pending:
        return _too_late(request, found)
    if request.method == "POST":
        return _accept(request, found)
    return _show(request, found)


@signed_in
@require_POST
def switch_user(request: SignedInRequest) -> HttpResponse:
    """Sign out, keep the invitation, and sign in as the person it is for."""
    found = held_invitation.held(request)
    auth.logout(request)
    if found:
        held_invitation.hold(request, found)
    return redirect("workspaces:invitation")


def _show(request: HttpRequest, found: MemberInvitation) -> HttpResponse:
    back = reverse("workspaces:invitation")
    context = {
        "invitation": found,
        "role_description": DESCRIPTIONS[Role(found.role)],
        "is_known": User.objects.filter(email=found.email.lower()).exists(),
        "sign_in_url": reverse("account_login", query={"next": back}),
        "sign_up_url": reverse("account_signup", query={"next": back}),
    }
    if isinstance(request.user, User):
        context["is_for_user"] = is_for(found, request.user)
    else:
        # Fills in the form for signing up.
        AccountAdapter(request).stash_verified_email(request, found.email)
    return render(request, "workspaces/join.html", context)


def _accept(request: HttpRequest, found: MemberInvitation) -> HttpResponse:
    if not isinstance(request.user, User):
        return redirect("workspaces:invitation")
    try:
        membership = services.accept_invitation(found, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("workspaces:invitation")
    held_invitation.let_go(request)
    messages.success(request, f"Welcome to {found.workspace.name}. You are {_with_article(membership.role)} here.")
    return redirect(navigation.first_page(found.workspace))


def _with_article(role: str) -> str:
    label = Role(role).label.lower()
    return f"{'an' if label[0] in 'aeiou' else 'a'} {label}"


def _too_late(request: HttpRequest, found: MemberInvitation) -> HttpResponse:
    is_used = found.accepted_at is not None
    context = {"invitation": found, "is_used": is_used}
    return render(request, "workspaces/join_too_late.html", context, status=410)


def _no_such_link(request: HttpRequest) -> HttpResponse:
    """Unknown and revoked links answer alike."""
    return render(request, "workspaces/join_unknown.html", status=404)
