"""Pages of deliveries and runs."""
