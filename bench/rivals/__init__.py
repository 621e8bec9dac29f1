"""What bench/prepare.py measures the product against: the same job, as one would write it with another tool.

The job: read the file, normalise and check e-mail, phone and MAID, hash, remove duplicates, compare with the ledger of
an earlier delivery, write sorted additions and removals in batches of 10,000, and the new ledger. Rivals keep a set of
identifiers and nothing else: no rows, no masked list of refused values, no accounting, no erased people.
"""
