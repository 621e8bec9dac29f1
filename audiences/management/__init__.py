"""Commands about deliveries and the demo."""
