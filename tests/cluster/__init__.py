"""Tests of `percept_cli.cluster`."""
