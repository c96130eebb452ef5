"""A store by what every fsspec file system offers: Google Cloud Storage and Azure, and what the others share."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from percept_cli.errors import MissingLibrary
from percept_cli.storage.address import Address
from percept_cli.storage.stamp import Kind, ObjectStamp

CONNECT = 10.0
"""Seconds in which a server must take a connection."""
SILENCE = 30.0
"""Seconds that a server may be silent in the middle of an answer."""
TRIES = 3
"""Times that a request is made at most."""
PIECE = 1 << 20  # bytes that are read at a time
_BLOCK = 8 << 20  # bytes of one request
_TIMES = ("LastModified", "Last-Modified", "last_modified", "mtime", "updated")
_ETAGS = ("ETag", "etag")

Sink = Callable[[bytes], None]
"""Takes what was read; may raise to read no further."""


class Changed(Exception):
    """An object is not, or no longer, the version that was meant."""


class TooSlow(Exception):
    """An object takes longer than anyone would wait."""


class Backend:
    """The requests that are made to one kind of store; what goes wrong is raised as its library raises it.

    Args:
        scheme: of its addresses.
        patience: seconds that a server may be silent.
    """

    library = "fsspec"
    """What it needs."""
    extra = "remote"
    """The package's extra that installs it."""
    kind_of_file_system = ""
    """As fsspec calls it."""

    def __init__(self, scheme: str, patience: float = SILENCE) -> None:
        self.patience = patience
        try:
            import fsspec

            import_module(self.library)
        except ImportError:
            raise MissingLibrary(
                f"reading {scheme}:// needs {self.library}, which is not installed",
                hint=f"pip install 'percept-cli[{self.extra}]'",
            ) from None
        self.system: Any = fsspec.filesystem(
            self.kind_of_file_system or scheme, skip_instance_cache=True, **self.options()
        )

    def options(self) -> dict[str, Any]:
        """What the file system is made with."""
        return {}

    def kind(self, address: Address) -> Kind:
        """What is there."""
        try:
            found = self.system.info(address.full)
        except FileNotFoundError:
            return "nothing"
        return "folder" if found.get("type") == "directory" else "object"

    def list(self, address: Address) -> Iterator[tuple[str, ObjectStamp]]:
        """Names of all objects below a folder, relative to it, with their stamps."""
        prefix = f"{address.full}/"
        for path, info in self.system.find(address.full, detail=True).items():
            if path.startswith(prefix) and not path.endswith("/"):
                yield path.removeprefix(prefix), stamp_of(info)

    def stat(self, address: Address) -> ObjectStamp:
        """What tells the object's version."""
        return stamp_of(self.system.info(address.full))

    def read(self, address: Address, expected: ObjectStamp | None, sink: Sink) -> ObjectStamp:
        """All of an object, piece by piece, if it is the version that is expected.

        Raises:
            Changed: if it is another, or becomes another while it is read.
        """
        before = self.stat(address)
        if expected is not None and not before.is_of(expected):
            raise Changed
        end = time.monotonic() + 20 * self.patience
        with self.system.open(address.full, "rb", block_size=_BLOCK) as file:
            while piece := file.read(PIECE):
                sink(piece)
                if time.monotonic() > end:
                    raise TooSlow
        if not self.stat(address).is_of(before):
            raise Changed
        return before

    def put(self, address: Address, file: Path, expected: ObjectStamp | None, *, new: bool = False) -> None:
        """Write a whole object.

        Args:
            address: where.
            file: what is in it.
            expected: the version that it takes the place of; None for any.
            new: whether nothing may be there.

        Raises:
            Changed: if something else is there.
        """
        self.check_version(address, expected, new=new)
        self.system.put_file(str(file), address.full)

    def check_version(self, address: Address, expected: ObjectStamp | None, *, new: bool) -> None:
        """Look what is there, for stores that cannot be told to write only if it is that."""
        if expected is None and not new:
            return
        try:
            found = self.stat(address)
        except FileNotFoundError:
            if new:
                return
            raise Changed from None
        if new or (expected is not None and not found.is_of(expected)):
            raise Changed

    def delete(self, address: Address, expected: ObjectStamp) -> None:
        """Delete an object.

        Raises:
            Changed: if it is another version than was expected.
        """
        self.check_version(address, expected, new=False)
        self.system.rm_file(address.full)

    def check_writable(self, address: Address) -> None:
        """See whether an object could be written; nothing is."""
        self.system.ls(address.place)


class Google(Backend):
    """Google Cloud Storage."""

    library = "gcsfs"
    extra = "gcs"

    def options(self) -> dict[str, Any]:
        """With an end to waiting."""
        return {"requests_timeout": self.patience}


class Azure(Backend):
    """Azure Blob Storage: ``az://CONTAINER/NAME``."""

    library = "adlfs"
    extra = "azure"

    def options(self) -> dict[str, Any]:
        """With an end to waiting."""
        return {"connection_timeout": int(CONNECT), "read_timeout": int(self.patience)}


def stamp_of(info: Mapping[str, Any]) -> ObjectStamp:
    """What a store says of an object, as its library gives it."""
    etag = next((info[key] for key in _ETAGS if info.get(key)), None)
    time = next((info[key] for key in _TIMES if info.get(key)), None)
    size = info.get("size")
    return ObjectStamp(
        size=None if size is None else int(size),
        modified_ns=nanoseconds(time),
        etag=None if etag is None else str(etag),
        version=info.get("VersionId") if info.get("VersionId") != "null" else None,
    )


def nanoseconds(time: object) -> int:
    """A time as libraries and headers have it, in nanoseconds since 1970; 0 where it is none."""
    try:
        if isinstance(time, str):
            time = parsedate_to_datetime(time) if "," in time else datetime.fromisoformat(time)
        return int(time.timestamp()) * 1_000_000_000 if isinstance(time, datetime) else 0
    except ValueError:
        return 0
