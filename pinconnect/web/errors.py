"""Error pages."""

from django.views.defaults import bad_request, page_not_found as not_found, permission_denied as forbidden, server_error

__all__ = ["bad_request", "forbidden", "not_found", "server_error"]
