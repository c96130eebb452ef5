"""The web: images at https://, and pages that list a folder, as servers of files make them. Read only."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from percept_cli.storage.address import Address
from percept_cli.storage.backends.base import CONNECT, PIECE, TRIES, Backend, Changed, Sink, TooSlow, stamp_of
from percept_cli.storage.stamp import Kind, ObjectStamp

_LINK = re.compile(r"""<a\b[^>]*?\bhref\s*=\s*(?:"([^"]+)|'([^']+)|([^\s>"']+))""", re.IGNORECASE)
_LONGEST_PAGE = 32 << 20  # bytes
_MOST_PAGES = 10_000  # folders of one tree
_WORTH_TRYING_AGAIN = (429, 500, 502, 503, 504)


class Web(Backend):
    """Servers. A proxy is taken from the environment (HTTPS_PROXY)."""

    library = "aiohttp"
    extra = "remote"
    kind_of_file_system = "http"

    def options(self) -> dict[str, Any]:
        """With an end to waiting."""
        import aiohttp

        # `connect` ends a proxy's silence, which is asked before there is a connection to read from.
        connect = min(CONNECT, self.patience) + self.patience
        timeout = aiohttp.ClientTimeout(total=None, connect=connect, sock_connect=CONNECT, sock_read=self.patience)
        return {"client_kwargs": {"timeout": timeout, "trust_env": True}}

    def kind(self, address: Address) -> Kind:
        """A page is a folder, all else an object."""
        try:
            _, media_type, _ = self._get(address.text, None, bytearray().extend, first=0)
        except FileNotFoundError:
            return "nothing"
        return "folder" if media_type == "text/html" else "object"

    def list(self, address: Address) -> Iterator[tuple[str, ObjectStamp]]:
        """What pages link to below their own address; without stamps, which only each object's own answer has."""
        seen, waiting = {""}, [""]
        while waiting:
            folder = waiting.pop()
            for name in self._links(address, folder):
                if name in seen:
                    continue
                seen.add(name)
                if not name.endswith("/"):
                    yield name, ObjectStamp(None, 0)
                elif len(seen) < _MOST_PAGES:
                    waiting.append(name)

    def _links(self, address: Address, folder: str) -> Iterator[str]:
        page = bytearray()

        def take(piece: bytes) -> None:
            page.extend(piece)
            if len(page) > _LONGEST_PAGE:
                raise OSError("the page that lists this folder has no end")

        url = f"{address.text}/{folder}"
        _, media_type, _ = self._get(url, None, take)
        if media_type != "text/html":
            return
        root = urlsplit(f"{address.text}/")
        for quoted in _LINK.findall(page.decode("utf-8", "replace")):
            parts = urlsplit("".join(quoted).replace("&amp;", "&"))
            if parts.query or parts.scheme not in ("", root.scheme) or parts.netloc not in ("", root.netloc):
                continue  # what sorts the list, or leads elsewhere
            path = parts.path if parts.path.startswith("/") else f"{urlsplit(url).path}{parts.path}"
            name = unquote(path).removeprefix(unquote(root.path))
            if not unquote(path).startswith(unquote(root.path)) or not name or "/../" in f"/{name}/":
                continue
            # What would mean something else in an address stays as the page has it.
            yield path.removeprefix(root.path) if set(name) & set("%?#") else name

    def stat(self, address: Address) -> ObjectStamp:
        """From the head of an answer."""
        return self._get(address.text, None, bytearray().extend, first=0)[0]

    def read(self, address: Address, expected: ObjectStamp | None, sink: Sink) -> ObjectStamp:
        """In one request."""
        return self._get(address.text, expected, sink)[0]

    def _get(
        self, url: str, expected: ObjectStamp | None, sink: Sink, *, first: int | None = None
    ) -> tuple[ObjectStamp, str, int]:
        from fsspec.asyn import sync

        found: tuple[ObjectStamp, str, int] = sync(self.system.loop, self._answer, url, expected, sink, first)
        return found

    async def _answer(
        self, url: str, expected: ObjectStamp | None, sink: Sink, first: int | None
    ) -> tuple[ObjectStamp, str, int]:
        """The stamp, the media type and the size of what is at an address; ``first`` bytes of it, or all."""
        import asyncio

        session = await self.system.set_session()
        for tried in range(TRIES):
            # What is sent as it is stored has the size that its head says.
            async with session.get(
                self.system.encode_url(_quoted(url)), headers={"Accept-Encoding": "identity"}
            ) as answer:
                if answer.status in _WORTH_TRYING_AGAIN and tried < TRIES - 1:
                    await asyncio.sleep(0.2 * 3**tried)
                    continue
                _refuse(answer.status)
                told = {name: answer.headers.get(name) for name in ("ETag", "Last-Modified")}
                stamp = stamp_of({**told, "size": answer.headers.get("Content-Length")})
                if expected is not None and expected.is_sure and not stamp.is_of(expected):
                    raise Changed
                size = 0
                if first is None:
                    end = time.monotonic() + 20 * self.patience
                    async for piece in answer.content.iter_chunked(PIECE):
                        size += len(piece)
                        sink(piece)
                        if time.monotonic() > end:
                            raise TooSlow
                return stamp, answer.content_type, size
        raise AssertionError  # the last try returns or raises


def _quoted(url: str) -> str:
    """Names of files hold what addresses do not; what is quoted already stays so."""
    from urllib.parse import quote

    return quote(url, safe="%/:?&=+,;@!$'()*[]~#")


def _refuse(status: int) -> None:
    if status in (401, 403, 407):
        raise PermissionError
    if status in (404, 410):
        raise FileNotFoundError
    if status >= 400:
        raise OSError(f"the server answered with the status {status}")
