"""Features of whole pictures that wait for their partners: in memory as far as there is room, else in a file."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import torch

from percept_cli.errors import DeviceOutOfMemory

if TYPE_CHECKING:
    from torch import Tensor

Layout = Mapping[str, tuple[tuple[int, int, int], torch.dtype]]
"""Tap name → channels, rows and columns of its features, and what they are stored as."""
Take = Callable[[str, int, "Tensor"], None]
"""Given a tap's name, the first row and 1×C×R×W features of some rows."""


@dataclass(frozen=True)
class _Map:
    """One tap of one picture."""

    shape: tuple[int, int, int]
    dtype: torch.dtype
    place: int
    """Where it begins, in bytes from the beginning of the picture's features."""

    @property
    def row_bytes(self) -> int:
        return self.shape[0] * self.shape[2] * self.dtype.itemsize

    @property
    def bytes(self) -> int:
        return self.row_bytes * self.shape[1]


@dataclass
class _Entry:
    """The features of one picture."""

    maps: dict[str, _Map]
    bytes: int
    tensors: dict[str, Tensor] | None
    """1×H×W×C each, on the device; None where they are in the file."""
    place: int = 0
    """Where they begin in the file."""


class Bank:
    """Features by the key of their picture, in so much memory and no more; a context that ends with nothing left.

    What finds no room is written to one temporary file that no folder lists, and that is gone with this object,
    however that ends. Which features give way: those that are wanted last.

    Args:
        room: most bytes of features in memory.
        device: where features are wanted.
    """

    def __init__(self, room: int, device: torch.device) -> None:
        self.room = room
        self._device = device
        self._entries: dict[Hashable, _Entry] = {}
        self._file: BinaryIO | None = None
        self._end = 0
        self._gaps: list[tuple[int, int]] = []  # in the file: first byte and size
        self.bytes_held = 0
        """Of features in memory."""
        self.bytes_spilled = 0
        """Written to the file so far, in all."""

    def __enter__(self) -> Bank:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._entries

    def add(
        self, key: Hashable, layout: Layout, fill: Callable[[Take], None], wanted: Callable[[Hashable], float]
    ) -> None:
        """Put features in.

        Args:
            key: of their picture.
            layout: what they are.
            fill: hands all of them over, by bands of rows.
            wanted: when the features of a key are wanted next; the larger, the later.

        Raises:
            DeviceOutOfMemory: if there is no room in the temporary folder; or what ``fill`` raises. The bank is
                then as before, but for what has moved to the file.
        """
        entry = _entry(layout)
        if entry.bytes <= self.room:
            while self.bytes_held + entry.bytes > self.room:
                inside = [other for other, found in self._entries.items() if found.tensors is not None]
                self._spill(self._entries[max(inside, key=wanted)])
            # Others may have taken what was free when this began: then the file has room all the same.
            with contextlib.suppress(RuntimeError, MemoryError):
                entry.tensors = {
                    tap: torch.empty((1, *one.shape[1:], one.shape[0]), device=self._device, dtype=one.dtype)
                    for tap, one in entry.maps.items()
                }
        if entry.tensors is None:
            entry.place = self._extent(entry.bytes)
        try:
            fill(lambda tap, row, features: self._put(entry, tap, row, features.permute(0, 2, 3, 1)))
        except BaseException:
            if entry.tensors is None:
                self._gaps.append((entry.place, entry.bytes))
            raise
        self._entries[key] = entry
        self.bytes_held += 0 if entry.tensors is None else entry.bytes

    def rows(self, key: Hashable, tap: str, first: int, last: int) -> Tensor:
        """Rows of a tap's features, from the first to that before the last: 1×C×R×W on the device.

        Raises:
            DeviceOutOfMemory: if the temporary file cannot be read.
        """
        entry = self._entries[key]
        if entry.tensors is not None:
            return entry.tensors[tap][:, first:last].permute(0, 3, 1, 2)
        one = entry.maps[tap]
        data = torch.empty((last - first) * one.row_bytes, dtype=torch.uint8)
        view = memoryview(data.numpy())  # type: ignore[arg-type] # an array is a buffer
        with self._told():
            assert self._file is not None
            self._file.seek(entry.place + one.place + first * one.row_bytes)
            done = 0
            while done < len(view):
                read = self._file.readinto(view[done:])  # type: ignore[attr-defined] # a raw or buffered file has it
                if not read:
                    raise OSError(0, "the temporary file is shorter than it was")
                done += read
        channels, _, columns = one.shape
        found = data.view(one.dtype).view(1, last - first, columns, channels)
        return found.to(self._device).permute(0, 3, 1, 2)

    def put(self, key: Hashable, values: Tensor, wanted: Callable[[Hashable], float]) -> None:
        """Put in a matrix that belongs to a picture, 1×R×W; as ``add``.

        Raises:
            DeviceOutOfMemory: as ``add``.
        """
        layout = {"": ((1, *values.shape[1:]), values.dtype)}
        self.add(key, layout, lambda take: take("", 0, values[None]), wanted)

    def get(self, key: Hashable) -> Tensor:
        """What was put in: 1×R×W.

        Raises:
            DeviceOutOfMemory: as ``rows``.
        """
        return self.rows(key, "", 0, self._entries[key].maps[""].shape[1])[0]

    def drop(self, key: Hashable) -> None:
        """Let go of what nobody wants any more, if it is there."""
        entry = self._entries.pop(key, None)
        if entry is None:
            return
        if entry.tensors is None:
            self._gaps.append((entry.place, entry.bytes))
        else:
            self.bytes_held -= entry.bytes

    def close(self) -> None:
        """Let go of everything; the file is gone."""
        self._entries.clear()
        self._gaps.clear()
        self._end = self.bytes_held = 0
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):  # what was not written to a full disk, nobody wants any more
                file.close()

    def __del__(self) -> None:
        if "_file" in self.__dict__:
            self.close()

    def _spill(self, entry: _Entry) -> None:
        tensors = entry.tensors
        assert tensors is not None
        entry.place = self._extent(entry.bytes)
        entry.tensors = None
        try:
            for tap, values in tensors.items():
                self._put(entry, tap, 0, values)
        except BaseException:
            self._gaps.append((entry.place, entry.bytes))
            entry.tensors = tensors
            raise
        self.bytes_held -= entry.bytes

    def _put(self, entry: _Entry, tap: str, row: int, values: Tensor) -> None:
        """1×R×W×C values."""
        if entry.tensors is not None:
            entry.tensors[tap][:, row : row + values.shape[1]] = values
            return
        one = entry.maps[tap]
        data = values.cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
        with self._told():
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="percept-")  # noqa: SIM115 - open as long as the bank is
            self._file.seek(entry.place + one.place + row * one.row_bytes)
            self._file.write(memoryview(data).cast("B"))  # type: ignore[arg-type] # likewise
            self._file.flush()  # of a full disk it is to be known here, not when nobody can be told
        self.bytes_spilled += data.nbytes

    def _extent(self, size: int) -> int:
        """A place in the file for so many bytes: where others were, or behind all that is there."""
        for index, (place, there) in enumerate(self._gaps):
            if there >= size:
                del self._gaps[index]
                if there > size:
                    self._gaps.append((place + size, there - size))
                return place
        self._end += size
        return self._end - size

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DeviceOutOfMemory(
                "the features fit neither into memory nor into the temporary folder "
                f"{tempfile.gettempdir()}: {error.strerror}",
                hint="free some space, point TMPDIR to another folder, or allow more memory with max_memory.",
            ) from None


def _entry(layout: Layout) -> _Entry:
    maps, place = {}, 0
    for tap, (shape, dtype) in layout.items():
        maps[tap] = _Map(shape, dtype, place)
        place += maps[tap].bytes
    return _Entry(maps, place, None)
