"""Input about datasets: names, files, and how a file is to be read."""

from __future__ import annotations

import secrets
from typing import Any

from django import forms
from django.conf import settings

from pinconnect.datasets import messages
from pinconnect.datasets.examination import encodings
from pinconnect.datasets.examination.results import Asked
from pinconnect.datasets.models import Dataset, Snapshot, WriteMode
from pinconnect.datasets.services.stores import UploadRefusedError, limit_in_words
from pinconnect.datasets.wording import DELIMITERS, QUOTES
from pinconnect.workspaces.models import Workspace

NAME_TAKEN = "Another dataset has this name. Choose a different one, or add the file to that dataset."
_FIND_OUT = ("", "Find out")


def sentence(refused: UploadRefusedError) -> str:
    """A refusal as one text below its field."""
    words = messages.refusal(refused.code, detail=refused.detail)
    return f"{words.title}. {words.body} {words.next_step}"


class UploadField(forms.FileField):
    """A file that an upload handler has put on the disk already, or has refused."""

    def __init__(self, *, required: bool = True) -> None:
        super().__init__(
            required=required,
            label="File",
            max_length=255,
            allow_empty_file=True,
            help_text=f"CSV with commas, semicolons, tabs or bars, also as .gz. Up to {limit_in_words()}.",
            widget=forms.FileInput(
                attrs={
                    "accept": ".csv,.tsv,.txt,.gz,text/csv,text/plain,application/gzip",
                    "data-max-bytes": settings.UPLOAD_MAX_BYTES,
                    "data-too-large": sentence(UploadRefusedError("too_large", limit_in_words())),
                }
            ),
            error_messages={"required": "Choose a file."},
        )

    def to_python(self, data: Any) -> Any:
        refused = getattr(data, "refused", None)
        if refused:
            raise forms.ValidationError(sentence(refused), code=refused.code)
        if data is not None and data.size == 0:
            raise forms.ValidationError(sentence(UploadRefusedError("empty")), code="empty")
        return super().to_python(data)


class UploadForm(forms.Form):
    """A file for a dataset. is_check: the other fields are tried before a large file travels for nothing."""

    file = UploadField()
    mode = forms.ChoiceField(
        label="What happens with the rows that are there",
        choices=[
            (WriteMode.OVERWRITE, "Replace them: this file is the complete, current state"),
            (WriteMode.APPEND, "Keep them: this file has further rows"),
        ],
        widget=forms.RadioSelect,
        initial=WriteMode.OVERWRITE,
    )
    token = forms.CharField(max_length=40, widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, is_check: bool = False, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"token": secrets.token_urlsafe(24)})
        super().__init__(*args, **kwargs)
        # Made anew, because its texts tell the limit of the settings.
        self.fields["file"] = UploadField(required=not is_check)


class DatasetForm(forms.ModelForm):
    """Name and description; the name is free among the workspace's datasets."""

    class Meta:
        model = Dataset
        fields = ["name", "description"]
        widgets = {"description": forms.Textarea(attrs={"rows": 2})}
        help_texts = {"name": "For example “Newsletter subscribers”. Audiences are named after it."}

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._workspace = workspace

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        same = Dataset.objects.for_workspace(self._workspace).current().filter(name=name).exclude(pk=self.instance.pk)
        if same.exists():
            raise forms.ValidationError(NAME_TAKEN, code="name_taken")
        return name


class CreateForm(UploadForm, DatasetForm):
    """A dataset and its first file in one step."""

    field_order = ["name", "description", "file"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # There are no rows yet that the first file could replace.
        del self.fields["mode"]


class FormatForm(forms.Form):
    """What a person knows better about a file; empty choices are found out."""

    encoding = forms.ChoiceField(required=False, choices=[_FIND_OUT, *encodings.CHOICES])
    delimiter = forms.ChoiceField(required=False, choices=[_FIND_OUT, *DELIMITERS])
    quote = forms.ChoiceField(required=False, label="Quote character", choices=[_FIND_OUT, *QUOTES])
    has_header = forms.ChoiceField(
        required=False,
        label="First line",
        choices=[_FIND_OUT, ("yes", "Names of the columns"), ("no", "Data: there is no header")],
    )

    @classmethod
    def for_snapshot(cls, snapshot: Snapshot) -> FormatForm:
        """Filled with what is known: found for a snapshot that is ready, asked for otherwise."""
        if snapshot.state == "ready":
            known = {name: getattr(snapshot, name) for name in ("encoding", "delimiter", "quote", "has_header")}
        else:
            known = dict(snapshot.asked)
        encoding = "utf-8" if known.get("encoding") == "utf-8-sig" else known.get("encoding", "")
        quote = known.get("quote")
        header = known.get("has_header")
        return cls(
            initial={
                "encoding": encoding,
                "delimiter": known.get("delimiter", ""),
                "quote": "" if quote is None else quote or "none",
                "has_header": "" if header is None else ("yes" if header else "no"),
            }
        )

    def asked(self) -> Asked:
        said = self.cleaned_data
        return Asked(
            encoding=said["encoding"] or None,
            delimiter=said["delimiter"] or None,
            quote={"": None, "none": ""}.get(said["quote"], said["quote"]),
            has_header={"yes": True, "no": False}.get(said["has_header"]),
        )
