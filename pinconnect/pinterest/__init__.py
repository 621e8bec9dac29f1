"""The only code that talks HTTP to Pinterest; it knows no models and no requests from browsers."""
