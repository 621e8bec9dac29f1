"""How allauth treats our users: who may sign up, which address counts as verified, how second factors are stored."""

from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from pinconnect.lib import crypto
from pinconnect.workspaces import held_invitation


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up is closed unless SIGNUP_OPEN says otherwise or the browser holds a pending invitation."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return settings.SIGNUP_OPEN or held_invitation.pending_email(request) is not None

    def clean_email(self, email: str) -> str:
        """An invitation opens sign-up for its own address and for no other."""
        request = self.request
        is_signup = request.resolver_match and request.resolver_match.url_name == "account_signup"
        if is_signup and not settings.SIGNUP_OPEN and email.lower() != held_invitation.pending_email(request):
            raise ValidationError("Your invitation is for another address. Sign up with the address it was sent to.")
        return email

    def is_email_verified(self, request: HttpRequest, email: str) -> bool:
        """Whoever followed the link in an invitation's e-mail has shown to read that mailbox."""
        return email.lower() == held_invitation.pending_email(request)

    def unstash_verified_email(self, request: HttpRequest) -> str | None:
        # What allauth put aside only fills in the form; what counts is what the invitation says now.
        super().unstash_verified_email(request)
        return held_invitation.pending_email(request)

    def format_email_subject(self, subject: str) -> str:
        return f"[{settings.SITE_NAME}] {subject}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Every e-mail of allauth goes through here, and its links lead to BASE_URL.

        allauth makes them from the request, in which a proxy may name an address that nobody else can reach.
        """
        links = {name: _at_base_url(value) for name, value in context.items() if name.endswith("_url")}
        site = SimpleNamespace(name=settings.SITE_NAME, domain=urlsplit(settings.BASE_URL).netloc)
        super().send_mail(template_prefix, email, {**context, **links, "current_site": site})


def _at_base_url(url: str) -> str:
    return settings.BASE_URL + urlsplit(url)._replace(scheme="", netloc="").geturl()


class MFAAdapter(DefaultMFAAdapter):
    """Secrets of second factors are encrypted with the same keys as Pinterest's tokens."""

    def encrypt(self, text: str) -> str:
        return crypto.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return crypto.decrypt(encrypted_text)
