"""From a dataset to a customer list: prepare, compare with the ledger, upload, settle."""
