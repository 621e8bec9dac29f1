"""Datasets, their columns and their snapshots."""

from pinconnect.datasets.models.column import Column
from pinconnect.datasets.models.dataset import Dataset
from pinconnect.datasets.models.snapshot import Snapshot, SnapshotState, WriteMode

__all__ = ["Column", "Dataset", "Snapshot", "SnapshotState", "WriteMode"]
