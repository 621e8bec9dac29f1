"""Texts from outside, made fit to be asked of a database."""


def without_nul(text: str) -> str:
    """PostgreSQL takes no NUL in a text, and answers a page that asks for one with an error."""
    return text.replace("\0", "")
