"""Datasets: where rows come from, how they are stored, and what their columns hold."""
