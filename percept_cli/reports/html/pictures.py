"""Which pictures a page holds, which it only names, and why: never more than a browser opens with ease."""

from __future__ import annotations

import base64
import hashlib
from array import array
from collections.abc import Collection
from pathlib import Path
from typing import Any, Literal

from percept_cli.errors import PerceptError
from percept_cli.formats.files import read_stamped
from percept_cli.geometry import FileStamp, View
from percept_cli.images.policy import ImagePolicy
from percept_cli.reports import Style
from percept_cli.reports.html.web import address_of, for_web, state_of
from percept_cli.results.pair import PairResult, badness
from percept_cli.storage.address import address_in, is_remote
from percept_cli.system.names import printable

MOST_PICTURE = 8_000_000
"""Bytes of one embedded picture."""
MOST_PAGE = 100_000_000
"""Bytes of all embedded pictures, as text; the worst results get theirs first."""
MOST_WITH_PASSED = 20_000_000
"""Bytes of all embedded pictures up to which those of passed pairs are embedded too."""

Role = Literal["reference", "candidate"]
_SIDES: tuple[Role, ...] = ("reference", "candidate")
_NO_FILE_HERE = -1  # as a size
_TOO_LARGE = "too large to embed in this page"
_FULL = "not embedded: this page already holds as many images as it may"
_PASSED = "not embedded, since the pair passed"
_CHANGED = "this file has changed since it was compared"
_CHANGED_AND_SHOWN = f"{_CHANGED}: what you see is not what was measured"
_GONE = "this file no longer exists"
_NO_FILE = "this is not a file"


def data_url(media_type: str, data: bytes) -> str:
    """The data as an address."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


class Album:
    """The pictures of a page.

    Args:
        results: all of them; gone through once, for what is to be embedded.
        style: how the page may look.
        policy: how the recipe reads pictures.
    """

    def __init__(self, results: Collection[PairResult], style: Style, policy: ImagePolicy) -> None:
        self._style, self._policy = style, policy
        self._passed = bytearray(len(results))
        self._chosen = tuple(bytearray(len(results)) for _ in _SIDES)  # whether an image is embedded
        if style.pictures == "embed":
            self._choose(results)
        self._room = MOST_PAGE
        self._ids: dict[bytes, str] = {}

    def _choose(self, results: Collection[PairResult]) -> None:
        """Which pictures to embed, by the sizes of their files: the worst first, each file counted once.

        Of a result no more is held than numbers: results may be many, and the names of their files long.
        """
        order = list[tuple[float, ...]]()
        files = tuple((array("q"), array("q")) for _ in _SIDES)  # sizes and hashes of the paths
        for index, result in enumerate(results):
            order.append(badness(result))
            self._passed[index] = result.status == "pass"
            for path, (sizes, paths) in zip((result.reference, result.candidate), files, strict=True):
                sizes.append(_NO_FILE_HERE if path is None else _size(path))
                paths.append(hash(path))
        total = 0
        counted: set[int] = set()
        for index in sorted(range(len(order)), key=order.__getitem__):
            limit = MOST_WITH_PASSED if self._passed[index] else MOST_PAGE
            for (sizes, paths), chosen in zip(files, self._chosen, strict=True):
                size = 0 if paths[index] in counted and sizes[index] >= 0 else sizes[index]
                if 0 <= size <= MOST_PICTURE and total + _as_text(size) <= limit:
                    total += _as_text(size)
                    counted.add(paths[index])
                    chosen[index] = True

    def take(
        self, index: int, role: Role, path: str, stamp: FileStamp | None, view: View
    ) -> tuple[dict[str, Any], str | None]:
        """A picture of the result of this number, on one side, as that view shows it.

        Returns:
            How the page's script finds it, with ``picture`` (the element that holds it) or ``address`` if it can
            be seen, and a ``note`` if a person should know something; and the ``data:`` address to put into that
            element, where no earlier picture had the same content.
        """
        shot: dict[str, Any] = {
            "path": printable(path),
            "address": address_of(path, self._style.link_from),
            "show": self._style.pictures == "link" and not is_remote(path),
        }
        if self._chosen[_SIDES.index(role)][index]:
            return self._embed(shot, path, stamp, view)
        state = state_of(path, stamp)
        if state == "gone":
            shot |= {"show": False, "gone": True, "note": _GONE}
        elif self._style.pictures == "embed":
            why = _FULL
            if _size(path) > MOST_PICTURE:
                why = _TOO_LARGE
            elif self._passed[index]:
                why = _PASSED
            shot["note"] = f"{why}; {_CHANGED}" if state == "changed" else why
        elif state == "changed":
            shot |= {"changed": True, "note": _CHANGED_AND_SHOWN if shot["show"] else _CHANGED}
        return shot, None

    def _embed(
        self, shot: dict[str, Any], path: str, stamp: FileStamp | None, view: View
    ) -> tuple[dict[str, Any], str | None]:
        if (
            not is_remote(path) and Path(path).exists() and not Path(path).is_file()
        ):  # a device may never end, a pipe never begin
            return shot | {"note": _NO_FILE}, None
        try:
            content, found = read_stamped(path, self._policy.limits)
            if not isinstance(content, bytes):
                return shot | {"note": _TOO_LARGE}, None
            media_type, data = for_web(content, path, self._policy, view)
        except PerceptError as error:
            gone = not (is_remote(path) or Path(path).exists())
            return shot | {"gone": gone, "note": _GONE if gone else printable(str(error))}, None
        if stamp is not None and stamp.sha256 != found.sha256:
            shot |= {"changed": True, "note": _CHANGED_AND_SHOWN}
        digest = hashlib.sha256(data).digest()
        if digest in self._ids:
            return shot | {"show": True, "picture": self._ids[digest]}, None
        if len(data) > MOST_PICTURE:  # as PNG it may be larger than its file
            return shot | {"note": _TOO_LARGE}, None
        if _as_text(len(data)) > self._room:
            return shot | {"note": _FULL}, None
        self._room -= _as_text(len(data))
        self._ids[digest] = f"picture-{len(self._ids)}"
        return shot | {"show": True, "picture": self._ids[digest]}, data_url(media_type, data)


def _as_text(size: int) -> int:
    return -(-size // 3) * 4


def _size(path: str) -> int:
    address = address_in(path)
    try:
        if address is not None:
            from percept_cli.storage.store import current

            return current().stat(address).size or 0
        return Path(path).stat().st_size
    except (OSError, ValueError, PerceptError):  # reading it will say what is wrong
        return 0
