"""Tests of reports that programs read."""
