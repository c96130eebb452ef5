"""Whether an image that lives elsewhere is still the one that an earlier run has compared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

from percept_cli.errors import PerceptError
from percept_cli.geometry import FileStamp
from percept_cli.storage.address import address_in
from percept_cli.storage.stamp import ObjectStamp


def unchanged_elsewhere(path: Path, stamp: FileStamp, by: Literal["stat", "hash"]) -> FileStamp | None:
    """The stamp as it is now, if the object's content is what it was.

    Args:
        path: an address.
        stamp: of the object as it was compared.
        by: ``stat``: by its ETag, or by its size and time where its store has none; ``hash``: by its content, for
            which it is fetched.
    """
    from percept_cli.storage.store import current

    address = address_in(path)
    assert address is not None
    try:
        found = current().stat(address)
        if by == "stat":
            was = ObjectStamp(stamp.size, stamp.modified_ns, stamp.etag)
            same = found.is_sure and found.is_of(was)
        else:
            same = current().fetch(address).sha256 == stamp.sha256
    except PerceptError:  # reading it will say what is wrong
        return None
    return replace(stamp, modified_ns=found.modified_ns, etag=found.etag) if same else None
