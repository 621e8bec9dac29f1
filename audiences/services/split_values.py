"""Which values of a column a page may offer for a split: groups, and nothing that names a person."""

import unicodedata
from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from audiences.filtering import days, personal, sampling
from audiences.filtering.conditions import LONGEST_VALUE, RowFilter
from audiences.models import Delivery, Split
from pinconnect.datasets.models import Dataset
from pinconnect.identifiers.texts import trim

MOST_VALUES = 50


@dataclass(frozen=True)
class Offered(sampling.Values):
    """Values that a page may show. personal: how many more of the commonest look like personal data and stay hidden."""

    personal: int = 0

    @property
    def beyond(self) -> int:
        return self.distinct - len(self.found) - self.personal


def values_in(split: Split, known: Container[str]) -> Offered:
    """The commonest values in the rows of a split; known: keys of those that have a delivery. Raises NoLookError."""
    return offered(split.dataset, split.column, rows_today(split.base_filter, split), known)


def offered(dataset: Dataset, column: str, only: RowFilter | None, known: Container[str] = ()) -> Offered:
    """The commonest values, without those that name people, unless they are known. Raises NoLookError."""
    found = sampling.values_of(dataset, column, MOST_VALUES, only=only)
    # What a split was made of when the column still held groups stays; newer data may hold people there.
    is_personal = bool(proposed_kind(dataset, column))
    shown = tuple(
        value for value in found.found if key_of(value.text) in known or not (is_personal or personal.named(value.text))
    )
    return Offered(**{**vars(found), "found": shown}, personal=len(found.found) - len(shown))


def proposed_kind(dataset: Dataset, column: str) -> str:
    """The kind of identifier that name and contents of a column suggest; empty for none."""
    kind = dataset.columns.filter(name=column).values_list("proposed_kind", flat=True).first()
    return kind or ""


def rows_today(row_filter: dict[str, Any], owner: Delivery | Split) -> RowFilter | None:
    """The rows that a filter takes on this day; None for all."""
    found = RowFilter.from_json(row_filter)
    return found.on(days.today(owner.workspace.time_zone)) if found else None


def key_of(value: str) -> str:
    """What all spellings of a value have in common."""
    return unicodedata.normalize("NFC", trim(value)).lower()[:LONGEST_VALUE]
