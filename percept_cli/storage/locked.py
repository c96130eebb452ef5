"""What a folder elsewhere holds by a lock file: names, versions and hashes, whatever else is there by now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from percept_cli.errors import UnreadableImage
from percept_cli.storage.address import Address
from percept_cli.storage.stamp import Fetched, ObjectStamp


@dataclass(frozen=True)
class LockedObject:
    """One object of a locked folder."""

    stamp: ObjectStamp
    sha256: str


class Locked:
    """The folders that are locked."""

    def __init__(self) -> None:
        self._folders: dict[str, Mapping[str, LockedObject]] = {}
        self._hashes: dict[str, str] = {}

    def lock(self, folder: Address, objects: Mapping[str, LockedObject]) -> None:
        """From now on a folder holds exactly these, by their names relative to it."""
        self._folders[folder.text] = objects
        self._hashes |= {(folder / name).text: one.sha256 for name, one in objects.items()}

    def listing(self, folder: Address) -> dict[str, ObjectStamp] | None:
        """What a locked folder holds; None of any other."""
        found = self._folders.get(folder.text)
        return None if found is None else {name: one.stamp for name, one in found.items()}

    def holds(self, address: Address) -> bool:
        """Whether it is an object of a locked folder."""
        return address.text in self._hashes

    def checked(self, address: Address, fetched: Fetched) -> Fetched:
        """An object, if it is the one that was locked, or no lock file names it.

        Raises:
            UnreadableImage: if it is another; without its name.
        """
        if self._hashes.get(address.text, fetched.sha256) != fetched.sha256:
            raise UnreadableImage(
                "this is not the image that the lock file names: it has changed since",
                hint="restore it, or lock the baseline again: percept baseline lock.",
            )
        return fetched
