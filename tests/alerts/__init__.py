"""Tests of pinconnect.alerts."""
