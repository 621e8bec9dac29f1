"""Error pages: what happened, what it means, what to do; no query, no leak."""

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from pinconnect.web import errors

SECRET = "alice@example.org pina_SECRET"


def _raise(error: Exception) -> object:
    def view(request: HttpRequest) -> HttpResponse:
        raise error

    return view


urlpatterns = [
    path("400/", _raise(SuspiciousOperation(SECRET))),
    path("403/", _raise(PermissionDenied(SECRET))),
    path("404/", _raise(Http404(SECRET))),
    path("500/", _raise(RuntimeError(SECRET))),
    path("form/", _raise(RuntimeError("never reached"))),
]
handler400, handler403 = "pinconnect.web.errors.bad_request", "pinconnect.web.errors.forbidden"
handler404, handler500 = "pinconnect.web.errors.not_found", "pinconnect.web.errors.server_error"
in_trouble = override_settings(ROOT_URLCONF=__name__)


@in_trouble
@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_error_page_needs_no_database_and_leaks_nothing(status: int) -> None:
    """No django_db mark: a query would raise a second error."""
    response = Client(raise_request_exception=False).get(f"/{status}/?token={SECRET}")

    text = response.content.decode()
    assert response.status_code == status
    assert f"Error {status}" in text
    assert text.count("<h1>") == 1
    assert text.count("<p>") >= 2
    assert "SECRET" not in text
    assert "Traceback" not in text


@in_trouble
def test_form_without_its_token_is_explained() -> None:
    response = Client(enforce_csrf_checks=True).post("/form/")

    assert response.status_code == 403
    assert "This form was too old to be sent" in response.content.decode()
    assert "reload the page" in response.content.decode()


def test_page_comes_out_even_if_templates_are_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> str:
        raise ValueError("Missing staticfiles manifest entry")

    monkeypatch.setattr(errors.loader, "render_to_string", broken)

    response = errors.page("500")

    assert response.status_code == 500
    assert "<h1>Something went wrong</h1>" in response.content.decode()


@pytest.mark.parametrize("name", sorted(errors.PAGES))
def test_every_error_has_its_own_page(name: str) -> None:
    response = errors.page(name)

    assert response.status_code == errors.PAGES[name]
    assert "<h1>Something went wrong</h1>" not in response.content.decode()
