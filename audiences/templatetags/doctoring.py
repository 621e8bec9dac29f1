"""The data doctor's findings of a run, for any page that shows its counts."""

from django import template

from audiences.doctor import findings
from audiences.doctor.findings import Diagnosis
from audiences.models import Run

register = template.Library()


@register.simple_tag
def diagnosis(run: Run) -> Diagnosis:
    """{% diagnosis run as found %}"""
    return findings.of(run)
