"""Every change to datasets and snapshots, and what others read from them."""

from pinconnect.datasets.services.datasets import (
    NameTakenError,
    archive,
    change_dataset,
    consequences_of_archiving,
    create_dataset,
    current_snapshots,
    restore,
)
from pinconnect.datasets.services.deleting import consequences_of_deleting, delete_snapshot, rows_without
from pinconnect.datasets.services.examining import NotNowError, correct_format, examine, examine_again, examine_by_id
from pinconnect.datasets.services.receiving import (
    AlreadyReceivedError,
    create_with_upload,
    receive_file,
    receive_upload,
    received_with,
)
from pinconnect.datasets.services.stores import SnapshotGoneError, UploadRefusedError, local_copy

__all__ = [
    "AlreadyReceivedError",
    "NameTakenError",
    "NotNowError",
    "SnapshotGoneError",
    "UploadRefusedError",
    "archive",
    "change_dataset",
    "consequences_of_archiving",
    "consequences_of_deleting",
    "correct_format",
    "create_dataset",
    "create_with_upload",
    "current_snapshots",
    "delete_snapshot",
    "examine",
    "examine_again",
    "examine_by_id",
    "local_copy",
    "receive_file",
    "receive_upload",
    "received_with",
    "restore",
    "rows_without",
]
