"""Members of a workspace and the invitations of those who are to become members."""

from django.contrib import messages
from django.db.models import OuterRef, Subquery
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from pinconnect.workspaces import services
from pinconnect.workspaces.access import WorkspaceRequest, workspace_view
from pinconnect.workspaces.forms import InviteForm, RoleForm
from pinconnect.workspaces.models import MemberInvitation, Membership, OutgoingEmail
from pinconnect.workspaces.models.outgoing_email import NOT_WANTED
from pinconnect.workspaces.querysets import InvitationQuerySet
from pinconnect.workspaces.refusals import Refused
from pinconnect.workspaces.roles import Role, Verb
from pinconnect.workspaces.services.invitations import EMAIL_KIND
from pinconnect.workspaces.views.tabs import settings_tabs


@workspace_view(Verb.VIEW)
@require_safe
def members(request: WorkspaceRequest) -> HttpResponse:
    found = request.workspace.memberships.select_related("user").order_by("user__name", "user__email")
    context = {
        "members": found,
        "invitations": _open_invitations(request),
        "tabs": settings_tabs(request, "members"),
    }
    return render(request, "workspaces/members.html", context)


@workspace_view(Verb.ADMINISTER)
def invite(request: WorkspaceRequest) -> HttpResponse:
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.invite_member(request.workspace, by=request.user, **form.cleaned_data)
        except Refused as refusal:
            form.add_error("email", str(refusal))
        else:
            messages.success(request, f"{form.cleaned_data['email']} is invited. The e-mail is on its way.")
            return _to_members(request)
    return render(request, "workspaces/invite.html", {"form": form})


@workspace_view(Verb.ADMINISTER)
def member(request: WorkspaceRequest, membership: int) -> HttpResponse:
    found = _membership(request, membership)
    form = RoleForm(request.POST or None, initial={"role": found.role})
    if request.method == "POST" and form.is_valid():
        try:
            services.change_role(found, form.cleaned_data["role"], by=request.user)
        except Refused as refusal:
            form.add_error("role", str(refusal))
        else:
            messages.success(request, f"{found.user} is {Role(found.role).label.lower()} now.")
            return _to_members(request)
    return render(request, "workspaces/member.html", {"form": form, "member": found})


@workspace_view(Verb.ADMINISTER)
def remove(request: WorkspaceRequest, membership: int) -> HttpResponse:
    found = _membership(request, membership)
    if request.method != "POST":
        return _ask(
            request,
            f"Remove {found.user} from {request.workspace.name}?",
            "Remove the member",
            "They can no longer open the workspace, from this moment on.",
            "What they set up stays and goes on running.",
        )
    try:
        services.remove_member(found, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return _to_members(request)
    messages.success(request, f"{found.user} is no longer a member.")
    return redirect("workspaces:home") if found.user == request.user else _to_members(request)


@workspace_view(Verb.VIEW)
def leave(request: WorkspaceRequest) -> HttpResponse:
    if request.method != "POST":
        return _ask(
            request,
            f"Leave {request.workspace.name}?",
            "Leave the workspace",
            "You can no longer open it. To come back you need an invitation.",
            "What you set up stays and goes on running.",
        )
    try:
        services.remove_member(request.membership, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return _to_members(request)
    messages.success(request, f"You have left {request.workspace.name}.")
    return redirect("workspaces:home")


@workspace_view(Verb.ADMINISTER)
@require_POST
def send_again(request: WorkspaceRequest, invitation: int) -> HttpResponse:
    found = _invitation(request, invitation)
    try:
        services.send_again(found, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"A new link is on its way to {found.email}. The earlier one no longer works.")
    return _to_members(request)


@workspace_view(Verb.ADMINISTER)
def revoke(request: WorkspaceRequest, invitation: int) -> HttpResponse:
    found = _invitation(request, invitation)
    if request.method != "POST":
        return _ask(
            request,
            f"Revoke the invitation of {found.email}?",
            "Revoke the invitation",
            "The link in the e-mail stops working at once.",
            "You can invite the address again later.",
        )
    try:
        services.revoke(found, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"The invitation of {found.email} is revoked. Its link no longer works.")
    return _to_members(request)


def _open_invitations(request: WorkspaceRequest) -> InvitationQuerySet:
    """With what became of the newest e-mail of each: email_sent_at, email_due_at and email_problem."""
    emails = OutgoingEmail.objects.filter(kind=EMAIL_KIND, object_id=OuterRef("pk")).exclude(problem=NOT_WANTED)
    newest = emails.order_by("-pk")
    found = MemberInvitation.objects.for_workspace(request.workspace).open().select_related("invited_by")
    return found.annotate(
        email_sent_at=Subquery(newest.values("sent_at")[:1]),
        email_due_at=Subquery(newest.values("due_at")[:1]),
        email_problem=Subquery(newest.values("problem")[:1]),
    ).order_by("email")


def _ask(request: WorkspaceRequest, title: str, label: str, *consequences: str) -> HttpResponse:
    context = {
        "title": title,
        "consequences": consequences,
        "confirm_label": label,
        "cancel_url": reverse("workspaces:members", kwargs={"workspace": request.workspace.slug}),
    }
    return render(request, "components/confirm.html", context)


def _membership(request: WorkspaceRequest, pk: int) -> Membership:
    return get_object_or_404(request.workspace.memberships.select_related("user", "workspace"), pk=pk)


def _invitation(request: WorkspaceRequest, pk: int) -> MemberInvitation:
    found = MemberInvitation.objects.for_workspace(request.workspace).select_related("workspace")
    invitation: MemberInvitation = get_object_or_404(found, pk=pk)
    return invitation


def _to_members(request: WorkspaceRequest) -> HttpResponse:
    return redirect("workspaces:members", workspace=request.workspace.slug)
