"""Answers of services that are no."""


class InviteRefusal(Exception):  # noqa: N818 - it is an answer, not a failure
    """Not possible now; sentence says why, for the page."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
