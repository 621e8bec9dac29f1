"""Whether the data doctor says in the set-up that it is safe to go on."""

import pytest

from tests.audiences.views.conftest import Pages
from tests.audiences.views.test_setup_doctor import BROKEN, DEFAULT, EMPTY_HASH, ROLE, examined, page
from tests.factories_audiences import add_snapshot


@pytest.mark.parametrize(
    ("odd", "verdict", "words"),
    [
        ((), "It is safe to go on", "Nothing looks suspicious."),
        ((ROLE,), "It is safe to go on", "common and does no harm"),
        ((BROKEN,), "It is safe to go on", "for the reasons below"),
        (tuple([DEFAULT] * 120), "Worth a look before you go on", "Nothing is certainly wrong"),
        (tuple([BROKEN] * 120), "Worth a look before you go on", "More than a fifth of the values"),
        ((EMPTY_HASH, *[DEFAULT] * 120), "Better fixed first", "cannot be used as it is"),
    ],
)
def test_whether_it_is_safe_to_go_on_is_said_in_words(
    pages: Pages, odd: tuple[dict[str, str], ...], verdict: str, words: str
) -> None:
    text = page(pages, examined(pages, *odd))

    assert verdict in text
    assert words in text
    assert ("Change the columns" in text) is ("safe" not in verdict)


def test_data_of_which_nothing_can_be_used_is_not_said_to_go_on_with(pages: Pages) -> None:
    gaid = "cdda802e-fb9c-47ad-9866-0794d394c912"
    add_snapshot(pages.shop.dataset, [BROKEN | {"gaid": gaid}] * 3)

    text = page(pages, examined(pages))

    assert "Nothing can be used" in text
    assert "You can also go on" not in text
    assert "Change the columns" in text


def test_good_data_that_is_on_the_list_already_is_safe(pages: Pages) -> None:
    draft = examined(pages)
    run = draft.runs.get()
    run.counts["rows"] |= {"to_send": 0, "already_there": run.counts["rows"]["to_send"]}
    run.save()

    text = page(pages, draft)

    assert "It is safe to go on" in text
    assert "There is nothing to send" not in text
    assert "There is nothing to send" in page(pages, draft, "review")
