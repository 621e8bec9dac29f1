"""What an error says and what it must never say."""

import pickle

import pytest

from pinconnect.pinterest import errors


def every_class(root: type[errors.PinterestError] = errors.PinterestError) -> set[type[errors.PinterestError]]:
    """Of the client's own: whoever asks Pinterest may draw finer distinctions."""
    children = (child for child in root.__subclasses__() if child.__module__ == errors.__name__)
    return {root}.union(*map(every_class, children))


def test_the_drawing_at_the_top_names_every_class() -> None:
    drawn = {word for line in (errors.__doc__ or "").splitlines() for word in line.split()}

    assert {kind.__name__ for kind in every_class()} <= drawn


def test_text_holds_status_code_and_message() -> None:
    error = errors.Rejected("No", status=400, code=1, pinterest_message="Invalid request")

    assert str(error) == "No: HTTP 400, code 1: Invalid request"
    assert str(errors.NotFound()) == "NotFound"


def test_identifiers_in_pinterests_words_are_masked() -> None:
    error = errors.Rejected("No", pinterest_message="'jane@example.com' and " + "ab" * 32 + " are bad\nX-Header: 1")

    assert error.pinterest_message == "'[e-mail]' and [digest] are bad X-Header: 1"


def test_a_digest_at_the_cut_is_masked_whole() -> None:
    error = errors.Rejected("No", pinterest_message="x " * 95 + "ab" * 32)

    assert "abab" not in error.pinterest_message
    assert len(error.pinterest_message) <= 200


def test_long_messages_are_cut() -> None:
    error = errors.Rejected("No", pinterest_message="word " * 100_000)

    assert len(error.pinterest_message) == 200
    assert error.pinterest_message.endswith("…")


@pytest.mark.parametrize("kind", sorted(every_class() - {errors.RateLimited}, key=lambda kind: kind.__name__))
def test_errors_survive_pickling(kind: type[errors.PinterestError]) -> None:
    error = pickle.loads(pickle.dumps(kind("No", status=400, code=1, request_id="r")))  # noqa: S301 - our own bytes

    assert (type(error), error.status, error.code, error.request_id, str(error)) == (
        kind,
        400,
        1,
        "r",
        "No: HTTP 400, code 1",
    )
