"""django-q2's brokers, with a canary for the watchdog and without what would hang or cost without end."""
