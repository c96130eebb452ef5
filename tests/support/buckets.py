"""A store like S3 on this machine, by moto, and a web server that does as it is told."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote


class Bucket:
    """One bucket of a store on loopback.

    Args:
        url: of the store.
        name: of the bucket, which is made.
    """

    def __init__(self, url: str, name: str) -> None:
        import boto3

        self.name = name
        self.environment = {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": url,
        }
        self.client: Any = boto3.client(
            "s3",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        self.client.create_bucket(Bucket=name)

    def put(self, key: str, data: bytes | Path) -> str:
        """Write an object, and say where it is."""
        body = data if isinstance(data, bytes) else data.read_bytes()
        self.client.put_object(Bucket=self.name, Key=key, Body=body)
        return f"s3://{self.name}/{key}"

    def put_folder(self, prefix: str, folder: Path) -> str:
        """Write all files of a folder."""
        for file in folder.rglob("*"):
            if file.is_file():
                self.put(f"{prefix}/{file.relative_to(folder).as_posix()}", file)
        return f"s3://{self.name}/{prefix}"

    def get(self, key: str) -> bytes:
        """What is in an object."""
        data: bytes = self.client.get_object(Bucket=self.name, Key=key)["Body"].read()
        return data

    def keys(self) -> list[str]:
        """The names of all objects."""
        return [entry["Key"] for entry in self.client.list_objects_v2(Bucket=self.name).get("Contents", [])]


@dataclass
class Requests:
    """What a server was asked for."""

    seen: list[str] = field(default_factory=list)


Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def serving(answer: Answer) -> Iterator[tuple[str, Requests]]:
    """A web server on loopback that answers every request so; it ends with the block."""
    requests = Requests()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            requests.seen.append(f"{self.command} {self.path}")
            answer(self)

        do_HEAD = do_PUT = do_POST = do_GET  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_: Any) -> None:
            pass  # a client that hung up

    assert issubclass(Server, socketserver.BaseServer)
    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", requests
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def files(folder: Path) -> Answer:
    """Answers with the files of a folder, and with pages that list its folders."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        path = folder / unquote(handler.path.partition("?")[0]).lstrip("/")
        if path.is_dir():
            links = "".join(f'<a href="{one.name}{"/" * one.is_dir()}">x</a>' for one in sorted(path.iterdir()))
            send(handler, f'<a href="../">up</a><a href="?C=N;O=D">sort</a>{links}'.encode(), kind="text/html")
        elif path.is_file():
            send(handler, path.read_bytes(), etag=f'"{path.stat().st_mtime_ns}"')
        else:
            send(handler, b"", status=404)

    return answer


def send(
    handler: BaseHTTPRequestHandler,
    data: bytes,
    *,
    status: int = 200,
    kind: str = "image/png",
    etag: str = "",
    whole: bool = True,
) -> None:
    """Answer with some bytes; not ``whole``: with half of them, and then hang up."""
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(data)))
    if etag:
        handler.send_header("ETag", etag)
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(data if whole else data[: len(data) // 2])
        handler.wfile.flush()
    if not whole:
        handler.close_connection = True


def silence(handler: BaseHTTPRequestHandler) -> None:
    """Keep a client waiting, for a bounded time."""
    time.sleep(3)
    handler.close_connection = True
