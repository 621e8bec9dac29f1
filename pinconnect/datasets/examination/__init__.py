"""Finding out how a file of rows is written and whether it can be trusted; knows files only, no models."""
