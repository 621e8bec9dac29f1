"""The public page behind the link in an e-mail about a held run: it shows the change, asks, and acts on POST only."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from audiences import decision_links
from audiences.models import Run
from audiences.reports import difference
from audiences.services import runs
from audiences.states import RunState
from pinconnect.workspaces.access import public
from pinconnect.workspaces.models import Membership
from pinconnect.workspaces.roles import Verb, allows


@public
@require_http_methods(["GET", "HEAD", "POST"])
def run_decision(request: HttpRequest, run: int, user: int, until: int, seal: str) -> HttpResponse:
    """Looking changes nothing, so programs that open links in e-mails decide nothing."""
    found = _find(run, user) if decision_links.is_genuine(run, user, until, seal) else None
    if found is None:
        response = render(request, "audiences/decision_unknown.html", status=404)
    else:
        held, member = found
        with timezone.override(held.workspace.time_zone):
            response = _page(request, held, member, is_fresh=decision_links.is_fresh(until))
    response["Cache-Control"] = "no-store"
    # Not "no-referrer": browsers would then hide the origin of our own form, and Django refuses such forms.
    response["Referrer-Policy"] = "same-origin"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _find(run_id: int, user_id: int) -> tuple[Run, Membership] | None:
    """The run, and the membership that lets this person decide about it today."""
    run = (
        Run.objects.filter(pk=run_id)
        .select_related("workspace", "delivery__dataset", "audience__ad_account", "approved_by")
        .first()
    )
    if run is None:
        return None
    members = Membership.objects.select_related("user").filter(user__is_active=True)
    member = members.filter(workspace=run.workspace_id, user=user_id).first()
    return (run, member) if member is not None and allows(member.role, Verb.OPERATE) else None


def _page(request: HttpRequest, run: Run, member: Membership, *, is_fresh: bool) -> HttpResponse:
    context = {"run": run, "delivery": run.delivery, "workspace_name": run.workspace.name, "slug": run.workspace.slug}
    if run.state != RunState.HELD:
        return render(request, "audiences/decision_over.html", context)
    if not is_fresh:
        return render(request, "audiences/decision_old.html", context, status=410)
    decision = request.POST.get("decision", "")
    if request.method == "POST" and decision in ("approve", "reject"):
        decide = runs.approve if decision == "approve" else runs.reject
        context["decided"] = decision if decide(run, by=member.user) else ""
        run.refresh_from_db()
        context["delivery"] = run.delivery
        return render(request, "audiences/decision_over.html", context)
    context |= {"decider": member.user, "difference": difference.of(run)}
    return render(request, "audiences/decision.html", context)
