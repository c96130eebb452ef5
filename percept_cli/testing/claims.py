"""Which test of a session has which baseline: no file may have two, whichever of xdist's workers they run in."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest

from percept_cli.system.names import folded

_OWNER = "test"


class Claims:
    """What the tests of a session have claimed, as folders in the session's temporary folder.

    Args:
        config: of the session, or of one of its workers.
        folders: which gives that folder.
    """

    def __init__(self, config: pytest.Config, folders: pytest.TempPathFactory) -> None:
        worker = getattr(config, "workerinput", None)
        base = folders.getbasetemp()
        # xdist gives each worker a folder of its own in that of the session.
        self._folder = (
            base / "percept-claims" if worker is None else base.parent / f"percept-{worker['testrunuid']}"
        )
        self._folder.mkdir(exist_ok=True)

    def owner(self, path: Path, test: str, *, kind: str = "") -> str:
        """Claim a file for a test, and say whose it is: the first test's that did, also if that runs again.

        Args:
            path: the file, absolute.
            test: its node id.
            kind: of claims that have nothing to do with others.
        """
        digest = hashlib.sha256(f"{kind}:{folded(str(path))}".encode("utf-8", "surrogatepass")).hexdigest()
        place = self._folder / digest[:32]
        if not place.is_dir():
            new = Path(tempfile.mkdtemp(dir=self._folder))
            (new / _OWNER).write_text(test, encoding="utf-8", errors="surrogatepass")
            try:
                # Whole or not at all: a folder that is not empty is replaced by none.
                os.rename(new, place)  # noqa: PTH104 - as its comment says
            except OSError:
                (new / _OWNER).unlink()
                with suppress(OSError):
                    new.rmdir()
        return (place / _OWNER).read_text(encoding="utf-8", errors="surrogatepass")
