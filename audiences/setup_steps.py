"""What each step of the guided set-up shows and saves."""

from typing import Any

from django.forms import BaseForm

from audiences.filtering.editor import Editor
from audiences.forms import AdAccountForm, BasicsForm, ColumnForm, ProfileForm
from audiences.models import Delivery, Trigger
from audiences.services import drafts, filters, runs
from audiences.setup_audience import AudienceStep
from audiences.setup_counted import DoctorStep, ReviewStep
from audiences.setup_step import Step
from pinconnect.datasets.models import Dataset, SnapshotState
from pinconnect.profiles.models import AdAccount, AdAccountAccess, Profile
from pinconnect.profiles.models.profile import ProfileState
from pinconnect.workspaces.models import User


def basics_of(form: BasicsForm) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in ("name", "dataset", "mode", "scope")}


class BasicsStep(Step):
    template = "audiences/setup_basics.html"

    def make_form(self) -> BaseForm:
        found = Dataset.objects.for_workspace(self.request.workspace).filter(archived_at=None)
        datasets = found.filter(snapshots__state=SnapshotState.READY).distinct()
        return BasicsForm(self.data, instance=self.delivery, datasets=datasets)

    def save(self, *, by: User) -> None:
        # The form has written into its instance; the service reads the choice and works on the stored row.
        stored = Delivery.objects.get(pk=self.delivery.pk)
        drafts.change_basics(stored, by=by, **basics_of(self.form))

    def context(self) -> dict[str, Any]:
        return {"form": self.form, "has_datasets": True}


class ProfileStep(Step):
    template = "audiences/setup_profile.html"

    def make_form(self) -> BaseForm:
        self.profiles = Profile.objects.for_workspace(self.request.workspace).filter(state=ProfileState.CONNECTED)
        initial = self.delivery.profile or (self.profiles.first() if self.profiles.count() == 1 else None)
        return ProfileForm(self.data, profiles=self.profiles, initial={"profile": initial})

    def save(self, *, by: User) -> None:
        drafts.set_profile(self.delivery, by=by, profile=self.form.cleaned_data["profile"])

    def context(self) -> dict[str, Any]:
        return {"form": self.form, "profiles": self.profiles}


class AdAccountStep(Step):
    template = "audiences/setup_ad_account.html"

    def make_form(self) -> BaseForm:
        reached = AdAccountAccess.objects.filter(profile=self.delivery.profile).select_related("ad_account")
        self.accesses = sorted(reached, key=lambda access: (not access.ad_account.is_chosen, str(access.ad_account)))
        usable = [a.ad_account_id for a in self.accesses if a.ad_account.is_chosen and a.can_write_lists]
        current = self.delivery.audience.ad_account if self.delivery.audience else None
        return AdAccountForm(
            self.data,
            ad_accounts=AdAccount.objects.for_workspace(self.request.workspace).filter(pk__in=usable),
            initial={"ad_account": current or (usable[0] if len(usable) == 1 else None)},
        )

    def save(self, *, by: User) -> None:
        drafts.set_ad_account(self.delivery, by=by, ad_account=self.form.cleaned_data["ad_account"])

    def context(self) -> dict[str, Any]:
        options = [
            {
                "account": access.ad_account,
                "is_usable": access.ad_account.is_chosen and access.can_write_lists,
                "may_write": access.can_write_lists,
                "is_current": str(access.ad_account.pk) == str(self._current()),
            }
            for access in self.accesses
        ]
        return {"form": self.form, "options": options, "usable": [option for option in options if option["is_usable"]]}

    def _current(self) -> Any:
        value = self.form["ad_account"].value()
        return getattr(value, "pk", value)


class RowsStep(Step):
    """All rows, or only those that match; buttons other than the one to continue only change the form."""

    template = "audiences/setup_rows.html"
    live_template = "audiences/filter_form.html"

    def make_form(self) -> None:
        self.editor = Editor(self.delivery, self.data)

    def is_valid(self) -> bool:
        return self.editor.wants_save and self.editor.is_valid()

    def save(self, *, by: User) -> None:
        filters.set_filter(self.delivery, by=by, row_filter=self.editor.result(), seen=self.editor.seen)

    def refuse(self, sentence: str) -> None:
        self.editor.problem = sentence

    def context(self) -> dict[str, Any]:
        return {"editor": self.editor}


class ColumnsStep(Step):
    """One small form for each column of the dataset."""

    template = "audiences/setup_columns.html"

    def make_form(self) -> None:
        stored = {choice.column: choice for choice in self.delivery.columns.all()}
        proposed = {choice.column: choice for choice in drafts.propose_columns(self.delivery)}
        choices: dict[str, Any] = stored or proposed
        columns = self.delivery.dataset.columns.all()
        self.forms = [ColumnForm(self.data, column=column, choice=choices.get(column.name)) for column in columns]
        self.problem = ""

    def is_valid(self) -> bool:
        # Every form is looked at, so that all problems are shown at once.
        valid = [form.is_valid() for form in self.forms]
        return all(valid)

    def save(self, *, by: User) -> None:
        chosen = [choice for choice in (form.choice() for form in self.forms) if choice is not None]
        drafts.set_columns(self.delivery, by=by, columns=chosen)
        # The steps that follow show a dry run; looking at a page never starts anything, so it is asked for here.
        if not drafts.missing_steps(self.delivery):
            runs.start(self.delivery, by=by, trigger=Trigger.DRY_RUN, is_dry_run=True)

    def refuse(self, sentence: str) -> None:
        self.problem = sentence

    def context(self) -> dict[str, Any]:
        return {"forms": self.forms, "problem": self.problem}


STEPS: dict[str, type[Step]] = {
    "basics": BasicsStep,
    "profile": ProfileStep,
    "ad-account": AdAccountStep,
    "audience": AudienceStep,
    "rows": RowsStep,
    "columns": ColumnsStep,
    "doctor": DoctorStep,
    "review": ReviewStep,
}
