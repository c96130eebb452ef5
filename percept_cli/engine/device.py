"""Where and how precisely the network computes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Literal

from percept_cli.errors import DeviceOutOfMemory, DeviceUnavailable, InvalidSetting
from percept_cli.recipes.spec import Precision
from percept_cli.system.machine import free_memory, resident_memory

if TYPE_CHECKING:
    import torch

SHARE_OF_FREE_MEMORY = 0.5
"""Of what is free on a device, what features may take by default."""

_DEVICE_NAME = re.compile(r"auto|cpu|cuda(:\d{1,3})?|mps")


def check_device_name(name: str) -> str:
    """Return the name if it is one of ``auto``, ``cpu``, ``cuda``, ``cuda:N`` and ``mps``; costs no torch.

    Raises:
        InvalidSetting: for any other name.
    """
    if not _DEVICE_NAME.fullmatch(name):
        raise InvalidSetting(f"unknown device {name!r}", hint="choose from auto, cpu, cuda, cuda:N, mps.")
    return name


def resolve_device(name: str) -> torch.device:
    """The device of that name; ``auto`` is CUDA if there is one, else Apple's GPU, else the CPU.

    Raises:
        InvalidSetting: for an unknown name.
        DeviceUnavailable: if this machine, or this build of torch, does not have it.
    """
    import torch

    check_device_name(name)
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if _has_mps() else "cpu"
    device = torch.device(name)
    if device.type == "cuda":
        _require_cuda(device)
        return torch.device("cuda", device.index or 0)
    if device.type == "mps" and not _has_mps():
        raise DeviceUnavailable(
            "device mps is not available on this machine", hint="use --device cpu or --device auto."
        )
    return device


def _has_mps() -> bool:
    import torch

    return torch.backends.mps.is_available()


def _require_cuda(device: torch.device) -> None:
    import torch

    if not torch.cuda.is_available():
        reason = (
            "torch was built without CUDA" if torch.version.cuda is None else "torch finds no usable NVIDIA GPU"
        )
        raise DeviceUnavailable(
            f"device {device} is not available: {reason}", hint="use --device cpu or --device auto."
        )
    count = torch.cuda.device_count()
    if (device.index or 0) >= count:
        raise DeviceUnavailable(
            f"device {device} is not available: this machine has {count} CUDA device(s)",
            hint=f"the last one is cuda:{count - 1}.",
        )


def compute_dtype(precision: Precision, device: torch.device) -> torch.dtype:
    """The dtype of kernels and features.

    Raises:
        DeviceUnavailable: for ``tf32`` anywhere but on CUDA; only NVIDIA's tensor cores have it.
    """
    import torch

    if precision == "tf32" and device.type != "cuda":
        raise DeviceUnavailable(
            f"precision tf32 is not available on device {device.type}", hint="use fp32, or bf16 for speed."
        )
    return {
        "fp32": torch.float32,
        "tf32": torch.float32,
        "bf16": torch.bfloat16,
        "fp16": torch.float16,
    }[precision]


def free_bytes(device: torch.device) -> int:
    """What features may take by default: half of the memory that is free on the device, or to this process."""
    import torch

    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        # What torch keeps of earlier batches is free for the next.
        free += torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    else:  # Apple's GPUs share the memory of the processor
        free = free_memory()
    return int(free * SHARE_OF_FREE_MEMORY)


def bytes_held(device: torch.device) -> int:
    """What this process has of the device's memory: on the CPU all that it holds, Python and torch included."""
    import torch

    return torch.cuda.memory_allocated(device) if device.type == "cuda" else resident_memory()


Switch = tuple[Any, str, Any]
"""A module of ``torch.backends``, the name of a setting, and its value."""


def _switches(kind: Literal["ieee", "tf32"], device: torch.device) -> list[Switch]:
    """What float32 means to convolutions and matrix products on a device, and which algorithms may be taken.

    A program that trains networks may have allowed fewer bits for the whole process; here it means float32. cuDNN
    chooses by rule and not by trial, whose timings could choose another algorithm, and so other digits, next time.
    """
    import torch

    backends: Any = torch.backends  # whose stubs lack most of it
    if device.type == "cpu":
        return [(place, "fp32_precision", kind) for place in (backends.mkldnn.conv, backends.mkldnn.matmul)]
    if device.type != "cuda":
        return []
    # Each on its own: ``cudnn.flags`` asks what TF32 is to all of cuDNN, and breaks where a program has told its
    # convolutions and its RNNs apart.
    rule = {"enabled": True, "deterministic": True, "benchmark": False}
    places = backends.cudnn.conv, backends.cuda.matmul
    return [
        *((backends.cudnn, name, value) for name, value in rule.items()),
        *((place, "fp32_precision", kind) for place in places),
    ]


@contextmanager
def _switched(switches: Sequence[Switch]) -> Iterator[None]:
    """Settings of the process for the body, which are then as before."""
    before = [(place, name, getattr(place, name)) for place, name, _ in switches]
    try:
        for place, name, value in switches:
            setattr(place, name, value)
        yield
    finally:
        for place, name, value in before:
            setattr(place, name, value)


@contextmanager
def computing(precision: Precision, device: torch.device) -> Iterator[None]:
    """Run the body with exactly the precision asked for, and put the process's own settings back after it.

    Raises:
        DeviceOutOfMemory: if the body runs out of memory on the device.
    """
    import torch

    try:
        with ExitStack() as settings:
            settings.enter_context(torch.autocast(device.type, enabled=False))
            settings.enter_context(_switched(_switches("tf32" if precision == "tf32" else "ieee", device)))
            yield
    except RuntimeError as error:  # torch.OutOfMemoryError on GPUs is one; the CPU's allocator raises a plain one
        # What torch's allocator, oneDNN, and the system say, the last where a file cannot be mapped.
        out = ("DefaultCPUAllocator", "could not create a primitive", "Cannot allocate memory")
        if isinstance(error, torch.OutOfMemoryError) or any(words in str(error) for words in out):
            raise DeviceOutOfMemory(
                f"the images do not fit into the memory of device {device}",
                hint="close other programs, set a lower --max-memory, or choose shallower --layers.",
            ) from error
        raise
