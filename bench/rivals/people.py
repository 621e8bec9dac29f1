"""The file that preparing is measured with: dirty as real lists are, the same for the same seed."""

from __future__ import annotations

from pathlib import Path

import duckdb


def generate(path: Path, rows: int, *, churn: float = 0.0, seed: int = 1, phones: int = 0) -> None:
    """Write the file with DuckDB; the same seed gives the same rows. churn: the share of people who are others.

    phones: how many different numbers there are, each in many ways of writing; 0: one for each person.
    """
    person = f"(CASE WHEN hash(i, 'd', {seed}) % 100 < 11 THEN i // 2 ELSE i END)"
    person = (
        f"(CASE WHEN hash({person}, 'c') % 1000 < {int(churn * 1000)} THEN {person} + 1000000000 ELSE {person} END)"
    )
    email = (
        "'user' || p || CASE WHEN hash(p,1) % 3 = 0 THEN '+News' ELSE '' END || '@Mail' || (hash(p,2) % 50) || '.com'"
    )
    line = f"(p % {phones})" if phones else "p"
    digits = f"(hash({line},5) % 8 + 2)::VARCHAR || lpad((hash({line},6) % 100)::VARCHAR, 2, '0')"
    subscriber = f"(hash({line},7) % 8 + 2)::VARCHAR || lpad((hash({line},8) % 1000000)::VARCHAR, 6, '0')"
    maid = "substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-4' || substr(h, 14, 3)"
    maid += " || '-8' || substr(h, 18, 3) || '-' || substr(h, 21, 12)"
    maid = maid.replace("h,", "md5(p::VARCHAR),")
    duckdb.sql(
        f"""COPY (SELECT
        CASE WHEN m < 4 THEN '' WHEN m < 5 THEN ' ' WHEN m < 7 THEN 'null'
             WHEN m < 14 THEN 'user' || p || '.example.com'
             WHEN m < 17 THEN 'user ' || p || '@mail.com' WHEN m < 22 THEN sha256(lower(e)) WHEN m < 40 THEN upper(e)
             WHEN m < 45 THEN '  ' || e || ' ' ELSE e END AS email,
        CASE WHEN n < 6 THEN '' WHEN n < 12 THEN substr(s, 1, 5) WHEN n < 16 THEN 'call ' || p
             WHEN n < 21 THEN sha256('1' || a || s)
             WHEN n < 40 THEN '(' || a || ') ' || substr(s, 1, 3) || '-' || substr(s, 4)
             WHEN n < 50 THEN '+1-' || a || '-' || substr(s, 1, 3) || '-' || substr(s, 4) WHEN n < 60 THEN a || s
             WHEN n < 62 THEN a || s || ' ext. 12' WHEN n < 70 THEN '+44 7' || substr(a, 2) || s
             WHEN n < 73 THEN '+49 (0) 171 ' || s ELSE '+1' || a || s END AS phone,
        CASE WHEN o < 5 THEN '' WHEN o < 7 THEN '00000000-0000-0000-0000-000000000000' WHEN o < 10 THEN 'x' || g
             WHEN o < 15 THEN sha256(g) WHEN o < 30 THEN upper(g) WHEN o < 33 THEN replace(g, '-', '')
             ELSE g END AS gaid,
        'City ' || (p % 1000) AS city
        FROM (SELECT p, {email} AS e, {digits} AS a, {subscriber} AS s, {maid} AS g,
              hash(p,10) % 100 AS m, hash(p,11) % 100 AS n, hash(p,12) % 100 AS o
              FROM (SELECT {person} AS p FROM range({rows}) t(i)))) TO '{path}' (FORMAT csv, HEADER true)"""
    )
