"""What the log says of pages that were refused."""

import logging

import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path


def _raise(error: Exception) -> object:
    def view(request: HttpRequest) -> HttpResponse:
        raise error

    return view


urlpatterns = [path("refused/", _raise(PermissionDenied())), path("broken/", _raise(RuntimeError("broken")))]
handler403, handler500 = "pinconnect.web.errors.forbidden", "pinconnect.web.errors.server_error"


def logged(address: str, caplog: pytest.LogCaptureFixture) -> logging.LogRecord:
    with override_settings(ROOT_URLCONF=__name__), caplog.at_level(logging.WARNING, logger="django.request"):
        Client(raise_request_exception=False).get(address)
    (record,) = [one for one in caplog.records if one.name == "django.request"]
    return record


def test_a_refused_page_takes_one_line(caplog: pytest.LogCaptureFixture) -> None:
    record = logged("/refused/", caplog)

    assert record.getMessage() == "Forbidden (Permission denied): /refused/"
    assert not record.exc_info
    assert "Traceback" not in logging.Formatter().format(record)


def test_a_broken_page_keeps_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    assert "RuntimeError: broken" in logging.Formatter().format(logged("/broken/", caplog))
