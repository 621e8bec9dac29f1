"""The way back from Pinterest."""

import logging

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from pinconnect.pinterest.errors import PinterestError
from pinconnect.profiles import services, tokens
from pinconnect.profiles.models import Profile
from pinconnect.profiles.services import ConnectOutcome
from pinconnect.queue import hints
from pinconnect.workspaces.access import public

logger = logging.getLogger(__name__)


@public
@never_cache
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Public, because a partner has no account: the state and the browser session prove who comes back."""
    params = {name: value for name, value in request.GET.items() if isinstance(value, str)}
    outcome = services.finish_connect(params, session=request.session, user=request.user)
    if outcome.profile is not None:
        _read_ad_accounts(outcome.profile)
    if outcome.next_url:
        return _to_next(request, outcome)
    if outcome.profile is not None:
        words = outcome.words
        messages.success(request, f"{words.title}. {words.body}")
        return redirect(outcome.profile)
    return _explain(request, outcome)


def _read_ad_accounts(profile: Profile) -> None:
    """At once, so that the next page can offer them; by a worker when Pinterest does not answer now."""
    try:
        services.read_ad_accounts(profile)
    except (tokens.ProfileUnusable, PinterestError) as problem:
        logger.warning("The ad accounts of profile %s are not read yet: %s", profile.pk, problem)
        hints.enqueue("pinconnect.profiles.tasks.read_ad_accounts", profile.pk)


def _to_next(request: HttpRequest, outcome: ConnectOutcome) -> HttpResponse:
    if request.user.is_authenticated:
        words = outcome.words
        level = messages.SUCCESS if words.tone == "good" else messages.ERROR
        messages.add_message(request, level, " ".join(filter(None, (f"{words.title}.", words.body, words.next_step))))
    joint = "&" if "?" in outcome.next_url else "?"
    return redirect(f"{outcome.next_url}{joint}{urlencode({'connect': str(outcome.state_pk)})}")


def _explain(request: HttpRequest, outcome: ConnectOutcome) -> HttpResponse:
    context = {"words": outcome.words, "code": outcome.code}
    if outcome.workspace is not None and request.user.is_authenticated:
        # Only proved answers name a workspace, so this tells nobody of one that is not theirs.
        slug = outcome.workspace.slug
        context |= {
            "again_url": reverse("profiles:connect", kwargs={"workspace": slug}),
            "list_url": reverse("profiles:list", kwargs={"workspace": slug}),
            "profile_pk": outcome.profile_pk,
        }
    status = 200 if outcome.code in {"declined", "missing_scopes", "wrong_account"} else 400
    return render(request, "profiles/connect_result.html", context, status=status)
