"""Outputs, wherever they go: a file of this machine, or an object elsewhere that is written whole."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from percept_cli.errors import OutputUnwritable
from percept_cli.storage.address import address_in
from percept_cli.storage.store import current
from percept_cli.system import whole
from percept_cli.system.names import posix, shown


def check_output(path: Path, inputs: Iterable[Path]) -> None:
    """Refuse an output that could not be written, or would overwrite an input, before any work is done.

    Raises:
        OutputUnwritable: as ``system.whole.check_output``; of an address, if its store does not let it be written.
    """
    address = address_in(path)
    if address is None:
        whole.check_output(path, inputs)
        return
    if any(posix(source) == posix(path) for source in inputs):
        raise OutputUnwritable(f"{address}: the output would overwrite an input", hint="choose another address.")
    current().check_writable(address)


def write_output(path: Path, pieces: Iterable[str | bytes]) -> None:
    """Write a report so that no reader sees half of it.

    Raises:
        OutputUnwritable: if writing fails, with whatever was there before left as it was.
    """
    address = address_in(path)
    if address is None:
        whole.write_output(path, pieces)
        return
    try:
        with tempfile.TemporaryDirectory(prefix="percept-output-") as folder:
            file = Path(folder) / Path(address.key).name  # its ending says what type it has
            with file.open("xb") as writing:
                writing.writelines(map(whole.encoded, pieces))
            current().put(address, file)
    except OSError as error:
        raise OutputUnwritable(
            f"{shown(path)}: cannot be written: {error.strerror}", hint="check the disk of this machine."
        ) from None
