"""A small published weights file, and a server on the loopback interface that gives it well or badly."""

from __future__ import annotations

import io
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import torch

State = dict[str, torch.Tensor]

FILE = "tiny-0123abcd.pth"
PIECE = 64 << 10  # bytes; what a cut connection gives at a time


def tiny_state() -> State:
    """A state dict as torchvision's, of a network with one convolution in each of two blocks."""
    random = torch.Generator().manual_seed(5)
    shapes = {
        "features.0.weight": (4, 3, 3, 3),
        "features.0.bias": (4,),
        "features.3.weight": (8, 4, 3, 3),
        "features.3.bias": (8,),
        "classifier.0.weight": (64, 1024),  # so that there is something to interrupt
        "classifier.0.bias": (64,),
    }
    return {key: torch.randn(shape, generator=random) for key, shape in shapes.items()}


def as_pth(state: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    torch.save(state, file, **options)
    return file.getvalue()


PUBLISHED = as_pth(tiny_state())


class Server(ThreadingHTTPServer):
    """Gives one file; the first part of a path says in what manner."""

    daemon_threads = True
    data = PUBLISHED

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[tuple[str, str | None]] = []
        self.over = threading.Event()

    def url(self, manner: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{manner}/{FILE}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the tests."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Nothing."""

    def do_GET(self) -> None:
        self.server.requests.append((self.path, self.headers.get("Range")))
        manner = self.path.rsplit("/", 2)[-2]
        getattr(self, f"give_{manner}")(self.server.data)

    def head(self, status: int, **headers: object) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), str(value))
        self.end_headers()

    def start(self, data: bytes) -> bytes:
        """The head of an answer, and what of the body was asked for."""
        asked = self.headers.get("Range")
        if asked is None:
            self.head(200, Content_Length=len(data))
            return data
        first = int(asked.removeprefix("bytes=").removesuffix("-"))
        if first >= len(data):
            self.head(416, Content_Range=f"bytes */{len(data)}")
            return b""
        self.head(
            206, Content_Range=f"bytes {first}-{len(data) - 1}/{len(data)}", Content_Length=len(data) - first
        )
        return data[first:]

    def give_whole(self, data: bytes) -> None:
        self.wfile.write(self.start(data))

    def give_cut(self, data: bytes) -> None:
        self.wfile.write(self.start(data)[:PIECE])

    def give_nothing(self, data: bytes) -> None:
        self.start(data)

    def give_cutfirst(self, data: bytes) -> None:
        """The first answer is cut, and the server cannot give parts."""
        self.head(200, Content_Length=len(data))
        self.wfile.write(data[:PIECE] if len(self.server.requests) == 1 else data)

    def give_unknown(self, data: bytes) -> None:
        self.head(200)
        self.wfile.write(data)

    def give_otherrange(self, data: bytes) -> None:
        self.head(206, Content_Range=f"bytes 0-{len(data) - 1}/{len(data)}", Content_Length=len(data))
        self.wfile.write(data)

    def give_altered(self, data: bytes) -> None:
        self.wfile.write(self.start(data[:-1] + bytes([data[-1] ^ 1])))

    def give_page(self, _: bytes) -> None:
        self.head(200, Content_Length=6, Content_Type="text/html")
        self.wfile.write(b"<html>")

    def give_elsewhere(self, _: bytes) -> None:
        self.head(302, Location=self.server.url("whole"))

    def give_circle(self, _: bytes) -> None:
        self.head(302, Location=self.server.url("circle"))

    def give_error(self, _: bytes) -> None:
        self.head(404)

    def give_silence(self, _: bytes) -> None:
        self.server.over.wait(20)

    def give_stall(self, data: bytes) -> None:
        self.wfile.write(self.start(data)[:PIECE])
        self.server.over.wait(20)

    def give_garbage(self, _: bytes) -> None:
        self.wfile.write(b"what?\r\n\r\n")

    def give_slow(self, data: bytes) -> None:
        body = self.start(data)
        for first in range(0, len(body), 16 << 10):
            self.wfile.write(body[first : first + (16 << 10)])
            time.sleep(0.05)
