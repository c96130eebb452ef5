"""Requests to stores: made again where the connection broke off, and no longer where a server keeps silent."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from percept_cli.errors import OutputUnwritable, PerceptError
from percept_cli.storage.address import Address
from percept_cli.storage.backends.base import TRIES, Backend, Changed
from percept_cli.storage.backends.known import backend_of
from percept_cli.storage.faults import is_silence, may_pass, told_as

PATIENCE_LOST = 3
"""Requests in a row that a server may leave unanswered: after that no others are made."""
_GIVEN_UP = f"not asked for: the server left {PATIENCE_LOST} requests unanswered"
_PAUSE = 0.1  # seconds before the second try; three times that before the third

_Found = TypeVar("_Found")


def refuse_web(address: Address) -> None:
    """Write nothing to an address of the web.

    Raises:
        OutputUnwritable: if it is one.
    """
    if address.is_of_web:
        raise OutputUnwritable(
            f"{address}: addresses of the web can only be read",
            hint="write to a file, or to s3://, gs:// or az://.",
        )


class Requests:
    """What is asked of stores. Safe between threads.

    Args:
        patience: seconds that a server may be silent.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._backends: dict[str, Backend] = {}
        self._silent: Counter[str] = Counter()
        self._using = threading.Lock()

    @property
    def were_made(self) -> bool:
        """Whether any store was asked for anything."""
        return bool(self._backends)

    def ask(
        self,
        kind: type[PerceptError],
        address: Address,
        request: Callable[[Backend], _Found],
        *,
        named: bool = True,
    ) -> _Found:
        """What a store answers.

        Args:
            kind: of the error that is raised if it does not.
            address: what is asked for.
            request: may be made several times.
            named: whether the message begins with the address.

        Raises:
            PerceptError: of that kind; or as the request raises it.
            MissingLibrary: without the library of the store.
        """
        backend = self._backend(address)
        if self._silent[address.place] >= PATIENCE_LOST:
            raise kind(
                f"{address}: {_GIVEN_UP}" if named else _GIVEN_UP,
                hint="check the network, and HTTPS_PROXY in the environment if you use a proxy.",
            )
        with told_as(kind, str(address) if named else "", self._patience):
            for tried in range(TRIES):
                try:
                    found = request(backend)
                except Exception as error:
                    if is_silence(error):
                        self._silent[address.place] += 1
                    if tried == TRIES - 1 or not may_pass(error):
                        raise
                    time.sleep(_PAUSE * 3**tried)
                else:
                    self._silent[address.place] = 0
                    return found
        raise AssertionError  # the last try returns or raises

    def change(self, address: Address, request: Callable[[Backend], None]) -> None:
        """Have a store change an object; that is asked for once.

        Raises:
            Changed: if the object is not what the request is about.
            OutputUnwritable: if the store does not do it.
            MissingLibrary: without the library of the store.
        """
        refuse_web(address)
        backend = self._backend(address)
        is_other = False
        with told_as(OutputUnwritable, str(address), self._patience):
            try:
                request(backend)
            except Changed:
                is_other = True
        if is_other:
            raise Changed

    def _backend(self, address: Address) -> Backend:
        with self._using:
            if address.scheme not in self._backends:
                self._backends[address.scheme] = backend_of(address.scheme, self._patience)
            return self._backends[address.scheme]
