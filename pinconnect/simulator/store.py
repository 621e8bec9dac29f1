"""The simulator's state on disk: one SQLite file, written in short transactions under one lock."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sessions (id_hash TEXT PRIMARY KEY, user TEXT NOT NULL, form_token TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS grants (user TEXT PRIMARY KEY, scopes TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS codes (
    code_hash TEXT PRIMARY KEY, user TEXT NOT NULL, scopes TEXT NOT NULL, redirect_uri TEXT NOT NULL,
    created REAL NOT NULL, used INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS tokens (
    token_hash TEXT PRIMARY KEY, kind TEXT NOT NULL, user TEXT NOT NULL, scopes TEXT NOT NULL, mask TEXT NOT NULL,
    created REAL NOT NULL, expires REAL, revoked INTEGER NOT NULL DEFAULT 0, continuous INTEGER NOT NULL DEFAULT 1);
CREATE TABLE IF NOT EXISTS customer_lists (
    id INTEGER PRIMARY KEY AUTOINCREMENT, ad_account_id TEXT NOT NULL, name TEXT NOT NULL, list_type TEXT NOT NULL,
    is_nca INTEGER NOT NULL, num_batches INTEGER NOT NULL, num_uploaded INTEGER NOT NULL, num_removed INTEGER NOT NULL,
    created REAL NOT NULL, updated REAL NOT NULL, ready_at REAL NOT NULL, settled_size INTEGER NOT NULL,
    matched BLOB NOT NULL, invalid INTEGER NOT NULL, log_end INTEGER NOT NULL, log_lines INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS customer_lists_of_account ON customer_lists (ad_account_id, id);
CREATE TABLE IF NOT EXISTS uploads (
    id INTEGER PRIMARY KEY AUTOINCREMENT, ad_account_id TEXT NOT NULL, customer_list_id INTEGER NOT NULL,
    operation TEXT NOT NULL, total_parts INTEGER NOT NULL, state TEXT NOT NULL, secret TEXT NOT NULL,
    created REAL NOT NULL, updated REAL NOT NULL, done_at REAL NOT NULL, counts TEXT NOT NULL DEFAULT '',
    errors TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS audiences (
    id INTEGER PRIMARY KEY AUTOINCREMENT, ad_account_id TEXT NOT NULL, audience_type TEXT NOT NULL, name TEXT NOT NULL,
    description TEXT NOT NULL, rule TEXT NOT NULL, created REAL NOT NULL, updated REAL NOT NULL, ready_at REAL NOT NULL,
    removed INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS audiences_of_account ON audiences (ad_account_id, id);
CREATE TABLE IF NOT EXISTS shares (
    id INTEGER PRIMARY KEY AUTOINCREMENT, audience_id INTEGER NOT NULL, recipient_type TEXT NOT NULL,
    recipient TEXT NOT NULL, created REAL NOT NULL, UNIQUE (audience_id, recipient_type, recipient));
CREATE TABLE IF NOT EXISTS faults (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS rates (key TEXT PRIMARY KEY, window INTEGER NOT NULL, used INTEGER NOT NULL);
"""
# Ids of customer lists and audiences start here, so that they look like Pinterest's and never like each other.
FIRST_IDS = {"customer_lists": 2_680_000_000_000, "audiences": 2_542_000_000_000}
TABLES = (
    *("meta", "sessions", "grants", "codes", "tokens", "customer_lists"),
    *("uploads", "audiences", "shares", "faults", "rates"),
)

# Raised whenever SCHEMA changes a table that is there; pretend data is not worth migrations.
VERSION = 1


class OtherVersionError(Exception):
    """The file was written by a simulator with another schema."""


class Store:
    """One connection that all threads share; WAL keeps what was committed when the process is killed."""

    def __init__(self, path: Path) -> None:
        self.lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._refuse_other_version(path)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        with self.transaction():
            for statement in SCHEMA.split(";"):
                self._db.execute(statement)
            self._number_from_first_ids()

    def _refuse_other_version(self, path: Path) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        is_new = not self._db.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
        if version != VERSION and not is_new:
            self._db.close()
            raise OtherVersionError(
                f"The simulator's state in {path} was written by another version. Delete its folder to start anew."
            )
        self._db.execute(f"PRAGMA user_version = {VERSION}")

    def _number_from_first_ids(self) -> None:
        for table, first in FIRST_IDS.items():
            if not self._db.execute("SELECT 1 FROM sqlite_sequence WHERE name = ?", (table,)).fetchone():
                self._db.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, first))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; nested use joins the outer transaction."""
        with self.lock:
            if self._db.in_transaction:
                yield
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def one(self, sql: str, *args: Any) -> sqlite3.Row | None:
        """The first row or None."""
        with self.lock:
            row: sqlite3.Row | None = self._db.execute(sql, args).fetchone()
            return row

    def all(self, sql: str, *args: Any) -> list[sqlite3.Row]:
        """Every row."""
        with self.lock:
            return self._db.execute(sql, args).fetchall()

    def run(self, sql: str, *args: Any) -> sqlite3.Cursor:
        """Execute one statement that changes something."""
        with self.lock:
            return self._db.execute(sql, args)

    def get_meta(self, key: str, default: Any) -> Any:
        """A JSON value of the meta table."""
        row = self.one("SELECT value FROM meta WHERE key = ?", key)
        return json.loads(row["value"]) if row else default

    def set_meta(self, key: str, value: Any) -> None:
        """Store a JSON value in the meta table."""
        self.run("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", key, json.dumps(value))

    def clear(self) -> None:
        """Forget everything; ids go on rising, so that an old id never names a new object."""
        with self.transaction():
            for table in TABLES:
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - names come from the tuple above

    def close(self) -> None:
        """Close the file."""
        with self.lock:
            self._db.close()
