"""Results that wait for their report: in memory while they are few, then in a temporary file."""

from __future__ import annotations

import pickle
import struct
import tempfile
import zlib
from array import array
from collections.abc import Collection, Iterator, Sequence

from percept_cli.errors import OutputUnwritable
from percept_cli.results.pair import PairResult

_BYTES_IN_MEMORY = 4 << 20
_LENGTH = struct.Struct("<Q")  # of a result as it is kept, before it
_FASTEST = 1  # of zlib: a heat map of 300 kB, most of it the same, takes 2 ms and hardly any room


class Spool(Collection[PairResult]):
    """Results in the order in which they were added; gone through any number of times, one at a time in memory.

    The file has no name, so it is gone with the process, however that ends, and nobody else can read or write it.
    """

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(_BYTES_IN_MEMORY)  # noqa: SIM115 - open as long as the spool is
        self._places = array("Q")  # where each result begins

    def add(self, result: PairResult) -> None:
        """Add one more.

        Raises:
            OutputUnwritable: if the disk with temporary files is full.
        """
        try:
            place = self._file.seek(0, 2)
            data = zlib.compress(pickle.dumps(result, pickle.HIGHEST_PROTOCOL), _FASTEST)
            self._file.write(_LENGTH.pack(len(data)) + data)
        except OSError as error:
            raise OutputUnwritable(
                f"cannot write to the temporary folder {tempfile.gettempdir()}: {error.strerror}",
                hint="free some space, or point TMPDIR to another folder.",
            ) from None
        self._places.append(place)

    def reorder(self, order: Sequence[int]) -> None:
        """Go through them in another order from now on: by their numbers, counted from 0 as they were added."""
        self._places = array("Q", (self._places[number] for number in order))

    def close(self) -> None:
        """Give the file back; nothing can be gone through after that."""
        self._file.close()

    def __del__(self) -> None:
        self.close()  # of a run that was read from a report, nobody else knows that it has a file

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[PairResult]:
        for number in range(len(self._places)):
            self._file.seek(self._places[number])
            (length,) = _LENGTH.unpack(self._file.read(_LENGTH.size))
            result: PairResult = pickle.loads(zlib.decompress(self._file.read(length)))
            yield result

    def __contains__(self, result: object) -> bool:
        return any(result == mine for mine in self)
