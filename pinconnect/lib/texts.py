"""Texts from outside, made fit for a database and for the sentences that they stand in."""

# Embeddings, overrides, isolates and their ends, by their code points: written out, nobody would see them here.
_DIRECTION_CONTROLS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def without_nul(text: str) -> str:
    """PostgreSQL takes no NUL in a text, and answers a page that asks for one with an error."""
    return text.replace("\0", "")


def without_direction_controls(text: str) -> str:
    """Invisible characters in a name that turn the words after it about, up to the end of the sentence, are left out.

    Letters that are written from right to left find their direction without them.
    """
    return text.translate(_DIRECTION_CONTROLS)


def row_number(text: str) -> int | None:
    """The number of a row as it stands in an address or a form; None for what no row of any database can have."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
