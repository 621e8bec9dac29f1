"""A source that is read in pieces comes to the same as one that is read whole, wherever the pieces end."""

import gzip
import random

import pytest

from audiences.filtering.conditions import RowFilter
from audiences.pipeline import batches, layout, sources, stage
from audiences.pipeline.plan import SourceBroken
from audiences.pipeline.prepare import prepare
from audiences.pipeline.segments import Segments
from audiences.pipeline.sequences import read_index
from tests.audiences.pipeline.helpers import make_ledger, make_plan, sent, write_text, write_tombstones
from tests.support.reference import Column, digest_of

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
IN_FILES = ("compressed", "quoted lines late", "a broken row late")


def outcome(plan, work):
    prepared = prepare(plan, work)
    entries = {operation: sent(work, prepared, operation) for operation in ("ADD", "REMOVE")}
    return prepared.counts, prepared.batches, entries, prepared.rejects.read_bytes()


def in_pieces(monkeypatch, size):
    """Of so many bytes."""
    monkeypatch.setattr(stage, "_PIECE_PER_MB", size / 512)
    monkeypatch.setattr(sources, "_CHUNK", max(1, size // 10))


@pytest.mark.parametrize(
    ("form", "partitions"),
    [*((form, 1) for form in TEXTS), *((form, 16) for form in IN_FILES)],
)
def test_pieces_come_to_what_the_whole_comes_to(tmp_path, monkeypatch, form, partitions):
    data, format = TEXTS[form]
    first = write_text(tmp_path / "a.csv", text_of(lines(5, 3)).encode(), NAMES)
    files = [first, write_text(tmp_path / "b.csv", data, NAMES, **format), first]
    plan = make_plan(files, COLUMNS, partitions=partitions)
    whole = outcome(plan, tmp_path / "whole")
    in_pieces(monkeypatch, 500)

    assert outcome(plan, tmp_path / "pieces") == whole
    assert whole[0].rows.read >= 10


LOOSE = {
    "between": (b"email\na@example.com\n\n\nb@example.com\n\nc@example.com\n", 6, 3),
    "at the end": (b"email\na@example.com\n\n\n", 1, 0),
    "at the start": (b"\n\nemail\na@example.com\n", 1, 0),
    "making up for a quoted line": (b'email\n"a@example.com\n"\n\n', 1, 0),
    "behind a blank value": (b'email\na@example.com\n""\n\n\n', 2, 1),
}


@pytest.mark.parametrize("form", LOOSE)
def test_an_empty_line_counts_or_not_wherever_a_piece_ends(tmp_path, monkeypatch, form):
    data, rows, blank = LOOSE[form]
    plan = make_plan([write_text(tmp_path / "a.csv", data, ("email",))])
    whole = outcome(plan, tmp_path / "whole")

    for size in range(1, len(data) + 2, 6):
        in_pieces(monkeypatch, size)
        assert outcome(plan, tmp_path / "pieces") == whole
    assert (whole[0].rows.read, whole[0].blank_rows) == (rows, blank)


def test_a_byte_order_mark_within_a_file_stays_where_it_is(tmp_path, monkeypatch):
    data = b'email,city\na@example.com,x\n\xef\xbb\xbf"b@example.com",x\nc@example.com,y\n'
    plan = make_plan([write_text(tmp_path / "a.csv", data)])
    whole = outcome(plan, tmp_path / "whole")

    for size in range(20, 34):
        in_pieces(monkeypatch, size)
        assert outcome(plan, tmp_path / "pieces") == whole


def test_old_line_ends_are_cut_too(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "_CHUNK", 40)
    source = write_text(tmp_path / "a.csv", text_of(GOOD, "\r").encode(), NAMES)

    with Segments(source, 1, tmp_path, 200, lambda: None) as segments:
        pieces = [segment.path.read_bytes() for segment in iter(segments.next, None)]

    assert b"".join(pieces) == text_of(GOOD, "\r").encode()
    assert max(map(len, pieces)) <= 400


@pytest.mark.parametrize("partitions", [1, 16])
@pytest.mark.parametrize("mode", ["mirror", "add", "remove"])
def test_pieces_meet_a_ledger_and_erased_people_as_the_whole_does(tmp_path, monkeypatch, mode, partitions):
    columns = (Column("email", "email"), Column("other", "email"))
    rows = [f"u{number % 90}@example.com,v{number % 70}@example.com" for number in range(200)]
    data = "\n".join(["email,other", *rows]).encode()
    known = {("email", digest_of("email", f"u{number}@example.com")) for number in range(40, 140)}
    erased = {("email", digest_of("email", f"v{number}@example.com")) for number in (3, 50)}
    plan = make_plan(
        [write_text(tmp_path / "a.csv", data, ("email", "other"))],
        columns,
        mode,
        partitions=partitions,
        ledger=make_ledger(tmp_path, known),
        tombstones=write_tombstones(tmp_path / "erased.parquet", erased),
    )
    whole = outcome(plan, tmp_path / "whole")
    in_pieces(monkeypatch, 300)

    assert outcome(plan, tmp_path / "pieces") == whole
    assert bool(whole[0].rows.held_back) is (mode != "remove")


def test_an_empty_file_in_front_does_not_make_the_others_seem_small(tmp_path):
    empty = write_text(tmp_path / "a.csv", b"", NAMES)
    large = write_text(tmp_path / "b.csv", text_of(GOOD).encode(), NAMES)
    plan = make_plan([empty, large], COLUMNS, memory_limit_mb=100)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layout, "_AT_ONCE_PER_MB", 7)
        prepare(plan, tmp_path / "work")

    assert read_index(tmp_path / "work").width == 1


@pytest.mark.parametrize("columns", [COLUMNS, COLUMNS[:1]], ids=["rows", "identifiers"])
def test_what_nobody_asks_for_again_makes_room_while_others_are_compared(tmp_path, monkeypatch, columns):
    left, cut = [], batches.cut

    def look(*arguments):
        left.extend(path.parts[-3] for path in (tmp_path / "work" / "tmp").glob("spread/*/*/*.parquet"))
        return cut(*arguments)

    monkeypatch.setattr(batches, "cut", look)
    source = write_text(tmp_path / "a.csv", text_of(GOOD).encode(), NAMES)

    prepare(make_plan([source], columns, partitions=16), tmp_path / "work")

    assert set(left) <= ({"changed"} if len(columns) > 1 else {"decided", "judged"})


def test_progress_never_goes_back(tmp_path, monkeypatch):
    data = text_of([*GOOD, "one@example.com"]).encode()
    in_pieces(monkeypatch, 500)
    seen = []
    plan = make_plan([write_text(tmp_path / "a.csv", data, NAMES)], COLUMNS)

    prepare(plan, tmp_path / "work", progress=lambda now: seen.append(now.fraction))

    assert seen == sorted(seen)
    assert seen[-1] == 1.0


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
            counted += segments.lines(segment)
            segment.path.unlink()

    assert b"".join(pieces) == text
    assert len(pieces) > 3
    assert counted == 401
    assert segments.account_for(400)
    assert not segments.account_for(399)
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
