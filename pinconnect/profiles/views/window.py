"""The end of a trip to Pinterest that was made in a window of its own."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from pinconnect.profiles import services
from pinconnect.profiles.models import Profile
from pinconnect.workspaces.access import WorkspaceRequest, workspace_view
from pinconnect.workspaces.roles import Verb


@workspace_view(Verb.VIEW)
@require_safe
def window_end(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """GET: connect, the number of the trip. The page closes its window after success, and says why after a refusal."""
    profile = get_object_or_404(Profile.objects.for_workspace(request.workspace), pk=pk)
    number = request.GET.get("connect", "")
    outcome = services.connect_outcome(request.session, int(number)) if number.isdecimal() else None
    if outcome is None or outcome.profile_pk != profile.pk:
        return redirect(profile)
    if outcome.profile is None:
        # This page says it better, and the page behind need not repeat it.
        list(messages.get_messages(request))
    # What went well is for the page behind to say: this one is gone in a moment.
    context = {"profile": profile, "outcome": outcome, "words": outcome.words, "messages": []}
    return render(request, "profiles/window_end.html", context)
