"""Alert kinds and wording about deliveries and runs."""
