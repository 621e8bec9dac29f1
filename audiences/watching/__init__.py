"""Watching what Pinterest makes of a list: observations, match rate, forecast, and what changes there without us."""
