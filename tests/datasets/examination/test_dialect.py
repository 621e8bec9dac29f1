"""Telling names of columns from data, and one delimiter from another."""

import pytest

from pinconnect.datasets.examination import dialect, encodings, masks, shapes
from pinconnect.datasets.examination.results import Asked

DATA = [
    "ann@example.com",
    "+49 30 901820",
    "0030901820",
    "d41d8cd98f00b204e9800998ecf8427e",
    "a" * 64,
    "6D92078A-8246-4BA4-AE5B-76104861E7DC",
    "XY1005wXyWPB1SgpMUKlpzA013UaLEz2lg0wFAr",
]
NAMES = [
    "email",
    "E-Mail",
    "address_line_1_shipping",
    "customer-identifier-v2-2024",
    "sha256",
    "phone2",
    "2024",
    "Straße",
    "Datum der letzten Bestellung",
]


@pytest.mark.parametrize("cell", DATA)
def test_identifiers_are_surely_data(cell):
    assert shapes.is_surely_data(cell)
    assert not dialect.has_header([[cell, "Rome"], [cell, "Oslo"]])


@pytest.mark.parametrize("cell", NAMES)
def test_names_are_not_taken_for_data(cell):
    assert not shapes.is_surely_data(cell)


def test_a_first_row_of_numbers_and_dates_is_data():
    assert not dialect.has_header([["12.5", "2026-01-01", "x"], ["13", "2026-01-02", "y"]])


@pytest.mark.parametrize("long", ["a@" + "." * 100_000, "1" * 100_000, "x" * 100_000 + " "])
def test_long_cells_take_no_time(long):
    assert not shapes.is_surely_data(long)
    assert not shapes.is_likely_data(long)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_each_delimiter_is_found_among_the_others(delimiter):
    rows = [["email", "note"], ["ann@example.com", "a b"], ["bob@example.com", "c"]]
    text = "".join(delimiter.join(row) + "\n" for row in rows)

    assert dialect.detect(text, is_whole=True, asked=Asked())[0].delimiter == delimiter


def test_decimal_commas_do_not_beat_semicolons():
    text = "email;amount\nann@example.com;1,50\nbob@example.com;2,75\ncid@example.com;3,00\n"

    assert dialect.detect(text, is_whole=True, asked=Asked())[0].delimiter == ";"


TEXTS = {
    "cp1252": "Müller,Köln\nFrançois,Besançon\nPeña,Málaga\n",
    "cp1250": "Łukasz Wiśniewski,Łódź\nMałgorzata Wójcik,Kraków\nStanisław Dąbrowski,Gdańsk\n",
    "cp1251": "Иван Иванов,Москва\nМария Петрова,Санкт-Петербург\nСергей,Казань\n",
    "cp1253": "Γιώργος Παπαδόπουλος,Αθήνα\nΜαρία,Θεσσαλονίκη\n",
    "cp932": "山田太郎,東京\n佐藤花子,大阪市\n鈴木一郎,名古屋\n",
    "gb18030": "张伟,北京\n王芳,上海\n李娜,广州\n",
    "cp949": "김철수,서울\n이영희,부산\n박민수,대구\n",
}


@pytest.mark.parametrize("encoding", TEXTS)
def test_older_encodings_are_told_apart(encoding):
    lines = TEXTS[encoding].splitlines() * 10
    text = "email,name,city\n" + "".join(f"person{at}@example.com,{line}\n" for at, line in enumerate(lines))

    assert encodings.guess(text.encode(encoding)) == encoding


def test_every_encoding_on_offer_exists():
    for name, label in encodings.CHOICES:
        assert "x".encode(name)
        assert encodings.label(name) == label


def test_groups_are_shown_and_people_are_not():
    assert masks.is_category(["DE", "FR"] * 50)
    assert not masks.is_category([f"Person {at}" for at in range(100)])
    assert not masks.is_category(["ann@example.com"] * 100)


def test_broken_rows_keep_their_shape_only():
    assert masks.shape_of('"Müller",ann@x.org,+49 30\n1') == '"xxxxxx",xxx@x.xxx,+00 00⏎0'
    assert len(masks.shape_of("x" * 5000)) == 301


@pytest.mark.parametrize("text", ["=1+1", "+49", "-1", "@x", "\tx"])
def test_no_cell_is_a_formula(text):
    assert masks.formula_safe(text) == "'" + text
