"""What needs a person's attention, raised by the apps above and resolved when the cause is gone."""
