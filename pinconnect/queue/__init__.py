"""What makes django-q2 safe to rely on: hints, leases, a reconciler, rate limits, a watchdog. Knows no feature."""
