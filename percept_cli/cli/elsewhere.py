"""What commands do for images that live elsewhere: where they are kept, by how many threads they are read."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path

from percept_cli.errors import OutputUnwritable
from percept_cli.pairs import Pairs
from percept_cli.storage.address import is_remote
from percept_cli.system.names import counted, shown

WORKERS = 8
"""Threads that read images which live elsewhere: they mostly wait for servers."""


def keep_in(cache: Path | None) -> None:
    """Keep what is fetched in a folder, if one is named.

    Raises:
        OutputUnwritable: if it cannot be used.
    """
    if cache is not None:
        from percept_cli.storage.store import Store, serve

        serve(Store(cache))


def hold_to(lock: Path, baseline: Path) -> None:
    """Take a baseline for what a lock file says that it holds.

    Raises:
        InvalidSetting: if the file cannot be read, is none, or is of another baseline.
    """
    from percept_cli.pairs.locks import read_lock
    from percept_cli.storage.store import current

    current().locked.lock(*read_lock(lock, baseline))


def workers_for(pairs: Pairs, wanted: int | None) -> int | None:
    """How many threads read: as asked; None for the usual number."""
    if wanted is not None:
        return wanted
    return WORKERS if any(map(is_remote, pairs.origin or islice(pairs.inputs, 1))) else None


def check_journal(path: Path | None) -> None:
    """Refuse an address as the file of --resume, which grows line by line.

    Raises:
        OutputUnwritable: if it is one.
    """
    if is_remote(path):
        assert path is not None
        raise OutputUnwritable(
            f"{shown(path)}: --resume saves its results to a file of this machine", hint="give a file."
        )


def what_was_fetched() -> tuple[list[str], list[str]]:
    """How many objects came over the network, in words, and what a person should know of fetching them."""
    module = sys.modules.get("percept_cli.storage.store")  # most runs need none
    if module is None:
        return [], []
    store = module.current()
    if not store.was_asked:
        return [], []
    return [f"{counted(store.downloads, 'object')} fetched"], store.notes
