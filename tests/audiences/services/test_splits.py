"""Splitting a dataset: one delivery for each value, made once, each list with exactly its rows."""

import pytest
from django.db.models import Count

from audiences.filtering.conditions import Condition, Group, RowFilter
from audiences.models import Delivery, Mode, Run, Split
from audiences.services import schedules, splits
from audiences.services.refusals import ServiceRefusal
from audiences.states import DeliveryState, RunState
from tests.factories_audiences import Shop, drive, expected_members, make_draft, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db


def rows(numbers: range, countries: tuple[str, ...] = ("DE", "FR", " de", "")) -> list[dict[str, str]]:
    return [row | {"country": countries[n % len(countries)]} for n, row in zip(numbers, people(numbers), strict=True)]


def wish(*values: str, column: str = "country", pattern: str = splits.PATTERN, key: str = "k1") -> splits.Wish:
    return splits.Wish(column, pattern, values, key)


@pytest.fixture
def shop(simulator: SimulatorInTest) -> Shop:
    return make_shop(simulator, rows(range(240)))


def test_values_are_counted_with_their_spellings_together_and_blanks_apart(shop: Shop) -> None:
    found = splits.values_of(shop.delivery, "country")

    assert [(value.text, value.rows) for value in found.found] == [("DE", 120), ("FR", 60)] or [
        (value.text.upper(), value.rows) for value in found.found
    ] == [("DE", 120), ("FR", 60)]
    assert (found.distinct, found.blank, found.rows, found.origin.is_whole, found.beyond) == (2, 60, 240, True, 0)


def test_each_list_holds_the_rows_of_its_value(shop: Shop) -> None:
    split = splits.create(shop.delivery, wish("DE", "FR", ""), by=None)

    made = list(split.deliveries.order_by("name"))
    assert [one.name for one in made] == ["Newsletter – (empty)", "Newsletter – DE", "Newsletter – FR"]
    assert {one.state for one in made} == {DeliveryState.ACTIVE}
    for one, country in zip(made, ("", "de", "fr"), strict=True):
        run = drive(Run.objects.get(delivery=one))
        assert run.state == RunState.DONE, run.reason
        mine = [row for row in rows(range(240)) if row["country"].strip().lower() == country]
        one.refresh_from_db()
        assert one.audience is not None
        assert shop.simulator.members(one.audience.customer_list_id) == expected_members(mine)
        assert run.counts["final"]["rows"]["left_out"] == 240 - len(mine)
    assert shop.delivery.state == DeliveryState.ACTIVE, "a published template stays"


def test_same_form_sent_twice_makes_them_once(shop: Shop) -> None:
    first = splits.create(shop.delivery, wish("DE", "FR"), by=None)
    again = splits.create(shop.delivery, wish("DE", "FR"), by=None)

    assert again == first
    assert Delivery.objects.filter(split=first).count() == 2
    other = splits.create(shop.delivery, wish("DE", key="k2"), by=None)
    assert other.deliveries.get().name == "Newsletter – DE (2)", "a taken name gets a number"


@pytest.mark.parametrize(
    "other", [wish("DE", "FR", ""), wish("DE"), wish("DE", "FR", pattern="{value}"), wish("DE", "FR", column="town")]
)
def test_same_form_with_other_choices_is_refused(shop: Shop, other: splits.Wish) -> None:
    splits.create(shop.delivery, wish("DE", "FR"), by=None)

    with pytest.raises(ServiceRefusal, match="split_published"):
        splits.create(shop.delivery, other, by=None)

    assert splits.create(shop.delivery, wish("fr ", "DE"), by=None).deliveries.count() == 2, "the same in other letters"


def test_draft_becomes_its_split_and_hands_on_what_was_set_up(shop: Shop) -> None:
    draft = make_draft(shop.profile, shop.ad_account, shop.dataset, name="Spring", mode=Mode.ADD)
    schedules.change(draft, schedules.Wish("interval", 60), by=None)
    Delivery.objects.filter(pk=draft.pk).update(hold_share=7, hold_add_share=9)

    split = splits.create(draft, wish("DE"), by=None)

    made = split.deliveries.get()
    draft.refresh_from_db()
    assert draft.state == DeliveryState.ARCHIVED
    assert (made.mode, made.hold_share, made.hold_add_share, made.schedule.every_minutes) == (Mode.ADD, 7, 9, 60)
    assert [column.column for column in made.columns.all()] == ["email"]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (wish("DE", column="email"), "split_identifier"),
        (wish("DE", column="phone"), "split_personal"),
        (wish("DE", column="town"), "no_dataset_column"),
        (wish(), "split_nothing"),
        (wish("DE", pattern="Same for all"), "split_pattern"),
        (wish("DE", " de "), "split_twice"),
        (wish(*(str(n) for n in range(51))), "split_full"),
        (wish("jane@example.com"), "filter_refused"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_made(shop: Shop, asked: splits.Wish, code: str) -> None:
    with pytest.raises(ServiceRefusal) as caught:
        splits.create(shop.delivery, asked, by=None)

    assert caught.value.code == code
    assert "jane" not in caught.value.sentence
    assert (Split.objects.count(), Delivery.objects.count()) == (0, 1)


def test_column_with_far_too_many_values_is_refused_and_says_why(simulator: SimulatorInTest) -> None:
    shop = make_shop(simulator, rows(range(600), tuple(f"town {n}" for n in range(600))))

    with pytest.raises(ServiceRefusal) as caught:
        splits.values_of(shop.delivery, "country")

    assert "600" in caught.value.sentence


def test_values_that_name_people_make_no_lists(simulator: SimulatorInTest) -> None:
    shop = make_shop(simulator, [row | {"contact": "0170 1234567"} for row in people(range(20))])

    with pytest.raises(ServiceRefusal) as refused:
        splits.create(shop.delivery, wish("0170 1234567", column="contact"), by=None)

    assert "a phone number" in refused.value.sentence
    assert not Split.objects.exists()


def test_incomplete_draft_cannot_be_split(shop: Shop) -> None:
    draft = make_draft(shop.profile, shop.ad_account, shop.dataset, name="Spring")
    draft.columns.all().delete()

    with pytest.raises(ServiceRefusal) as caught:
        splits.create(draft, wish("DE"), by=None)

    assert caught.value.code == "incomplete"


def test_new_values_are_added_once_and_like_the_others(shop: Shop) -> None:
    split = splits.create(shop.delivery, wish("DE"), by=None)
    shop.change(rows(range(240), ("DE", "IT")))

    assert splits.add(split, ["IT", " it", "IT"], by=None) == 1
    assert splits.add(split, ["it "], by=None) == 0

    assert sorted(split.deliveries.values_list("name", flat=True)) == ["Newsletter – DE", "Newsletter – IT"]
    assert not split.deliveries.values("split_value").annotate(n=Count("pk")).filter(n__gt=1).exists()


def test_value_that_disappeared_empties_its_list_only_after_a_hold(shop: Shop) -> None:
    split = splits.create(shop.delivery, wish("FR"), by=None)
    made = split.deliveries.get()
    drive(Run.objects.get(delivery=made))
    shop.change(rows(range(240), ("DE",)))
    shop.delivery = made

    run = drive(shop.start())

    assert (run.state, run.reason) == (RunState.HELD, "empties_list")


def only(column: str, *values: str, match: str = "all") -> Group:
    return Group(tuple(Condition(column, "is", (value,)) for value in values), match)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("base", "wanted"),
    [
        (None, RowFilter((only("c", "v"),))),
        (
            RowFilter((only("a", "1", "2", match="any"),)),
            RowFilter((only("a", "1", "2", match="any"), only("c", "v")), "all"),
        ),
        (
            RowFilter((only("a", "1"), only("a", "2", "3", match="any")), "any"),
            RowFilter(
                tuple(Group((Condition("a", "is", (n,)), Condition("c", "is", ("v",)))) for n in ("1", "2", "3")), "any"
            ),
        ),
    ],
)
def test_value_is_asked_beside_the_conditions_of_the_template(base: RowFilter | None, wanted: RowFilter) -> None:
    assert splits.filter_for(base, "c", "v", ["a", "c"]) == wanted


def test_braces_in_names_and_values_mean_nothing() -> None:
    assert (
        splits.name_for("{value}", "{name}: {value} {x}", "{name} {0.__class__}") == "{value}: {name} {0.__class__} {x}"
    )
