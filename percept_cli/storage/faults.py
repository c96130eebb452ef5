"""What goes wrong on the way to a store, in words: whatever its library raises, without a signature."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from percept_cli.errors import PerceptError
from percept_cli.storage.backends.base import Changed, TooSlow
from percept_cli.system.names import printable

_QUERY = re.compile(r"\?\S*")
_PASSWORD = re.compile(r"//[^/\s@]*@")
_LONGEST = 200  # characters of what a library says
_NO_CREDENTIALS = "NoCredentialsError", "PartialCredentialsError", "DefaultCredentialsError", "TokenRetrievalError"
_SILENT = (
    "ReadTimeoutError",
    "ConnectTimeoutError",
    "ServerTimeoutError",
    "FSTimeoutError",
    "ServiceRequestTimeoutError",
)
_UNREACHED = (
    "EndpointConnectionError",
    "ClientConnectorError",
    "ProxyConnectionError",
    "ClientProxyConnectionError",
    "ClientHttpProxyError",
    "ServiceRequestError",
    "SSLError",
)
_BROKEN = (
    "ClientPayloadError",
    "ServerDisconnectedError",
    "ClientOSError",
    "ConnectionClosedError",
    "ResponseStreamingError",
    "IncompleteReadError",
    "IncompleteRead",
)


class NoRoom(Exception):
    """The disk of this machine is full."""


_Error = TypeVar("_Error", bound=PerceptError)


def in_words(error: BaseException, patience: float) -> tuple[str, str]:
    """What happened, and what to do about it.

    Args:
        error: as the library of a store raised it.
        patience: seconds that a server was given.
    """
    kinds = {kind.__name__ for cause in _causes(error) for kind in type(cause).__mro__}
    if isinstance(error, Changed):
        return "it changed while percept ran", "compare it again when it is complete."
    if isinstance(error, TooSlow):
        return "it arrives too slowly", "try again later, or copy it to this machine first."
    if kinds & set(_SILENT) or isinstance(error, TimeoutError):
        return (
            f"the server did not answer for {patience:g} s",
            "check the network, and HTTPS_PROXY in the environment if you use a proxy.",
        )
    if kinds & set(_NO_CREDENTIALS):
        return (
            "no credentials were found",
            "set them in the environment, for S3 AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE.",
        )
    if kinds & set(_UNREACHED):
        return (
            "the server cannot be reached",
            "check the address and the network, and in the environment HTTPS_PROXY and, for S3, AWS_ENDPOINT_URL.",
        )
    if isinstance(error, PermissionError):
        return "access denied", "check the credentials in the environment, and what they are allowed to do."
    if isinstance(error, FileNotFoundError):
        return "no such object or bucket", "check the spelling of the address."
    if kinds & set(_BROKEN) or isinstance(error, ConnectionError):
        return "the connection broke off", "try again."
    return f"the store answered with an error: {_told(error)}", "check the address, and what the environment says."


def is_silence(error: BaseException) -> bool:
    """Whether a server did not answer, or cannot be reached: asking it again will take as long."""
    kinds = {kind.__name__ for cause in _causes(error) for kind in type(cause).__mro__}
    return bool(kinds & {*_SILENT, *_UNREACHED}) or isinstance(error, TimeoutError)


def may_pass(error: BaseException) -> bool:
    """Whether a second try may do: the connection broke in the middle."""
    kinds = {kind.__name__ for cause in _causes(error) for kind in type(cause).__mro__}
    return not is_silence(error) and (bool(kinds & set(_BROKEN)) or isinstance(error, ConnectionError))


@contextmanager
def told_as(kind: type[_Error], name: str, patience: float) -> Iterator[None]:
    """Turn what goes wrong with a store into an error of percept.

    Args:
        kind: which.
        name: what the message begins with; nothing if it is empty.
        patience: as ``in_words``.
    """
    try:
        yield
    except (PerceptError, NoRoom, MemoryError):
        raise
    except Exception as error:
        # A store's library may raise anything; what percept itself does in here raises none of it.
        what, hint = in_words(error, patience)
        raise kind(f"{name}: {what}" if name else what, hint=hint) from None


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    for _ in range(5):
        if seen is None:
            return
        yield seen
        seen = seen.__cause__


def _told(error: BaseException) -> str:
    number = getattr(error, "errno", None)
    text = str(error) or (errno.errorcode.get(number, "") if number else "") or type(error).__name__
    clean = _PASSWORD.sub("//…@", _QUERY.sub("?…", text))
    return printable(clean.splitlines()[0][:_LONGEST].rstrip(". "))
