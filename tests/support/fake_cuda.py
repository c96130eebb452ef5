"""A stand-in for ``torch.cuda``, on machines without a GPU: streams, events and pinned memory, and their order.

This is a mock, because the real thing needs a GPU. It stands for what percept uses of it, by CUDA's own rules:
work given to a stream is done later, a stream that waits for another sees its work done, and what comes back is
there when an event was waited for, not before. Until then memory holds ``POISON``: code that does not wait gives
wrong numbers, and not only a wrong order in a log.

Behind it the engine computes for real: ``OnCpu`` lets what is meant for CUDA happen on the processor. Where
tensors are fake (``FakeTensorMode``), there are no values and the log is all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor
from torch.overrides import TorchFunctionMode

POISON = 77
"""What memory holds that nobody has written to yet."""


class Stream:
    """Work that is done when somebody waits for it."""

    def __init__(self, cuda: FakeCuda, name: str) -> None:
        self._cuda, self.name = cuda, name
        self.pending: list[Callable[[], object]] = []

    def wait_stream(self, other: Stream) -> None:
        self._cuda.log.append(f"{self.name} waits for {other.name}")
        other.finish()

    def finish(self, until: int | None = None) -> None:
        with torch.inference_mode():  # else only inference mode could write to what was made in it
            for work in self.pending[:until]:
                work()
        del self.pending[:until]


class Event:
    def __init__(self, cuda: FakeCuda) -> None:
        self._cuda = cuda
        self._stream: Stream | None = None
        self._until = 0

    def record(self, stream: Stream) -> None:
        self._cuda.log.append(f"event on {stream.name}")
        self._stream, self._until = stream, len(stream.pending)

    def synchronize(self) -> None:
        assert self._stream is not None, "an event that was never recorded is over at once"
        self._cuda.log.append("wait")
        self._stream.finish(self._until)


class FakeCuda:
    """Takes the place of ``torch.cuda`` for one test.

    Args:
        monkeypatch: takes it away again.
        free: bytes of memory that are said to be free.
        pins: whether the system has memory to pin.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, free: int = 8 << 30, *, pins: bool = True) -> None:
        self.log: list[str] = []
        """What was done with streams, events and pinned memory, in its order."""
        self.free = free
        self.pins = pins
        self.computing = self._current = Stream(self, "computing")
        self.pinned: list[Tensor] = []
        monkeypatch.setattr("percept_cli.engine.device._require_cuda", lambda _: None)
        for name, made in {
            "Stream": lambda _: Stream(self, "uploads"),
            "Event": lambda: Event(self),
            "stream": self._stream,
            "current_stream": lambda _: self._current,
            "mem_get_info": lambda _: (self.free, 2 * self.free),
            "memory_reserved": lambda _: 0,
            "memory_allocated": lambda _: 0,
        }.items():
            monkeypatch.setattr(torch.cuda, name, made)
        monkeypatch.setattr(Tensor, "pin_memory", lambda one: self._pin(one))
        monkeypatch.setattr(Tensor, "is_pinned", lambda one: any(_share_memory(one, two) for two in self.pinned))
        monkeypatch.setattr(Tensor, "record_stream", lambda _, stream: self.log.append(f"kept for {stream.name}"))

    @contextmanager
    def _stream(self, stream: Stream) -> Iterator[None]:
        before, self._current = self._current, stream
        yield
        self._current = before

    def _pin(self, tensor: Tensor) -> Tensor:
        self.refuse()
        self.log.append("pinned")
        found = tensor.clone()
        self.pinned.append(found)
        return found

    def refuse(self) -> None:
        """As CUDA does where the system has no memory to pin."""
        if not self.pins:
            raise RuntimeError("CUDA error: out of memory (a mock)")

    @property
    def current(self) -> Stream:
        return self._current


class OnCpu(TorchFunctionMode):
    """What is asked of CUDA is done on the processor, copies that need not be waited for when they must be there.

    Args:
        cuda: whose streams have them.
        most: elements of the largest input of a convolution; more are too many for this GPU's memory.
    """

    def __init__(self, cuda: FakeCuda, most: int | None = None) -> None:
        super().__init__()
        self._cuda, self._most = cuda, most

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        options = dict(kwargs or {})
        name = getattr(func, "__name__", "")
        if name == "conv2d" and self._most is not None and args[0].numel() > self._most:
            raise torch.OutOfMemoryError("CUDA out of memory. (a mock)")
        if name == "copy_" and options.pop("non_blocking", False):
            target, source = args
            kept = source.clone()  # what the stream's later work writes there, this copy does not see
            self._cuda.log.append(f"download on {self._cuda.current.name}")
            self._cuda.current.pending.append(lambda: target.copy_(kept))
            return target
        if options.pop("pin_memory", False):
            self._cuda.refuse()
            self._cuda.pinned.append(func(*args, **options).fill_(POISON))
            return self._cuda.pinned[-1]
        if name == "to" and any(_is_cuda(one) for one in args):
            args = tuple(torch.device("cpu") if _is_cuda(one) else one for one in args)
            if options.pop("non_blocking", False):
                return self._upload(args[0])
            self._cuda.log.append("blocking copy")
        if _is_cuda(options.get("device")):
            options["device"] = "cpu"
        return func(*args, **options)

    def _upload(self, source: Tensor) -> Tensor:
        assert source.is_pinned(), "a copy from other memory is waited for"
        target = torch.full_like(source, POISON)
        self._cuda.log.append(f"upload on {self._cuda.current.name}")
        self._cuda.current.pending.append(lambda: target.copy_(source))
        return target


def _share_memory(one: Tensor, other: Tensor) -> bool:
    if isinstance(one, FakeTensor):
        return one is other
    return one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()


def _is_cuda(value: object) -> bool:
    return isinstance(value, torch.device) and value.type == "cuda"
