"""Every write about audiences, deliveries and runs."""
