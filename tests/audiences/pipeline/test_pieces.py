"""A source that is read in pieces comes to the same as one that is read whole, wherever the pieces end."""

import gzip
import random

import pytest

from audiences.filtering.conditions import RowFilter
from audiences.pipeline import repair, sources, stage
from audiences.pipeline.plan import SourceBroken
from audiences.pipeline.prepare import prepare
from audiences.pipeline.segments import Segments
from tests.audiences.pipeline.helpers import make_plan, sent, write_text
from tests.support.reference import Column

COLUMNS = (Column("email", "email"), Column("phone", "phone", default_country="DE"))
NAMES = ("email", "phone", "city")


def lines(count, seed=1):
    """Good, blank, undecided and refused values, and people who come twice."""
    rng = random.Random(seed)
    return [
        ",".join(
            (
                rng.choice((f"u{rng.randint(0, count)}@example.com", "", "no address", "MÜLLER@exämple.de ", "n/a")),
                rng.choice((f"0171 {rng.randint(1000000, 9999999)}", "", "123", "+49 (0) 30 901820")),
                rng.choice(("Köln", "Rīga", "")),
            )
        )
        for _ in range(count)
    ]


def text_of(rows, end="\n"):
    return end.join([",".join(NAMES), *rows]) + end


GOOD = lines(400)
TEXTS = {
    "plain": (text_of(GOOD).encode(), {}),
    "no line end at the end": (text_of(GOOD).rstrip().encode(), {}),
    "windows line ends": (text_of(GOOD, "\r\n").encode(), {}),
    "old line ends": (text_of(GOOD, "\r").encode(), {}),
    "empty lines at the end": (text_of(GOOD).encode() + b"\n\n\n\n", {}),
    "empty lines everywhere": (text_of(GOOD, "\n\n").encode(), {}),
    "a mark in front": (text_of(GOOD).encode("utf-8-sig"), {}),
    "compressed": (gzip.compress(text_of(GOOD).encode()), {"compression": "gzip"}),
    "latin": (text_of(GOOD).replace("ī", "i").encode("latin-1"), {"encoding": "latin-1"}),
    "two bytes": (text_of(GOOD).encode("utf-16"), {"encoding": "utf-16"}),
    "quoted lines late": (text_of([*GOOD, '"late@example.com","0171\n2345678",x', *lines(9, 2)]).encode(), {}),
    "a broken row late": (text_of([*GOOD, "one@example.com", *lines(9, 2)]).encode(), {}),
    "only a header": (text_of([]).encode(), {}),
    "nothing": (b"", {}),
}


def outcome(plan, work):
    prepared = prepare(plan, work)
    entries = {operation: sent(work, prepared, operation) for operation in ("ADD", "REMOVE")}
    return prepared.counts, prepared.batches, entries, prepared.rejects.read_bytes()


def in_pieces(monkeypatch, size):
    """Of so many bytes, and of a few rows where a file has to be repaired."""
    monkeypatch.setattr(stage, "_PIECE_PER_MB", size / 512)
    monkeypatch.setattr(sources, "_CHUNK", max(1, size // 10))
    monkeypatch.setattr(repair, "_ROWS_OF_A_FILE", 7)


@pytest.mark.parametrize("partitions", [1, 16])
@pytest.mark.parametrize("form", TEXTS)
def test_pieces_come_to_what_the_whole_comes_to(tmp_path, monkeypatch, form, partitions):
    data, format = TEXTS[form]
    first = write_text(tmp_path / "a.csv", text_of(lines(5, 3)).encode(), NAMES)
    files = [first, write_text(tmp_path / "b.csv", data, NAMES, **format), first]
    plan = make_plan(files, COLUMNS, partitions=partitions)
    whole = outcome(plan, tmp_path / "whole")
    in_pieces(monkeypatch, 500)

    assert outcome(plan, tmp_path / "pieces") == whole
    assert whole[0].rows.read >= 10


@pytest.mark.parametrize("size", range(20, 60))
def test_an_empty_line_counts_wherever_a_piece_ends(tmp_path, monkeypatch, size):
    data = b"email\na@example.com\n\n\nb@example.com\n\nc@example.com\n"
    plan = make_plan([write_text(tmp_path / "a.csv", data, ("email",))])
    whole = outcome(plan, tmp_path / "whole")
    in_pieces(monkeypatch, size)

    assert outcome(plan, tmp_path / "pieces") == whole
    assert (whole[0].rows.read, whole[0].blank_rows) == (6, 3)


@pytest.mark.parametrize("partitions", [1, 16])
def test_a_filter_counts_over_all_pieces(tmp_path, monkeypatch, partitions):
    chosen = {"column": "city", "operator": "is", "values": ["Köln"]}
    groups = [{"match": "all", "conditions": [chosen]}]
    row_filter = RowFilter.from_json({"match": "all", "is_day_first": False, "groups": groups})
    source = write_text(tmp_path / "a.csv", text_of(GOOD).encode(), NAMES)
    plan = make_plan([source], COLUMNS, partitions=partitions, row_filter=row_filter)
    whole = outcome(plan, tmp_path / "whole")
    in_pieces(monkeypatch, 500)

    assert outcome(plan, tmp_path / "pieces") == whole
    assert whole[0].rows.left_out == sum(not line.endswith("Köln") for line in GOOD)


def test_a_compressed_file_that_breaks_off_is_refused_late_too(tmp_path, monkeypatch):
    data = gzip.compress(text_of(lines(20_000)).encode())[:-20]
    plan = make_plan([write_text(tmp_path / "a.csv", data, NAMES, compression="gzip")], COLUMNS)
    in_pieces(monkeypatch, 100_000)

    with pytest.raises(SourceBroken) as caught:
        prepare(plan, tmp_path / "work")

    assert caught.value.reason == "source_unreadable"
    assert not list((tmp_path / "work").glob("tmp*"))


@pytest.mark.parametrize("size", [1, 7, 50, 1000])
def test_pieces_are_the_text_and_end_where_lines_end(tmp_path, monkeypatch, size):
    monkeypatch.setattr(sources, "_CHUNK", 40)
    text = text_of(GOOD).encode()
    source = write_text(tmp_path / "a.csv", gzip.compress(text), NAMES, compression="gzip")
    pieces, counted = [], 0

    with Segments(source, 1, tmp_path, size, lambda: None) as segments:
        while segment := segments.next():
            assert segment.is_own
            assert segment.has_header is not bool(pieces)
            pieces.append(segment.path.read_bytes())
            counted += segment.lines(lambda: None)
            segment.path.unlink()

    assert b"".join(pieces) == text
    assert len(pieces) > 3
    assert counted == 401
    assert all(piece.endswith(b"\n") for piece in pieces)
    assert segments.next() is None


def test_one_piece_at_a_time_lies_on_the_disk(tmp_path, monkeypatch):
    most = 0
    cut = Segments.next

    def next_piece(self):
        nonlocal most
        piece = cut(self)
        most = max(most, len(list(self._folder.glob("input-*"))))
        return piece

    monkeypatch.setattr(Segments, "next", next_piece)
    in_pieces(monkeypatch, 500)
    prepare(make_plan([write_text(tmp_path / "a.csv", text_of(GOOD).encode(), NAMES)], COLUMNS), tmp_path / "work")

    assert most == 1
