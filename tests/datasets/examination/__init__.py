"""Tests of examining files."""
