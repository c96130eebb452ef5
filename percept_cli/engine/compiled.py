"""The CPU's convolutions in compiled code: whether it is there, which instructions it uses, and how it is called.

The library is optional. It is built with the package where a C compiler is found (``native/build.py``), and holds
the same code for several sets of instructions, of which the best that this processor has is used. Without it
convolutions are made of torch's operations (``winograd``), with results that agree to 1e-6 and in twice the time.
``PERCEPT_CONVOLUTION`` says otherwise: see ``choice``.
"""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from percept_cli.engine.native import build
from percept_cli.errors import DeviceUnavailable, InvalidSetting

if TYPE_CHECKING:
    from torch import Tensor

    from percept_cli.engine.workspace import Workspace

VARIABLE = "PERCEPT_CONVOLUTION"
"""Of the environment: how layers of 3×3 kernels are computed on the CPU in float32."""
IN_TORCH = ("torch", "winograd", "direct")
"""Values of the variable that use no compiled code: as the processor's row of the table says (``convolution``),
Winograd's filtering in torch's operations, and torch's own convolutions."""
# Each has memory of its own, mostly 1 to 2 MB: more threads would take more than ``bands`` reckons with, and have
# too little to do in a band.
_MOST_THREADS = 32
PREFERRED = ("avx512", "avx2", "neon")
"""Sets of instructions, the best first. ``portable`` is used only if the variable says so."""


class _Convolution(ctypes.Structure):
    """``struct convolution`` of convolve.h; every member is a pointer or a ``size_t``, which are of one size."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            *("window", "window_picture", "window_row", "window_column", "kernels", "bias"),
            *("out", "out_picture", "out_row", "out_column"),
            *("pictures", "rows", "columns", "inputs", "outputs", "tile", "relu", "threads"),
        )
    )


class Kernel:
    """The compiled code for one set of instructions.

    Args:
        library: loaded.
        name: of the set, which this processor has.
    """

    def __init__(self, library: ctypes.CDLL, name: str) -> None:
        self.name = name
        self._pack = _function(
            library, "pack", name, None, *[ctypes.c_void_p, *[ctypes.c_size_t] * 3, ctypes.c_void_p]
        )
        self._packed = _function(library, "packed", name, ctypes.c_size_t, *[ctypes.c_size_t] * 3)
        self._scratch = _function(library, "scratch", name, ctypes.c_size_t, ctypes.POINTER(_Convolution))
        self._convolve = _function(library, "convolve", name, None, ctypes.POINTER(_Convolution), ctypes.c_void_p)
        self._memory: Workspace | None = None

    def packed(self, inputs: int, outputs: int, tile: int) -> int:
        """Values that ``pack`` makes of a layer's kernels."""
        return int(self._packed(inputs, outputs, tile))

    def pack(self, weight: Tensor, tile: int) -> Tensor:
        """A layer's kernels, transformed as by ``winograd.transform_kernels`` and in the order they are read in.

        Args:
            weight: O×I×3×3 float32.
            tile: outputs per side of a tile, 2 or 4.
        """
        import torch

        outputs, inputs = weight.shape[:2]
        weight = weight.contiguous()
        out = torch.empty(self.packed(inputs, outputs, tile), dtype=torch.float32)
        self._pack(weight.data_ptr(), inputs, outputs, tile, out.data_ptr())
        return out

    def convolve(
        self, tile: int, window: Tensor, kernels: Tensor, bias: Tensor, out: Tensor, *, relu: bool
    ) -> None:
        """As ``winograd.convolve``, but that each output has the same digits whatever is computed beside it.

        Args:
            tile: outputs per side of a tile, 2 or 4.
            window: N×(R+2)×W×I float32 on the CPU, channels side by side.
            kernels: of ``pack`` for this tile.
            bias: O values.
            out: N×R×W×O float32, channels side by side, to be written.
            relu: whether to raise negative values to 0.
        """
        import torch

        if self._memory is None:
            from percept_cli.engine.workspace import Workspace

            self._memory = Workspace(torch.device("cpu"))
        pictures, rows, columns, outputs = out.shape
        inputs = window.shape[3]
        wanted = (pictures, rows + 2, columns, inputs), self.packed(inputs, outputs, tile), outputs
        if (tuple(window.shape), kernels.numel(), bias.numel()) != wanted:
            raise ValueError(
                f"a convolution of {(tuple(window.shape), kernels.numel(), bias.numel())}, not {wanted}"
            )
        if {tensor.dtype for tensor in (window, kernels, bias, out)} != {torch.float32}:
            raise TypeError("a compiled convolution takes float32")
        if window.stride(3) != 1 or out.stride(3) != 1:
            raise ValueError("channels must lie side by side")
        if not out.numel():
            return
        layer = _Convolution(
            *(window.data_ptr(), *window.stride()[:3], kernels.data_ptr(), bias.data_ptr()),
            *(out.data_ptr(), *out.stride()[:3], pictures, rows, columns, inputs, outputs),
            *(tile, relu, min(_MOST_THREADS, torch.get_num_threads())),
        )
        values = int(self._scratch(ctypes.byref(layer)))
        (memory,) = self._memory.take([(values,)], torch.float32)
        self._convolve(ctypes.byref(layer), memory.data_ptr())  # ctypes lets other threads run meanwhile


def _function(library: ctypes.CDLL, what: str, name: str, result: Any, *arguments: Any) -> Any:
    function = library[f"percept_{what}_{name}"]
    function.restype, function.argtypes = result, arguments
    return function


@dataclass(frozen=True)
class Compiled:
    """What there is of compiled code."""

    kernels: tuple[Kernel, ...] = ()
    """Those that this processor runs, the best first, and ``portable``."""
    why: str = ""
    """Why there are none."""


@cache
def found() -> Compiled:
    """Load the library that was built with this package."""
    return load(Path(build.HERE, build.LIBRARY))


def load(path: Path) -> Compiled:
    """Load a library, unless it was made of other sources than those beside it."""
    if not path.is_file():
        return Compiled(why="not compiled when percept was installed")
    try:
        library = ctypes.CDLL(str(path))
        library.percept_stamp.restype = ctypes.c_char_p
        made_of = library.percept_stamp().decode("ascii")
    except (OSError, AttributeError) as error:
        return Compiled(why=f"{path.name} cannot be loaded ({error})")
    if (path.parent / build.SOURCES[0]).is_file() and made_of != build.stamp():
        return Compiled(why="its source has changed since; reinstall percept to compile it")
    names = [name for name in (*PREFERRED, build.PORTABLE.name) if library.percept_runs(name.encode("ascii"))]
    return Compiled(tuple(Kernel(library, name) for name in names if hasattr(library, f"percept_convolve_{name}")))


def choice() -> Kernel | str:
    """What the CPU's convolutions are computed with: compiled code, or one of ``IN_TORCH``.

    Raises:
        InvalidSetting: if the variable has an unknown value.
        DeviceUnavailable: if it asks for compiled code that is not there, or that this processor cannot run.
    """
    told = os.environ.get(VARIABLE, "") or "auto"
    if told in IN_TORCH:
        return told
    there = found()
    if told == "auto":
        return next((kernel for kernel in there.kernels if kernel.name in PREFERRED), IN_TORCH[0])
    for kernel in there.kernels:
        if kernel.name == told:
            return kernel
    known = ("auto", *IN_TORCH, build.PORTABLE.name, *PREFERRED)
    if told not in known:
        raise InvalidSetting(f"{VARIABLE} has the unknown value {told!r}", hint=f"choose from {', '.join(known)}.")
    has = ", ".join(kernel.name for kernel in there.kernels)
    why = (
        f"compiled code is not there: {there.why}"
        if there.why
        else f"this processor, or this build, has only {has}"
    )
    raise DeviceUnavailable(f"{VARIABLE}={told} cannot be used: {why}", hint="unset it, or use torch.")


def used(device: str, precision: str) -> str:
    """What computes convolutions on a device in a precision, as the variable names it."""
    if device != "cpu" or precision != "fp32":
        return IN_TORCH[0]
    chosen = choice()
    return chosen if isinstance(chosen, str) else chosen.name
