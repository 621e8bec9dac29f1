"""Splitting a dataset by the values of a column: one delivery for each, made and published in one go."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from audiences.filtering.conditions import Condition, FilterError, Group, RowFilter, check
from audiences.filtering.sampling import NoLookError
from audiences.models import Delivery, DeliveryColumn, Mode, Schedule, Split
from audiences.services import deliveries, drafts, schedules
from audiences.services.refusals import ServiceRefusal
from audiences.services.split_values import (
    MOST_VALUES,
    Offered,
    key_of,
    offered,
    proposed_kind,
    rows_today,
    values_in,
)
from audiences.states import DeliveryState
from pinconnect.identifiers import kinds
from pinconnect.identifiers.texts import trim
from pinconnect.workspaces import audit
from pinconnect.workspaces.models import User, Workspace

__all__ = [
    "MOST_VALUES",
    "PATTERN",
    "Offered",
    "Wish",
    "add",
    "check_wish",
    "create",
    "filter_for",
    "key_of",
    "made_before",
    "name_for",
    "of_form",
    "values_in",
    "values_of",
]

# With so many values a column names people or things, not groups.
FAR_TOO_MANY = 500
PATTERN = "{name} – {value}"
BLANK = "(empty)"
_LONGEST_NAME = 120


@dataclass(frozen=True)
class Wish:
    """What to split by. values: as written, "" for rows without one. key: of the form, so that it counts once."""

    column: str
    pattern: str
    values: tuple[str, ...]
    key: str


def values_of(template: Delivery, column: str) -> Offered:
    """The commonest values in the rows that the template takes. Raises ServiceRefusal for one that makes no groups."""
    _check_column(template, column)
    try:
        found = offered(template.dataset, column, rows_today(template.row_filter, template))
    except NoLookError as error:
        raise ServiceRefusal("split_refused", sentence=str(error)) from error
    if found.distinct > FAR_TOO_MANY:
        raise ServiceRefusal("split_many", column=column, count=f"{found.distinct:,}", most=MOST_VALUES)
    return found


def name_for(split_name: str, pattern: str, value: str) -> str:
    """The name of one delivery; braces in a value mean nothing."""
    before, found, after = pattern.partition("{value}")
    parts = [part.replace("{name}", split_name) for part in (before, after)]
    text = " ".join(f"{parts[0]}{value or BLANK if found else ''}{parts[1]}".split())
    return text[:_LONGEST_NAME]


def check_wish(template: Delivery, wish: Wish) -> None:
    """Raises ServiceRefusal unless this can be created now."""
    if template.state == DeliveryState.ARCHIVED:
        raise ServiceRefusal("archived", name=template.name)
    missing = drafts.missing_steps(template)
    if missing:
        steps = " and ".join(drafts.STEPS[step] for step in missing)
        raise ServiceRefusal("incomplete", name=template.name, missing=steps)
    if template.mode == Mode.REMOVE:
        raise ServiceRefusal("split_removes")
    _check_column(template, wish.column)
    if "{value}" not in wish.pattern:
        raise ServiceRefusal("split_pattern")
    _check_values(wish.values)
    for value in wish.values:
        filter_for(RowFilter.from_json(template.row_filter), wish.column, value, [wish.column, *_columns(template)])


def create(template: Delivery, wish: Wish, *, by: User | None) -> Split:
    """Make and publish one delivery for each value, all or none; the same form sent twice makes them once.

    Profile, ad account, columns, mode, data, schedule and conditions are the template's. A template that was a draft
    is discarded: the split is what became of it. Raises ServiceRefusal, also for a form that was sent with other wishes
    before.
    """
    try:
        with transaction.atomic():
            template = Delivery.objects.select_for_update().get(pk=template.pk)
            return made_before(template.workspace, wish) or _create(template, wish, by=by)
    except IntegrityError:
        made = made_before(template.workspace, wish)
        if made is None:
            raise
        return made


def of_form(workspace: Workspace, key: str) -> Split | None:
    """What a form has made already."""
    found: Split | None = Split.objects.filter(workspace=workspace, request_key=key).first()
    return found


def made_before(workspace: Workspace, wish: Wish) -> Split | None:
    """What this form has made already. Raises ServiceRefusal if it asked for something else then."""
    made = of_form(workspace, wish.key)
    if made is None:
        return None
    values = set(made.deliveries.values_list("split_value", flat=True))
    if (made.column, made.pattern, values) != (wish.column, wish.pattern, {key_of(value) for value in wish.values}):
        raise ServiceRefusal("split_published", split=made)
    return made


def add(split: Split, values: Sequence[str], *, by: User | None) -> int:
    """Deliveries for more values, like the newest one of the split; returns how many. Raises ServiceRefusal."""
    with transaction.atomic():
        split = Split.objects.select_for_update().get(pk=split.pk)
        going = Delivery.objects.filter(split=split).not_archived()
        like = going.order_by("-pk").first() or split.deliveries.order_by("-pk").first()
        if like is None:
            raise ServiceRefusal("split_refused", sentence="Nothing is left of this split. Split the dataset again.")
        known = set(going.values_list("split_value", flat=True))
        fresh: dict[str, str] = {}
        for value in values:
            if key_of(value) not in known:
                # The first spelling of each.
                fresh.setdefault(key_of(value), value)
        if len(known) + len(fresh) > MOST_VALUES:
            raise ServiceRefusal("split_full", most=MOST_VALUES)
        for value in fresh.values():
            _make(split, like, value, by=by)
        return len(fresh)


def filter_for(base: RowFilter | None, column: str, value: str, known: Sequence[str]) -> RowFilter:
    """The rows of the base that have this value as well. Raises ServiceRefusal."""
    one = Condition(column, "is", (value,)) if trim(value) else Condition(column, "empty")
    if base is None:
        wanted = RowFilter((Group((one,)),))
    elif base.match == "all" or len(base.groups) == 1:
        wanted = RowFilter((*base.groups, Group((one,))), "all", base.is_day_first)
    else:
        wanted = RowFilter(tuple(_with(group, one) for group in _plain(base)), "any", base.is_day_first)
    try:
        return check(wanted, known)
    except FilterError as error:
        raise ServiceRefusal("filter_refused", sentence=error.sentence) from error


def _plain(base: RowFilter) -> list[Group]:
    """The same alternatives as groups of which everything has to be met."""
    groups: list[Group] = []
    for group in base.groups:
        groups += [group] if group.match == "all" else [Group((one,)) for one in group.conditions]
    return groups


def _with(group: Group, one: Condition) -> Group:
    return Group((*group.conditions, one))


def _create(template: Delivery, wish: Wish, *, by: User | None) -> Split:
    check_wish(template, wish)
    split = Split.objects.create(
        workspace=template.workspace,
        dataset=template.dataset,
        column=wish.column,
        name=template.name[:_LONGEST_NAME],
        pattern=wish.pattern,
        base_filter=template.row_filter,
        request_key=wish.key,
        created_by=by,
    )
    audit.record("split.created", split, workspace=split.workspace, by=by, deliveries=len(wish.values))
    if template.state == DeliveryState.DRAFT:
        deliveries.archive(template, by=by)
    for value in wish.values:
        _make(split, template, value, by=by)
    return split


def _make(split: Split, like: Delivery, value: str, *, by: User | None) -> Delivery:
    made = Delivery(
        workspace=split.workspace,
        created_by=by,
        name=_free_name(split, value),
        dataset=split.dataset,
        profile=like.profile,
        standby=like.standby,
        mode=like.mode,
        scope=like.scope,
        hold_share=like.hold_share,
        hold_add_share=like.hold_add_share,
        split=split,
        split_value=key_of(value),
    )
    base = RowFilter.from_json(split.base_filter)
    made.row_filter = filter_for(base, split.column, value, _columns(like)).to_json()
    made.save()
    audit.record("delivery.created", made, workspace=made.workspace, by=by)
    DeliveryColumn.objects.bulk_create(
        DeliveryColumn(
            delivery=made,
            column=one.column,
            kind=one.kind,
            treatment=one.treatment,
            default_country=one.default_country,
        )
        for one in like.columns.all()
    )
    if like.audience is not None:
        made = drafts.set_target(
            made, by=by, ad_account=like.audience.ad_account, name=made.name, description=like.audience.description
        )
    schedule = Schedule.objects.filter(delivery=like).first()
    if schedule is not None:
        wish = schedules.Wish(schedule.rhythm, schedule.every_minutes, schedule.cron, schedule.time_zone)
        schedules.change(made, wish, by=by)
    deliveries.publish(made, by=by)
    return made


def _free_name(split: Split, value: str) -> str:
    wanted = name_for(split.name, split.pattern, trim(value))
    taken = set(Delivery.objects.for_workspace(split.workspace).not_archived().values_list("name", flat=True))
    name, number = wanted, 2
    while name in taken:
        ending = f" ({number})"
        name, number = wanted[: _LONGEST_NAME - len(ending)] + ending, number + 1
    return name


def _columns(template: Delivery) -> list[str]:
    return list(template.dataset.columns.values_list("name", flat=True))


def _check_column(template: Delivery, column: str) -> None:
    if column not in _columns(template):
        raise ServiceRefusal("no_dataset_column", column=column, columns=", ".join(_columns(template)))
    if template.columns.filter(column=column).exists():
        raise ServiceRefusal("split_identifier", column=column)
    kind = proposed_kind(template.dataset, column)
    if kind:
        raise ServiceRefusal("split_personal", column=column, label=kinds.get(kind).label)


def _check_values(values: Sequence[str]) -> None:
    keys = [key_of(value) for value in values]
    if not keys:
        raise ServiceRefusal("split_nothing")
    if len(keys) > MOST_VALUES:
        raise ServiceRefusal("split_full", most=MOST_VALUES)
    if len(set(keys)) < len(keys):
        raise ServiceRefusal("split_twice")
