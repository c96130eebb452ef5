"""Results that wait for their report: in memory while they are few, then in a temporary file."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Collection, Iterator

from percept_cli.errors import OutputUnwritable
from percept_cli.results import PairResult

_BYTES_IN_MEMORY = 4 << 20


class Spool(Collection[PairResult]):
    """Results in the order in which they were added; gone through any number of times, one at a time in memory.

    The file has no name, so it is gone with the process, however that ends, and nobody else can read or write it.
    """

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(_BYTES_IN_MEMORY)  # noqa: SIM115 - open as long as the spool is
        self._count = 0

    def add(self, result: PairResult) -> None:
        """Add one more.

        Raises:
            OutputUnwritable: if the disk with temporary files is full.
        """
        try:
            self._file.seek(0, 2)
            pickle.dump(result, self._file, pickle.HIGHEST_PROTOCOL)
        except OSError as error:
            raise OutputUnwritable(
                f"the folder of temporary files, {tempfile.gettempdir()}, cannot be written to: {error.strerror}",
                hint="free some space, or set TMPDIR to another folder.",
            ) from None
        self._count += 1

    def close(self) -> None:
        """Give the file back; nothing can be gone through after that."""
        self._file.close()

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[PairResult]:
        place = 0
        for _ in range(self._count):
            self._file.seek(place)
            result: PairResult = pickle.load(self._file)
            place = self._file.tell()
            yield result

    def __contains__(self, result: object) -> bool:
        return any(result == mine for mine in self)
