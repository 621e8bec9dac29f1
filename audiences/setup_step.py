"""The order of the steps of the guided set-up, and what every step has in common."""

from typing import Any, ClassVar

from django.forms import BaseForm

from audiences.models import Delivery
from pinconnect.workspaces.access import WorkspaceRequest
from pinconnect.workspaces.models import User

LABELS = {
    "basics": "Basics",
    "profile": "Profile",
    "ad-account": "Ad account",
    "audience": "Audience",
    "rows": "Rows",
    "columns": "Columns",
    "doctor": "Data doctor",
    "review": "Review",
}


def after(step: str) -> str:
    """The step that follows; there is none after the last."""
    slugs = list(LABELS)
    return slugs[slugs.index(step) + 1]


def before(step: str) -> str:
    slugs = list(LABELS)
    return slugs[max(slugs.index(step) - 1, 0)]


class Step:
    """Base: one form, saved by one service.

    leads_on: whether saving leads to the next step; else one stays where one is.
    """

    template: ClassVar[str]
    live_template: ClassVar[str] = ""
    leads_on: ClassVar[bool] = True

    def __init__(self, delivery: Delivery, request: WorkspaceRequest) -> None:
        self.delivery, self.request = delivery, request
        self.data = request.POST if request.method == "POST" else None
        self.form: Any = self.make_form()

    @property
    def comes_after(self) -> str:
        """A step that has to be done before this one can be shown; empty where there is none."""
        return ""

    def make_form(self) -> BaseForm | None:
        raise NotImplementedError

    def is_valid(self) -> bool:
        return self.form.is_valid()

    def save(self, *, by: User) -> None:
        raise NotImplementedError

    def refuse(self, sentence: str) -> None:
        self.form.add_error(None, sentence)

    def context(self) -> dict[str, Any]:
        return {"form": self.form}
