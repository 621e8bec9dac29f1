"""Alert kinds and wording about profiles."""
