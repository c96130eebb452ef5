"""Processes forked off one that has torch and percept loaded already, most of what a test of a command waits for.

Each is a process of its own, with its own folder, environment, standard streams and exit code. The one it comes
from has imported modules and done nothing else: no command has run in it, and no thread of torch's is in it. What
such a process cannot show is how a fresh interpreter begins: that a library was never loaded, or that another seed
of hashes moves nothing.

As a program (``python tests/support/forks.py SOCKET``) this is the one that forks. It ends with the tests.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

# What the interpreter or a library reads once, at its start, which a fork has behind it.
_READ_AT_THE_START = ("PYTHON", "OMP_", "MKL_", "OPENBLAS_", "KMP_", "LC_", "LANG", "LD_")


class Forks:
    """The process that forks, as tests see it."""

    def __init__(self) -> None:
        self._begun_with = dict(os.environ)
        self._process: subprocess.Popen[bytes] | None = None

    def _begin(self) -> None:
        from percept_cli.system.machine import processors

        environment = dict(self._begun_with)
        # As percept does before it loads torch (cli/process.py).
        if "OMP_NUM_THREADS" not in environment and processors() < (os.cpu_count() or 1):
            environment["OMP_NUM_THREADS"] = str(processors())
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            # -P: where modules are looked for first is the matter of each child.
            self._process = subprocess.Popen(
                [sys.executable, "-P", __file__, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env=environment,
            )

    def can_stand_for(self, environment: Mapping[str, str]) -> bool:
        """Whether a process that starts in this environment begins as the forks do."""
        if sys.platform != "linux":  # elsewhere a process with torch in it is not safe to fork
            return False
        changed = {name for name, _ in self._begun_with.items() ^ environment.items()}
        return not any(name.startswith(_READ_AT_THE_START) for name in changed)

    def run(
        self,
        module: str,
        *arguments: str,
        cwd: Path,
        env: Mapping[str, str],
        timeout: float,
        stdout: IO[Any] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """``python -m module arguments...``, as ``subprocess.run`` would have it: in UTF-8, through pipes."""
        if self._process is None:
            self._begin()
        request = {"module": module, "arguments": arguments, "cwd": str(cwd), "env": dict(env)}
        out, to_out = os.pipe()
        err, to_err = os.pipe()
        try:
            streams = [to_out if stdout is None else stdout.fileno(), to_err]
            socket.send_fds(self._channel, [json.dumps(request).encode()], streams)
        finally:
            os.close(to_out)
            os.close(to_err)
        child = self._answer()
        texts = _read([out, err], until=time.monotonic() + timeout)
        if texts is None:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        code = self._answer()
        command = [sys.executable, "-m", module, *arguments]
        if texts is None:
            raise subprocess.TimeoutExpired(command, timeout)
        return subprocess.CompletedProcess(command, code, None if stdout else texts[0], texts[1])

    def close(self) -> None:
        if self._process is not None:
            self._channel.close()
            self._process.wait(60)

    def _answer(self) -> int:
        answer = self._channel.recv(100)
        assert answer, "the process that forks has ended"
        return int(answer)


def _read(pipes: list[int], until: float) -> list[str] | None:
    """All that comes through pipes until they are closed at the other end, or nothing if that takes too long."""
    parts: dict[int, list[bytes]] = {pipe: [] for pipe in pipes}
    with selectors.DefaultSelector() as selector:
        for pipe in pipes:
            selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map() and (left := until - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                if part := os.read(key.fd, 1 << 16):
                    parts[key.fd].append(part)
                else:
                    selector.unregister(key.fd)
        is_whole = not selector.get_map()
    for pipe in pipes:
        os.close(pipe)
    texts = [b"".join(found).decode("utf-8", "surrogateescape") for found in parts.values()]
    return [text.replace("\r\n", "\n").replace("\r", "\n") for text in texts] if is_whole else None


def _serve(channel: socket.socket) -> None:
    """Load all modules, then fork for each request; return in the children only, ready to run."""
    import click  # noqa: F401
    import jinja2  # noqa: F401
    import numpy  # noqa: F401
    import pathspec  # noqa: F401
    import PIL.Image
    import rich.console  # noqa: F401
    import safetensors.torch  # noqa: F401
    import scipy.ndimage  # noqa: F401
    import torch  # noqa: F401

    import percept_cli

    PIL.Image.init()  # Pillow's formats
    for module in pkgutil.walk_packages(percept_cli.__path__, "percept_cli."):
        # Without the command itself, which each child runs, and what only pytest loads.
        if module.name not in ("percept_cli.__main__", "percept_cli.pytest_plugin"):
            importlib.import_module(module.name)
    gc.freeze()  # no child need go through the objects of the modules
    while True:
        message, streams, _, _ = socket.recv_fds(channel, 1 << 20, 2)
        if not message:
            os._exit(0)  # taking torch apart takes seconds
        child = os.fork()
        if not child:
            break
        for stream in streams:
            os.close(stream)
        channel.send(str(child).encode())
        channel.send(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())
    request = json.loads(message)
    if request["module"] != "percept_cli":  # pytest loads its plugins anew, or warns that it cannot rewrite them
        for loaded in [name for name in sys.modules if name.partition(".")[0] == "percept_cli"]:
            del sys.modules[loaded]
    for stream, name in zip(streams, (1, 2), strict=True):
        os.dup2(stream, name)
        os.close(stream)
    channel.close()
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    sys.path.insert(0, request["cwd"])
    sys.argv = ["", *request["arguments"]]
    try:
        runpy.run_module(request["module"], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        sys.stdout.flush()
        sys.stderr.flush()
        # Not by way of the interpreter's end, which takes torch apart; percept itself ends like this.
        os._exit(end.code if isinstance(end.code, int) else 1)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
