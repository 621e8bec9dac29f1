"""What Pinterest's objects look like to the rest of the program: frozen, typed, without HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class TokenPair:
    """What a grant or a renewal gives; times are aware.

    scopes: everything the user ever granted to the app; empty when Pinterest did not say.
    refresh_expires_at: None when Pinterest did not say.
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_at: datetime
    refresh_expires_at: datetime | None
    scopes: tuple[str, ...]


@dataclass(frozen=True)
class PinterestUser:
    """The Pinterest user behind a token; id is None where Pinterest leaves it out."""

    id: str | None
    username: str
    business_name: str
    account_type: str
    profile_image: str


@dataclass(frozen=True)
class AdAccount:
    """An ad account that the user can reach; permissions are Pinterest's role names, such as OWNER."""

    id: str
    name: str
    owner_username: str
    country: str
    currency: str
    permissions: tuple[str, ...]


@dataclass(frozen=True)
class CustomerList:
    """A customer list with Pinterest's counters, which also rise for duplicates and strangers.

    status: UPLOADING, PROCESSING, READY or TOO_SMALL.
    """

    id: str
    ad_account_id: str
    name: str
    status: str
    num_batches: int
    num_uploaded: int
    num_removed: int
    created_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True)
class Audience:
    """An audience; customer_list_id is None when it was not made from a customer list.

    status: INITIALIZING, READY, TOO_SMALL or one of the states of other kinds of audiences.
    """

    id: str
    name: str
    status: str
    size: int | None
    customer_list_id: str | None
    created_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True)
class Payload:
    """The records of one call, already in the form that is sent.

    Exactly one of: records, comma-separated; rows_json, the text of a JSON array of records_v2 rows; digests, records
    of hexadecimal digits with commas between, as the bytes to send: nothing in them needs escaping.
    count: how many records there are, at most limits.RECORDS_PER_CALL.
    """

    records: str | None = field(repr=False)
    rows_json: str | None = field(repr=False)
    count: int
    digests: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if [self.records, self.rows_json, self.digests].count(None) != 2:
            raise ValueError("A payload holds either records or rows, and not both.")
        if self.count < 1:
            raise ValueError("A payload holds at least one record.")

    @property
    def text(self) -> str:
        """The records, comma-separated, or the JSON text of the rows."""
        if self.digests is not None:
            return self.digests.decode("ascii")
        return self.records or self.rows_json or ""

    def beginning(self, length: int) -> str:
        """So many characters of the text, without going through all of it."""
        if self.digests is not None:
            return self.digests[:length].decode("ascii")
        return self.text[:length]


@dataclass(frozen=True)
class Shape:
    """What may be told of a body with records: the operation, how many, and four digits of the first digest."""

    operation: str
    records: int
    starts_with: str
