"""Everything that lives elsewhere: what is at an address, fetched once, written whole.

One store serves a process, as one file system does: whatever reads a path asks ``current()`` if it is an address.
A run knows the stamps of what it listed: an object that has changed since is an error of its pair, and what is in
the cache costs no request.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from percept_cli.errors import OutputUnwritable, UnreadableFolder, UnreadableImage
from percept_cli.storage.address import Address
from percept_cli.storage.backends.base import SILENCE, TRIES, Backend
from percept_cli.storage.cache import USUAL_SIZE, Cache
from percept_cli.storage.faults import NoRoom
from percept_cli.storage.locked import Locked
from percept_cli.storage.requests import Requests, refuse_web
from percept_cli.storage.sink import NO_ROOM, Sink, check_size
from percept_cli.storage.stamp import Fetched, Kind, ObjectStamp
from percept_cli.system.addresses import CUT
from percept_cli.system.names import shown

_TEMPORARY_SIZE = 1 << 30  # bytes that are kept until the process ends, where nobody named a folder


class Store:
    """Reads and writes objects.

    Args:
        cache: a folder in which fetched objects are kept for the next run; None to keep them until this one ends.
        patience: seconds that a server may be silent.
        most: bytes that the cache may hold.

    Raises:
        OutputUnwritable: if the cache cannot be used.
    """

    def __init__(self, cache: Path | None = None, *, patience: float = SILENCE, most: int | None = None) -> None:
        self._keeps = cache is not None
        self._cache = None if cache is None else Cache(cache, USUAL_SIZE if most is None else most)
        self._most = most
        self._closed: tuple[str, str] | None = None
        self._requests = Requests(patience)
        self._temporary: Path | None = None
        self._held: tempfile.TemporaryDirectory[str] | None = None
        self._listed: dict[str, ObjectStamp] = {}
        self._folders: dict[str, tuple[str, ...]] = {}  # names of hidden objects, by what was listed
        self._seen: set[str] = set()
        self._using = threading.RLock()
        self._shown: dict[str, Address] = {}
        self.locked = Locked()
        """Folders of which a lock file says what they hold."""
        self.downloads = 0
        """Objects that were fetched over the network."""
        self.notes: list[str] = []
        """What a person should know."""

    @property
    def was_asked(self) -> bool:
        """Whether anything that lives elsewhere was asked for."""
        return bool(self._shown) or self._requests.were_made

    def kind(self, address: Address) -> Kind:
        """What is at an address.

        Raises:
            UnreadableFolder: if that cannot be found out.
            MissingLibrary: without the library of its store.
        """
        self._refuse_if_closed()
        if self.locked.listing(address) is not None:
            return "folder"
        return self._requests.ask(UnreadableFolder, address, lambda backend: backend.kind(address))

    def list(self, address: Address) -> dict[str, ObjectStamp]:
        """The objects below a folder, by their names relative to it.

        Raises:
            UnreadableFolder, MissingLibrary: as ``kind``.
        """
        self._refuse_if_closed()
        found = self.locked.listing(address)
        if found is None:
            found = self._requests.ask(UnreadableFolder, address, lambda backend: dict(backend.list(address)))
        with self._using:
            self._folders[address.text] = tuple(name for name in found if name.startswith("."))
            for name, stamp in found.items():
                if stamp.is_sure:
                    self._listed[(address / name).text] = stamp
        return found

    def names_below(self, folder: Address, place: str) -> Iterator[str]:
        """The names of the objects below a place in a folder, relative to it: as they were listed, or else as now.

        Raises:
            UnreadableFolder, MissingLibrary: as ``kind``.
        """
        names = self._folders.get(folder.text)
        if names is not None:
            prefix = f"{place}/"
            yield from (name.removeprefix(prefix) for name in names if name.startswith(prefix))
        elif not folder.is_of_web:
            yield from self.list(folder / place)

    def stat(self, address: Address) -> ObjectStamp:
        """What tells an object's version: as it was listed, or else as it is now.

        Raises:
            UnreadableImage: if that cannot be found out.
        """
        self._refuse_if_closed()
        known = self._listed.get(address.text)
        return known if known is not None else self.stat_now(address)

    def stat_now(self, address: Address) -> ObjectStamp:
        """As ``stat``, of this moment."""
        return self._requests.ask(UnreadableImage, address, lambda backend: backend.stat(address), named=False)

    def look(self, address: Address) -> ObjectStamp | None:
        """As ``stat_now``; None where nothing is there."""

        def request(backend: Backend) -> ObjectStamp | None:
            try:
                return backend.stat(address)
            except FileNotFoundError:
                return None

        return self._requests.ask(UnreadableImage, address, request, named=False)

    def expect(self, address: Address, stamp: ObjectStamp) -> None:
        """Take an address for this version from now on."""
        with self._using:
            self._listed[address.text] = stamp

    def fetch(self, address: Address, most: int | None = None) -> Fetched:
        """Bring an object here, or find it in the cache.

        Args:
            address: which.
            most: bytes that it may have.

        Raises:
            UnreadableImage: if it cannot be read, or is not what was listed; without its name.
            UnsupportedImage: as soon as more than ``most`` bytes have come; without its name.
            MissingLibrary: without the library of its store.
        """
        self._refuse_if_closed()
        with self._using:
            if CUT in address.text:  # as a report has it, without the signature with which it was fetched before
                address = self._shown.get(str(address), address)
            expected = self._listed.get(address.text)
            seen = address.text in self._seen
            self._shown[str(address)] = address
        if expected is None and (self._keeps or seen):
            expected = self.stat_now(address)
        if expected is not None:
            check_size(expected.size, most)
            kept = self._the_cache().find(address, expected) if expected.is_sure else None
            if kept is not None:
                return self.locked.checked(address, Fetched(expected, kept.path, sha256=kept.sha256))
        try:
            return self.locked.checked(address, self._downloaded(address, expected, most))
        except UnreadableImage:
            self._forget(address)  # the next time it may be read as it is then
            if not self.locked.holds(address):
                raise
            return self.locked.checked(address, self._downloaded(address, None, most))  # it may hold the same

    def hold(self, address: Address, most: int | None = None) -> Path:
        """An object as a file that stays until this store is closed.

        Raises:
            UnreadableImage, UnsupportedImage, MissingLibrary: as ``fetch``.
        """
        for _ in range(TRIES):
            found = self.fetch(address, most)
            with self._using:
                if self._held is None:
                    self._held = tempfile.TemporaryDirectory(prefix="percept-held-")
                file = Path(tempfile.mkdtemp(dir=self._held.name)) / (Path(address.key).name or "object")
            try:
                if found.path is None:
                    file.write_bytes(found.data or b"")
                else:
                    shutil.copyfile(found.path, file)
            except FileNotFoundError:  # another process made room
                continue
            except OSError as error:
                raise UnreadableImage(f"cannot be saved: {error.strerror}", hint="check the disk.") from None
            return file
        raise UnreadableImage("it does not stay in the cache", hint="give --cache a larger or another disk.")

    def refuse(self, why: str, hint: str) -> None:
        """Fetch nothing from now on: what names addresses may be a stranger's."""
        self._closed = why, hint

    def put(self, address: Address, file: Path, expected: ObjectStamp | None = None, *, new: bool = False) -> None:
        """Write a whole object.

        Args:
            address: where.
            file: what is in it.
            expected: the version that it takes the place of; None for any.
            new: whether nothing may be there.

        Raises:
            Changed: if something else is there.
            OutputUnwritable: if it cannot be written.
        """
        self._forget(address)
        self._requests.change(address, lambda backend: backend.put(address, file, expected, new=new))

    def delete(self, address: Address, expected: ObjectStamp) -> None:
        """Delete an object.

        Raises:
            Changed: if it is another version.
            OutputUnwritable: if it cannot be deleted.
        """
        self._forget(address)
        self._requests.change(address, lambda backend: backend.delete(address, expected))

    def check_writable(self, address: Address) -> None:
        """See whether an object could be written.

        Raises:
            OutputUnwritable: if not.
            MissingLibrary: without the library of its store.
        """
        refuse_web(address)
        if not address.key:
            raise OutputUnwritable(
                f"{address}: the address names a bucket, but no object", hint="add a name to it."
            )
        self._requests.ask(OutputUnwritable, address, lambda backend: backend.check_writable(address))

    def close(self) -> None:
        """Delete what is kept only as long as this process runs."""
        held, self._held = self._held, None
        if held is not None:
            held.cleanup()
        folder, self._temporary = self._temporary, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
            self._cache = None

    def _forget(self, address: Address) -> None:
        with self._using:
            self._listed.pop(address.text, None)

    def _refuse_if_closed(self) -> None:
        if self._closed is not None:
            raise UnreadableImage(self._closed[0], hint=self._closed[1])

    def _the_cache(self) -> Cache:
        with self._using:
            if self._cache is None:
                self._temporary = Path(tempfile.mkdtemp(prefix="percept-fetched-"))
                self._cache = Cache(self._temporary, _TEMPORARY_SIZE if self._most is None else self._most)
                atexit.register(self.close)
            return self._cache

    def _downloaded(self, address: Address, expected: ObjectStamp | None, most: int | None) -> Fetched:
        cache = self._the_cache()
        for tried in range(2):
            new = cache.temporary()
            try:
                stamp, sha256 = self._read(address, expected, partial(Sink, most, new))
                if not stamp.is_sure:  # nothing else tells it from the next version
                    stamp = replace(stamp, etag=f"sha256-{sha256}")
                kept = cache.keep(address, stamp, new, sha256)
                with self._using:
                    self._seen.add(address.text)
                return Fetched(stamp, kept.path, sha256=sha256)
            except NoRoom:
                if not tried:
                    cache.make_room()
            except OSError as error:
                if error.errno not in NO_ROOM:
                    raise UnreadableImage(
                        f"cannot be kept in {shown(cache.folder)}: {error.strerror}", hint="check that folder."
                    ) from None
            finally:
                with suppress(OSError):
                    new.unlink()
        note = f"no space is left in {shown(cache.folder)}: images are fetched without being kept"
        with self._using:
            if note not in self.notes:
                self.notes.append(note)
        sink: Sink | None = None

        def made() -> Sink:
            nonlocal sink
            sink = Sink(most)
            return sink

        stamp, sha256 = self._read(address, expected, made)
        assert sink is not None
        return Fetched(stamp, None, bytes(sink.data), sha256)

    def _read(
        self, address: Address, expected: ObjectStamp | None, make: Callable[[], Sink]
    ) -> tuple[ObjectStamp, str]:
        sink: Sink

        def request(backend: Backend) -> ObjectStamp:
            nonlocal sink
            sink = make()  # a new one for every try
            with sink:
                return backend.read(address, expected, sink.take)

        stamp = self._requests.ask(UnreadableImage, address, request, named=False)
        self.downloads += 1
        return stamp, sink.digest.hexdigest()


_current = Store()


def current() -> Store:
    """The store that serves this process."""
    return _current


def serve(store: Store) -> None:
    """Have a store serve this process from now on."""
    global _current
    _current = store


@contextmanager
def use(store: Store) -> Iterator[Store]:
    """Have another store serve this process for a while."""
    global _current
    before, _current = _current, store
    try:
        yield store
    finally:
        _current = before
        store.close()
