"""What ``percept weights install`` notes in a weights file: where its kernels come from, and their hash.

The note is one entry of the safetensors header, so a file and its note cannot be separated, and a file that was
installed on one machine can be carried to another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

_KEY = "percept"
_LONGEST_HEADER = 1 << 20  # bytes; that of a VGG has some 3000


@dataclass(frozen=True)
class Stamp:
    """The note in a weights file."""

    file_name: str
    """What it was written as, which is how records name it."""
    kernels_sha256: str
    """Of its tensors (see ``kernels_sha256``)."""
    origin_sha256: str = ""
    """Of the published file that they were read from; empty if it was another file, which nothing vouches for."""

    def metadata(self) -> dict[str, str]:
        """As it stands in the header. One entry, since safetensors writes several in no certain order."""
        return {_KEY: json.dumps(asdict(self), sort_keys=True)}


def read_stamp(path: Path, file_name: str) -> Stamp | None:
    """The note in a file.

    Args:
        path: the file.
        file_name: what it must have been written as.

    Returns:
        None if it is no safetensors file, or one that percept has not written, or not for these weights.
    """
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length)) if length <= _LONGEST_HEADER else None
        note: Any = json.loads(header["__metadata__"][_KEY])  # type: ignore[index] # TypeError
        stamp = Stamp(**note)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    sound = stamp.file_name == file_name and all(isinstance(value, str) for value in asdict(stamp).values())
    return stamp if sound else None


def kernels_sha256(kernels: Mapping[str, Tensor]) -> str:
    """The SHA-256 of float32 tensors: of the line ``key shape``, then the values, little-endian, sorted by key.

    Unlike a file's hash it does not depend on the order of tensors in it, or on what else its header says.
    """
    digest = hashlib.sha256()
    for key in sorted(kernels):
        tensor = kernels[key]
        digest.update(f"{key} {'×'.join(map(str, tensor.shape))}\n".encode())
        digest.update(tensor.detach().contiguous().numpy().astype("<f4", copy=False).tobytes())
    return digest.hexdigest()
