"""Which rows of a dataset a delivery takes: conditions on columns, as plain data, as SQL and in words."""
