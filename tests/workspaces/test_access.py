"""Who may open what: the decorators of pinconnect.workspaces.access."""

from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.test import RequestFactory
from django.urls import path
from django.utils import timezone

from pinconnect.workspaces.access import Open, declared, public, signed_in, workspace_view
from pinconnect.workspaces.roles import Verb


@workspace_view(Verb.OPERATE)
def operate(request, **kwargs):
    return HttpResponse(f"{request.workspace.name} {request.membership.role} {kwargs}")


@workspace_view(Verb.VIEW)
def zone(request):
    return HttpResponse(timezone.get_current_timezone_name())


@workspace_view(Verb.VIEW)
def zone_in_template(request):
    return TemplateResponse(request, "tests/zone.html")


@signed_in
def anyone(request):
    return HttpResponse(request.user.email)


urlpatterns = [
    path("w/<slug:workspace>/operate/<int:thing>/", operate),
    path("w/<slug:workspace>/zone/", zone),
    path("anyone/", anyone),
    path("accounts/login/", public(lambda request: HttpResponse()), name="account_login"),
]


def test_member_gets_workspace_and_membership_and_no_slug(client, acme, settings):
    settings.ROOT_URLCONF = __name__
    client.force_login(acme.bob)

    reply = client.get(f"{acme.url}operate/7/")

    assert reply.content.decode() == "Acme marketer {'thing': 7}"


def test_anonymous_is_led_to_sign_in_and_back(client, acme, settings):
    settings.ROOT_URLCONF = __name__

    reply = client.get(f"{acme.url}operate/7/?page=2")

    assert reply.status_code == 302
    assert reply.url == "/accounts/login/?next=/w/acme/operate/7/%3Fpage%3D2"


def test_anonymous_post_is_not_repeated_as_get(client, acme, settings):
    settings.ROOT_URLCONF = __name__

    reply = client.post(f"{acme.url}operate/7/")

    assert reply.url == "/accounts/login/?next=/"


def test_fragment_asked_for_by_anonymous_sends_the_whole_browser_to_sign_in(client, acme, settings):
    settings.ROOT_URLCONF = __name__
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{acme.url}operate/7/"}

    reply = client.get(f"{acme.url}zone/", headers=headers)

    assert reply.headers["HX-Redirect"] == "/accounts/login/?next=/w/acme/operate/7/"


def test_stranger_gets_404_as_if_the_workspace_did_not_exist(client, acme, settings):
    settings.ROOT_URLCONF = __name__
    client.force_login(acme.charlie)

    there, nowhere = client.get(f"{acme.url}operate/7/"), client.get("/w/nowhere/operate/7/")

    assert (there.status_code, nowhere.status_code) == (404, 404)
    assert there.content == nowhere.content


def test_member_without_the_right_gets_403(client, acme, settings):
    settings.ROOT_URLCONF = __name__
    client.force_login(acme.vera)

    assert client.get(f"{acme.url}operate/7/").status_code == 403
    assert client.get(f"{acme.url}zone/").status_code == 200


def test_times_are_in_the_zone_of_the_workspace_and_only_there(client, acme, settings):
    settings.ROOT_URLCONF = __name__
    acme.workspace.time_zone = "Asia/Tokyo"
    acme.workspace.save()
    client.force_login(acme.vera)

    assert client.get(f"{acme.url}zone/").content == b"Asia/Tokyo"
    assert timezone.get_current_timezone_name() == "UTC"


def test_signed_in_view_needs_no_workspace(client, acme, settings):
    settings.ROOT_URLCONF = __name__

    assert client.get("/anyone/").url == "/accounts/login/?next=/anyone/"
    client.force_login(acme.charlie)
    assert client.get("/anyone/").content == b"charlie@example.org"


def test_deactivated_member_is_led_to_sign_in(client, acme, settings):
    settings.ROOT_URLCONF = __name__
    client.force_login(acme.bob)
    acme.bob.is_active = False
    acme.bob.save()

    assert client.get(f"{acme.url}operate/7/").status_code == 302


def test_views_say_what_they_need():
    assert declared(operate) == Verb.OPERATE
    assert declared(anyone) == Open.SIGNED_IN
    assert declared(public(lambda request: HttpResponse())) == Open.PUBLIC
    assert declared(lambda request: HttpResponse()) is None


def test_lazy_template_is_rendered_in_the_zone(acme, rf: RequestFactory, settings, tmp_path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/zone.html").write_text("{% load tz %}{% get_current_timezone as zone %}{{ zone }}")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    acme.workspace.time_zone = "Asia/Tokyo"
    acme.workspace.save()
    request = rf.get("/")
    request.user, request.session = acme.vera, {}

    assert zone_in_template(request, workspace="acme").content == b"Asia/Tokyo"
