"""What makes django-q2 safe to rely on: hints, leases, the reconciler, rate limits and the watchdog. Knows no feature."""
