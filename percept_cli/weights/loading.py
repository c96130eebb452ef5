"""Weights files: found, checked and read. Nothing is ever loaded partially."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from percept_cli.errors import WeightsUnavailable
from percept_cli.names import shown
from percept_cli.weights.registry import WeightsRecord

if TYPE_CHECKING:
    from torch import Tensor

_REINSTALL = "install percept again, or run: percept weights verify"


def load_kernels(record: WeightsRecord, path: Path | None = None) -> dict[str, Tensor]:
    """Read every tensor of a weights file.

    Args:
        record: what the file must be.
        path: the file; the installed one if None.

    Returns:
        Key → float32 tensor on the CPU, backed by the mapped file: kernels O×I×3×3, biases O.

    Raises:
        WeightsUnavailable: if the file is missing, truncated, or holds another set of tensors: a key missing
            or extra, another shape or dtype. The values are checked by ``verify`` only, since that reads all
            59 MB again.
    """
    from safetensors import SafetensorError, safe_open

    path = path or record.path
    _require_file(path, record)
    try:
        with safe_open(path, framework="pt") as file:
            _check_header(file, record, path)
            return {key: file.get_tensor(key) for key in record.shapes()}
    except (SafetensorError, OSError) as error:
        raise WeightsUnavailable(
            f"{shown(path)}: the weights file is truncated or damaged: {error}", hint=_REINSTALL
        ) from None


def _require_file(path: Path, record: WeightsRecord) -> None:
    if not path.is_file():
        raise WeightsUnavailable(
            f"{shown(path)}: the weights file of {record.name} is missing",
            hint="install percept again; a complete package contains it.",
        )


def _check_header(file: object, record: WeightsRecord, path: Path) -> None:
    # safetensors publishes no types for its file object; the three calls below are its documented interface.
    expected = record.shapes()
    found = set(file.keys())  # type: ignore[attr-defined]
    problems = [f"{key} is missing" for key in expected if key not in found]
    problems += [f"{key} does not belong to {record.network}" for key in sorted(found - set(expected))]
    for key in expected.keys() & found:
        part = file.get_slice(key)  # type: ignore[attr-defined]
        shape, dtype = tuple(part.get_shape()), part.get_dtype()
        if shape != expected[key] or dtype != "F32":
            problems.append(f"{key} is {dtype} {shape}, expected F32 {expected[key]}")
    if problems:
        listed = "; ".join(problems[:4]) + (f"; and {len(problems) - 4} more" if len(problems) > 4 else "")
        raise WeightsUnavailable(f"{shown(path)}: not the weights of {record.name}: {listed}", hint=_REINSTALL)


def verify(record: WeightsRecord, path: Path | None = None) -> Path:
    """Compare a whole weights file with its record, byte for byte.

    Args:
        record: what the file must be.
        path: the file; the installed one if None.

    Returns:
        The file's path.

    Raises:
        WeightsUnavailable: if it is missing or unreadable, or its SHA-256 differs; the message says what was
            expected and what was found.
    """
    path = path or record.path
    _require_file(path, record)
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightsUnavailable(f"{shown(path)}: cannot be read: {error.strerror}", hint=_REINSTALL) from None
    if found != record.sha256:
        size = path.stat().st_size
        raise WeightsUnavailable(
            f"{shown(path)}: not the weights file of {record.name}, or a truncated or altered one\n"
            f"  expected {record.size} bytes, sha256 {record.sha256}\n"
            f"  found    {size} bytes, sha256 {found}",
            hint="copy it anew, or install percept again; nothing was changed.",
        )
    return path
