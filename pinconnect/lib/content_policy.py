"""What browsers may load and where forms may lead, as django-csp wants to be told."""

from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF


def policy(oauth_url: str) -> dict[str, Any]:
    """Nothing from elsewhere but pictures of Pinterest, and no script or style within pages."""
    return {
        "DIRECTIVES": {
            "default-src": [NONE],
            "script-src": [SELF],
            "style-src": [SELF],
            "img-src": [SELF, "data:", "https://i.pinimg.com", "https://s.pinimg.com"],
            "font-src": [SELF],
            "connect-src": [SELF],
            # Browsers apply form-action to the redirect that follows a form too, and "Connect" leads to Pinterest.
            "form-action": [SELF, "{0.scheme}://{0.netloc}".format(urlsplit(oauth_url))],
            "base-uri": [NONE],
            "frame-ancestors": [NONE],
        }
    }
