"""Every change to datasets and snapshots, and what others read from them."""

from pinconnect.datasets.services.datasets import (
    NameTakenError,
    archive,
    change_dataset,
    create_dataset,
    current_snapshots,
    restore,
)
from pinconnect.datasets.services.deleting import delete_snapshot, rows_without
from pinconnect.datasets.services.examining import NotNowError, correct_format, examine, examine_by_id
from pinconnect.datasets.services.receiving import (
    AlreadyReceivedError,
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
    "correct_format",
    "create_dataset",
    "current_snapshots",
    "delete_snapshot",
    "examine",
    "examine_by_id",
    "local_copy",
    "receive_file",
    "receive_upload",
    "received_with",
    "restore",
    "rows_without",
]
