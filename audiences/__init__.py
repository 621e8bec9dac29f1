"""Audiences on Pinterest and the deliveries that keep them right."""
