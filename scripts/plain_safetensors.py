"""Reading safetensors in plain Python, for machines where that package, which is compiled, is not installed.

Only what percept calls is here. The format: eight bytes that say how long the header is, the header in JSON, the
values (https://huggingface.co/docs/safetensors).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


class SafetensorError(Exception):
    """A file is damaged, or not of this format."""


class File:
    """A file, as ``safetensors.safe_open`` gives it.

    Args:
        content: all of it.
    """

    def __init__(self, content: bytes) -> None:
        try:
            end = 8 + int.from_bytes(content[:8], "little")
            self._header: dict[str, Any] = json.loads(content[8:end])
        except ValueError as error:
            raise SafetensorError(f"the header cannot be read: {error}") from None
        self._values = memoryview(content)[end:]
        self._notes: dict[str, str] | None = self._header.pop("__metadata__", None)

    def __enter__(self) -> File:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def keys(self) -> list[str]:
        """Of all tensors."""
        return list(self._header)

    def metadata(self) -> dict[str, str] | None:
        """What the file says of itself."""
        return self._notes

    def get_slice(self, key: str) -> Slice:
        """Shape and dtype of a tensor."""
        return Slice(self._header[key])

    def get_tensor(self, key: str) -> Tensor:
        """A tensor; float32 is all that percept's files have."""
        import torch

        first, last = self._header[key]["data_offsets"]
        if self._header[key]["dtype"] != "F32" or last > len(self._values):
            raise SafetensorError(f"{key} is truncated, or not float32")
        values = torch.frombuffer(bytearray(self._values[first:last]), dtype=torch.float32)
        return values.view(self._header[key]["shape"])


class Slice:
    """What is said of a tensor before it is read.

    Args:
        entry: of the header.
    """

    def __init__(self, entry: dict[str, Any]) -> None:
        self._entry = entry

    def get_shape(self) -> list[int]:
        """Sides."""
        found: list[int] = self._entry["shape"]
        return found

    def get_dtype(self) -> str:
        """As the header has it."""
        return str(self._entry["dtype"])


def safe_open(path: str | Path, framework: str = "pt") -> File:  # noqa: ARG001 - the interface of the package
    """Open a file."""
    return File(Path(path).read_bytes())


def load(content: bytes) -> dict[str, Tensor]:
    """All tensors of a file's bytes."""
    file = File(content)
    return {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - no mapping


def stand_in() -> bool:
    """Take the place of ``safetensors`` in this process, if it cannot be imported; whether that was so."""
    try:
        import safetensors.torch  # noqa: F401
    except ImportError:
        package, of_torch = ModuleType("safetensors"), ModuleType("safetensors.torch")
        package.SafetensorError, package.safe_open = SafetensorError, safe_open  # type: ignore[attr-defined]
        package.torch, of_torch.load = of_torch, load  # type: ignore[attr-defined]
        sys.modules |= {"safetensors": package, "safetensors.torch": of_torch}
        return True
    return False
