"""Template tags of deliveries and runs."""
