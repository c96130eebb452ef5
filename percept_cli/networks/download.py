"""A file over HTTP: resumed where it was interrupted, and never taken for whole when it is not."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import ssl
import stat
import urllib.error
import urllib.request
from io import FileIO
from pathlib import Path
from typing import Any

from percept_cli._version import __version__
from percept_cli.errors import WeightsUnavailable
from percept_cli.system.names import printable, shown

TIMEOUT = 30.0
"""Seconds that a server may be silent, when it is asked and in the middle of a file."""

_RESUMES = 5  # times that a download goes on after an interruption, if it got any further before
_CHUNK = 1 << 20  # bytes


class Meter:
    """Hears how a long step moves. This one shows nothing."""

    def start(self, what: str, done: int, total: int | None) -> None:
        """A step begins, or begins anew: ``done`` of ``total`` bytes are already there."""

    def advance(self, count: int) -> None:
        """So many bytes more."""

    def say(self, message: str) -> None:
        """A message for the person who watches."""

    def close(self) -> None:
        """Nothing more will come."""


class DownloadFailed(WeightsUnavailable):
    """A file cannot be had from its server."""


class _Interrupted(Exception):
    """The connection ended early; the rest may still be had."""


def download(url: str, part: Path, *, size: int, meter: Meter, timeout: float = TIMEOUT) -> None:
    """Fetch a file; proxies are those of the environment, redirects are followed.

    Args:
        url: http or https.
        part: where it is written. What is there from an earlier time is continued, if the server can do that. What
            was received stays there when something fails, for the next time.
        size: of the whole file, in bytes.
        meter: hears of every piece.
        timeout: seconds that the server may be silent.

    Raises:
        DownloadFailed: for everything that can go wrong, with what to do about it. That the bytes are the right
            ones is for the caller to check.
    """
    for attempt in range(_RESUMES + 1):
        before = _length(part)
        if before > size:
            part.unlink()
            before = 0
        if before == size:
            return
        try:
            _continue(url, part, before, size, meter, timeout)
        except _Interrupted as error:
            now = _length(part)
            if now <= before or attempt == _RESUMES:
                raise DownloadFailed(
                    f"{url}: {error} after {now} of {size} bytes",
                    hint="run the same command again: it continues where this one stopped.",
                ) from None
            meter.say(f"{error} after {now} of {size} bytes; continuing from there")
        else:
            return


def _length(part: Path) -> int:
    try:
        found = part.lstat()
    except FileNotFoundError:
        return 0
    return _own(part, found).st_size


def _own(part: Path, found: os.stat_result) -> os.stat_result:
    """What was found in the place of an unfinished download, if it is a file that is nowhere else.

    Raises:
        DownloadFailed: for a link, a pipe, a device or a folder: what is downloaded would be written elsewhere.
    """
    if stat.S_ISREG(found.st_mode) and found.st_nlink <= 1:
        return found
    raise DownloadFailed(
        f"{shown(part)}: the download cannot be written here: it is a link, a pipe or a folder",
        hint="delete it, and run the same command again; nothing was changed.",
    )


def _open_part(part: Path, have: int) -> FileIO:
    """Open an unfinished download to go on with it, or to begin anew; nothing else in its place is touched.

    Raises:
        DownloadFailed: if it is anything but a file of its own.
        OSError: if it cannot be opened.
    """
    if part.is_symlink():  # on Windows, where the flag below does not exist
        _own(part, part.lstat())
    flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if have else 0)
    # Not through a link, and without waiting for the reader of a pipe.
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)
    # Unbuffered: nothing is left to be written, and to fail, when the file is closed.
    file = FileIO(os.open(part, flags, 0o666), "ab" if have else "wb")
    try:
        _own(part, os.fstat(file.fileno()))
        if not have:
            file.truncate(0)  # not when it is opened, since it could have been another's
    except BaseException:
        file.close()
        raise
    return file


def _continue(url: str, part: Path, have: int, size: int, meter: Meter, timeout: float) -> None:
    with _open(url, have, timeout) as response:
        if response.status == 206 and _range_of(response) != (have, size):
            raise DownloadFailed(
                f"{url}: the server should send the bytes from {have} of {size}, but sends "
                f"{printable(response.headers.get('Content-Range') or 'others')}",
                hint=f"delete {shown(part)} and run the same command again.",
            )
        if response.status != 206:
            have = 0  # this server only sends whole files
            length = response.headers.get("Content-Length")
            if length is not None and length != str(size):
                kind = printable(response.headers.get("Content-Type") or "no content type")
                raise DownloadFailed(
                    f"{url}: the server sends a different file: {printable(length)} bytes ({kind}) "
                    f"instead of {size}",
                    hint="a proxy or a login page may have answered instead; check the network.",
                )
        _check_space(part, size - have)
        meter.start("downloading", have, size)
        try:
            file = _open_part(part, have)
        except OSError as error:
            raise _unwritable(part, error) from None
        with file:
            _copy(response, file, part, size - have, meter)


def _open(url: str, have: int, timeout: float) -> Any:
    headers = {"User-Agent": f"percept/{__version__}"}
    if have:
        headers["Range"] = f"bytes={have}-"
    # Not urlopen, which remembers the proxies of its first call.
    opener = urllib.request.build_opener()
    try:
        return opener.open(urllib.request.Request(url, headers=headers), timeout=timeout)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and have:  # the server's file is shorter than what is here; another one, then
            return _open(url, 0, timeout)
        raise DownloadFailed(
            f"{error.url}: the server answered {error.code} {printable(error.reason)}",
            hint="try again later, or open the address in a browser to see whether it still works.",
        ) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _unreachable(url, error, timeout) from None


def _unreachable(url: str, error: Exception, timeout: float) -> DownloadFailed:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, TimeoutError):
        return DownloadFailed(
            f"{url}: the server sent nothing for {timeout:g} seconds",
            hint="try again later; the part already downloaded is kept.",
        )
    if isinstance(reason, socket.gaierror):
        return DownloadFailed(
            f"{url}: the name of the server cannot be resolved",
            hint="check the network; behind a proxy, set https_proxy.",
        )
    if isinstance(reason, ssl.SSLCertVerificationError):
        return DownloadFailed(
            f"{url}: the server's certificate is not trusted: {reason.verify_message}",
            hint="if a proxy re-signs connections, set SSL_CERT_FILE to its certificates.",
        )
    return DownloadFailed(
        f"{url}: cannot be reached: {printable(str(reason) or type(reason).__name__)}",
        hint="check the network; behind a proxy, set https_proxy.",
    )


def _range_of(response: Any) -> tuple[int, int] | None:
    """First byte and whole size of ``Content-Range: bytes 5-9/10``."""
    try:
        span, whole = response.headers["Content-Range"].removeprefix("bytes ").split("/")
        return int(span.split("-")[0]), int(whole)
    except (AttributeError, ValueError):
        return None


def _check_space(part: Path, needed: int) -> None:
    free = shutil.disk_usage(part.parent).free
    if free < needed:
        raise DownloadFailed(
            f"{shown(part.parent)}: {needed} more bytes are needed, but only {free} are free",
            hint="free some space, or set PERCEPT_HOME to a folder on another disk.",
        )


def _unwritable(part: Path, error: OSError) -> DownloadFailed:
    return DownloadFailed(
        f"{shown(part)}: cannot be written: {error.strerror}",
        hint="free some space, or set PERCEPT_HOME to a folder on another disk.",
    )


def _copy(response: Any, file: Any, part: Path, missing: int, meter: Meter) -> None:
    while missing:
        try:
            # Unlike read, this gives what has come, so that nothing is lost when the connection breaks.
            piece = response.read1(min(_CHUNK, missing))
        except TimeoutError:
            raise _Interrupted("the server stopped sending") from None
        except (OSError, http.client.HTTPException):
            raise _Interrupted("the connection broke") from None
        if not piece:
            raise _Interrupted("the connection ended early")
        left = memoryview(piece)
        try:
            while left:
                left = left[file.write(left) :]
        except OSError as error:
            raise _unwritable(part, error) from None
        missing -= len(piece)
        meter.advance(len(piece))
