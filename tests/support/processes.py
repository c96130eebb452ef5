"""Processes without the right to ignore permissions."""

from __future__ import annotations


def drop_right_to_ignore_permissions() -> None:
    """In a child of root: give up the capabilities that let root read and write everything."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, from linux/capability.h
        libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP; takes effect with the exec that follows
