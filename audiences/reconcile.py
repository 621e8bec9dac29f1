"""Brings runs forward whose hints were lost."""
