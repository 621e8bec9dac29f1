"""The columnar fast path may only decide what the rule decides in the same way."""

import random
import unicodedata

import duckdb
import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pinconnect.identifiers import columnar, kinds, phone_patterns, rules

CONNECTION = duckdb.connect(":memory:", config={"threads": 1})
COUNTRIES = (None, "US", "GB", "DE", "FR", "IT", "BR", "JP", "AU", "IN", "RU", "MX", "AR", "CN", "SM")


def fast_digests(kind, treatment, country, values):
    """What the SQL decides, in the order of the values: (digest or None, blank, reason or None)."""
    found = columnar.expressions(kind, treatment, country, column="raw", clean="c", shaped="s")
    connection = CONNECTION
    connection.execute("CREATE OR REPLACE TEMP TABLE t (i INTEGER, raw VARCHAR)")
    connection.execute("INSERT INTO t SELECT unnest(range(len($1))), unnest($1::VARCHAR[])", [values])
    rows = connection.execute(
        f"SELECT {found.digest}, {found.blank}, {found.refusal} FROM (SELECT *, {found.shaped} AS s FROM "
        f"(SELECT *, {found.clean} AS c FROM t)) ORDER BY i"
    ).fetchall()
    return [(bytes(digest) if digest is not None else None, blank, refusal) for digest, blank, refusal in rows]


def differences(kind, treatment, country, values):
    """Values that the fast path decided otherwise than the rule; and how many it decided."""
    wrong, decided = [], 0
    for value, (digest, blank, refusal) in zip(values, fast_digests(kind, treatment, country, values), strict=True):
        reason = None if digest else "blank" if blank else refusal
        if digest is None and reason is None:
            continue
        decided += 1
        verdict = rules.judge(kind, value, treatment, country)
        if (verdict.digest, verdict.reason) != (digest, reason):
            wrong.append((value, digest, reason, verdict))
    return wrong, decided


def database_text(**kwargs):
    """Any text a database can hold (surrogates cannot be stored)."""
    return st.text(st.characters(exclude_categories=("Cs",)), **kwargs)


ODD = st.sampled_from(
    [
        "\xa0",
        "\u200b",
        "\ufeff",
        "\x00",
        "\t",
        "\n",
        "\r\n",
        "\u2003",
        "\x85",
        "\x1f",
        ",",
        '"',
        "'",
        ";",
        " ",
        "İ",
        "ΑΣ",
        "é",
        unicodedata.normalize("NFD", "é"),
        "ß",
        "ü",
        "٣",
        "＋",
        "＠",
        "ﬁ",
        ".",
        "-",
        "@",
        "0",
        "+",
    ]
)
GOOD = {
    "email": st.sampled_from(["jane.doe@example.com", "A+B@Bücher.example", "o'neil@x-y.co.uk", "x@xn--bcher-kva.de"]),
    "phone": st.sampled_from(["+14155552671", "(415) 555-2671", "0044 20 7946 0958", "020 7946 0958", "12345678901"]),
    "maid": st.sampled_from(["cdda802e-fb9c-47ad-9866-0794d394c912", "6D92078A-8246-4BA4-AE5B-76104861E7DC"]),
    "lr_id": st.sampled_from(["XY1005wXyWPB1SgpMUKIpzA0I3UaLEz", "Xi-9_8.7"]),
    "dlx_id": st.sampled_from(["dlx-0001-0002-0003", "AbCdEfGhIjKl"]),
    "pinner_id": st.sampled_from(["549755885175", "0012"]),
}
SPECIAL = st.sampled_from(
    [
        "",
        " ",
        "null",
        "N/A",
        "-",
        "0" * 64,
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "00000000-0000-0000-0000-000000000000",
        "f" * 32,
        "A" * 40,
        "973DFE463EC85785F5F95AF5BA3906EEDB2D931C24E69824A89EA65DBA4E813B",
        "0000000000",
        "+10000000000",
        "1" * 64,
        "0b" * 18,
        "d41d8cd98f00b204e9800998ecf8427e",
        "14155552671",
        "19999999999",
        "001415555267",
        "\ufeff+14155552671",
        "jane.doe@example.com,john@example.com",
        '"jane.doe@example.com"',
    ]
)


@st.composite
def dirty_values(draw, wire):
    """A good value with odd pieces put in anywhere, or something special, or anything at all."""
    value = draw(GOOD[wire] | SPECIAL | database_text(max_size=70))
    for piece in draw(st.lists(ODD, max_size=3)):
        at = draw(st.integers(0, len(value)))
        value = value[:at] + piece + value[at:]
    return draw(st.sampled_from([value, value.upper(), value.lower(), value.swapcase()]))


@pytest.mark.parametrize(
    ("kind", "treatment"), [(code, treatment) for code, kind in kinds.KINDS.items() for treatment in kind.treatments]
)
def test_fast_path_agrees_with_the_rule_on_dirty_values(kind, treatment):
    @settings(max_examples=15, deadline=None)
    @given(st.lists(dirty_values(kinds.get(kind).wire), min_size=20, max_size=60), st.sampled_from(COUNTRIES))
    def check(values, country):
        wrong, _ = differences(kind, treatment, country, values)
        assert wrong == []

    check()


def random_number(rng, country):
    """A number in one of the ways people write it, valid or nearly so."""
    code = phonenumbers.country_code_for_region(country) if country else rng.choice((1, 44, 49, 39, 55, 81, 7, 61, 378))
    national = "".join(rng.choice("0123456789") for _ in range(rng.randint(5, 12)))
    example = phonenumbers.example_number(rng.choice([country] if country else ["US", "GB", "DE", "IT", "BR", "CA"]))
    if example and rng.random() < 0.6:
        real = str(phonenumbers.national_significant_number(example))
        keep = rng.randint(2, len(real))
        national = real[:keep] + "".join(rng.choice("0123456789") for _ in range(len(real) - keep))
    start = rng.choice((f"+{code}", f"00{code}", f"{code}", "0", "", "1", "8", "011", f"+{code}0", f"+{code} (0)"))
    text = start + national
    if rng.random() < 0.4:
        at = rng.randint(1, len(text))
        text = text[:at] + rng.choice((" ", "-", ".", " (", ") ", "/")) + text[at:]
    return text


@pytest.mark.parametrize("country", COUNTRIES)
def test_phone_patterns_agree_with_libphonenumber_on_random_numbers(country):
    rng = random.Random(f"phones {country}")
    values = [random_number(rng, country) for _ in range(2000)]

    wrong, decided = differences("phone", "auto", country, values)

    assert wrong == []
    # Argentina's prefix pattern matches anything, so its national numbers all go to the rule.
    assert decided > (500 if country != "AR" else 0), "the fast path decides too little to be worth its name"


def test_every_region_that_has_patterns_agrees_on_its_example_numbers():
    checked = 0
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        examples = [phonenumbers.example_number_for_type(region, kind) for kind in range(11)]
        values = [phonenumbers.format_number(example, style) for example in examples if example for style in (0, 1, 2)]
        wrong, decided = differences("phone", "auto", region, values)
        assert wrong == []
        checked += decided

    assert checked > 1500


def test_metadata_has_patterns_for_nearly_every_country_code():
    accepted, excluded = phone_patterns.country_code_pattern()

    assert accepted.count("|") > 200
    assert "|49(?:0)" in excluded
