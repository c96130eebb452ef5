"""The version, for the package, for what it writes and for its build."""

__version__ = "0.1.0"
