"""What to expect of a counted run, for the pages that show its counts."""

from django import template

from audiences.models import Run
from audiences.reports import outlook
from audiences.reports.outlook import Outlook

register = template.Library()


@register.simple_tag
def expectation(run: Run) -> Outlook | None:
    """{% expectation run as expected %}: None where nothing can be said."""
    return outlook.of(run)
