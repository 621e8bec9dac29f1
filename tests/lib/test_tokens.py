"""Link tokens are random, and only their hash is kept."""

from pinconnect.lib import tokens


def test_tokens_are_long_random_and_fit_into_an_address() -> None:
    made = {tokens.new_token() for _ in range(200)}

    assert len(made) == 200
    assert all(len(token) == 43 and token.replace("-", "").replace("_", "").isalnum() for token in made)


def test_hash_is_stable_and_does_not_show_the_token() -> None:
    token = tokens.new_token()

    assert tokens.hash_token(token) == tokens.hash_token(token)
    assert token not in tokens.hash_token(token)
    assert len(tokens.hash_token(token)) == 64


def test_comparison_tells_equal_from_different() -> None:
    assert tokens.same("a" * 20, "a" * 20)
    assert not tokens.same("a" * 20, "a" * 19 + "b")
