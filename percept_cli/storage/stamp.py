"""What tells one version of an object from the next, and one that is here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["object", "folder", "nothing"]
"""What is at an address."""


@dataclass(frozen=True)
class ObjectStamp:
    """Of one version of an object."""

    size: int | None
    """In bytes; None where the store does not say."""
    modified_ns: int
    """Time of the last change, in nanoseconds since 1970; 0 where the store does not say."""
    etag: str | None = None
    """What the store calls this version; None where it has no name for it."""
    version: str | None = None
    """Of a bucket that keeps old versions: by what this one can still be fetched."""

    def is_of(self, other: ObjectStamp) -> bool:
        """Whether two stamps are of one version: by the store's own name for it, or else by size and time."""
        if self.etag is not None and other.etag is not None:
            return self.etag == other.etag
        return (self.size, self.modified_ns) == (other.size, other.modified_ns)

    @property
    def is_sure(self) -> bool:
        """Whether there is anything by which a change would be noticed."""
        return self.etag is not None or (self.size is not None and self.modified_ns > 0)

    @property
    def word(self) -> str:
        """The version, in a word, as a key of the cache."""
        return self.etag if self.etag is not None else f"{self.size}-{self.modified_ns}"


@dataclass(frozen=True)
class Fetched:
    """An object that is on this machine."""

    stamp: ObjectStamp
    path: Path | None
    """Where; another process may delete it at any time. None if there is no room on the disk."""
    data: bytes | None = None
    """What is in it, where it is not on the disk."""
    sha256: str = ""
