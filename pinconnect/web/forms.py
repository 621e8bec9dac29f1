"""What holds for the fields of every form."""

from typing import Any

from django import forms
from django.forms.renderers import TemplatesSetting

from pinconnect.lib.texts import without_direction_controls


class TextBoundField(forms.BoundField):
    """A field of a form that was sent, whose text cannot turn the sentences around it about.

    Fields that take their text exactly as typed (strip=False) keep it: passwords, values that are compared with a
    file's, and identifiers whose odd characters are to be shown.
    """

    @property
    def data(self) -> Any:
        sent = super().data
        if isinstance(sent, str) and isinstance(self.field, forms.CharField) and self.field.strip:
            return without_direction_controls(sent)
        return sent


class Renderer(TemplatesSetting):
    """Named by FORM_RENDERER, through which every form gets the bound fields above."""

    bound_field_class = TextBoundField
