"""Which module speaks to which store."""

from __future__ import annotations

from percept_cli.storage.backends.base import Azure, Backend, Google
from percept_cli.storage.backends.s3 import S3
from percept_cli.storage.backends.web import Web

BACKENDS: dict[str, type[Backend]] = {"s3": S3, "gs": Google, "az": Azure, "https": Web, "http": Web}


def backend_of(scheme: str, patience: float) -> Backend:
    """What speaks to a store; its library is loaded.

    Raises:
        MissingLibrary: if that is not installed.
    """
    return BACKENDS[scheme](scheme, patience)
