"""What every step of the guided set-up has in common."""

from typing import Any, ClassVar

from django.forms import BaseForm

from audiences.models import Delivery
from pinconnect.workspaces.access import WorkspaceRequest
from pinconnect.workspaces.models import User


class Step:
    """Base: one form, saved by one service."""

    template: ClassVar[str]
    live_template: ClassVar[str] = ""

    def __init__(self, delivery: Delivery, request: WorkspaceRequest) -> None:
        self.delivery, self.request = delivery, request
        self.data = request.POST if request.method == "POST" else None
        self.form: Any = self.make_form()

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
