"""Weights files: found, checked and read. Nothing is ever loaded partially."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from percept_cli.errors import WeightsUnavailable
from percept_cli.networks.folders import hub_file
from percept_cli.networks.registry import WeightsRecord
from percept_cli.networks.stamp import Stamp, kernels_sha256, read_stamp
from percept_cli.system import libraries
from percept_cli.system.names import shown

if TYPE_CHECKING:
    from torch import Tensor


# What recipes on weights that are not installed can be computed with meanwhile, by the network.
_STAND_INS = {"vgg19": "vgg16-oxford", "vgg16-l2pool": "vgg16-oxford-l2pool"}


def load_kernels(record: WeightsRecord, path: Path | None = None) -> dict[str, Tensor]:
    """Read every tensor of a weights file.

    Args:
        record: what the file must be.
        path: the file; the installed one if None.

    Returns:
        Key → float32 tensor on the CPU, backed by the mapped file: kernels O×I×3×3, biases O.

    Raises:
        WeightsUnavailable: if the file is missing, truncated, or holds another set of tensors: a key missing
            or extra, another shape or dtype; or was to be installed, but not by percept. The values, but for the
            first ones, are checked by ``verify`` only, since that reads all 59 MB again.
    """
    libraries.load("torch")  # whose tensors safetensors makes
    from safetensors import SafetensorError, safe_open

    path = path or record.path
    require_file(path, record)
    stamp = None if record.is_packaged else _checked_stamp(path, record)
    try:
        with safe_open(path, framework="pt") as file:
            _check_header(file, record, path)
            kernels = {key: file.get_tensor(key) for key in record.shapes()}
    except (SafetensorError, OSError) as error:
        raise WeightsUnavailable(
            f"{shown(path)}: the weights file is truncated or damaged: {error}",
            hint=_how_to_repair(record),
        ) from None
    if stamp is not None and record.vouches_for(stamp):
        check_first_values(record, path, kernels)
    return kernels


def require_file(path: Path, record: WeightsRecord) -> None:
    """Refuse a missing file.

    Raises:
        WeightsUnavailable: with the command that installs it.
    """
    if path.is_file():
        return
    if record.origin is None or path != record.path:
        raise WeightsUnavailable(
            f"{shown(path)}: the weights file of {record.name} is missing",
            hint="reinstall percept; a complete package contains it."
            if record.origin is None
            else "check the spelling of the path.",
        )
    hint = f"run: percept weights install {record.name}"
    cached = hub_file(record.origin.file_name)
    if cached.is_file():
        hint += f" (without a download: torch's cache has the file, {shown(cached)})"
    if record.network in _STAND_INS:
        other = _STAND_INS[record.network]
        hint += f"\nOr use --backbone {other}, which comes with percept but gives other numbers."
    raise WeightsUnavailable(f"the weights {record.name} are not installed", hint=hint)


def _how_to_repair(record: WeightsRecord) -> str:
    if record.is_packaged:
        return "reinstall percept, or run: percept weights verify"
    return f"run: percept weights install {record.name}"


def _checked_stamp(path: Path, record: WeightsRecord) -> Stamp:
    stamp = read_stamp(path, record.file_name)
    if stamp is None:
        raise WeightsUnavailable(
            f"{shown(path)}: not installed by percept as the weights of {record.name}, or truncated or damaged",
            hint=f"move it away, then run: percept weights install {record.name} --from FILE",
        )
    return stamp


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
        raise WeightsUnavailable(
            f"{shown(path)}: not the weights of {record.name}: {listed}", hint=_how_to_repair(record)
        )


def verify(record: WeightsRecord, path: Path | None = None) -> Path:
    """Compare a whole weights file with its record, byte for byte, or an installed one with its own note.

    Args:
        record: what the file must be.
        path: the file; the installed one if None. Of weights that are installed, it may also be the published
            file.

    Returns:
        The file's path.

    Raises:
        WeightsUnavailable: if it is missing or unreadable, or its SHA-256 differs; the message says what was
            expected and what was found. So it is if an installed file claims to be made from the published one and
            is not, as far as the record can tell.
    """
    path = path or record.path
    require_file(path, record)
    stamp = None if record.origin is None else read_stamp(path, record.file_name)
    if stamp is not None:
        kernels = load_kernels(record, path)
        found = kernels_sha256(kernels)
        if found != stamp.kernels_sha256:
            raise WeightsUnavailable(
                f"{shown(path)}: the kernels were altered after they were installed\n  expected sha256 "
                f"{stamp.kernels_sha256}\n  found    sha256 {found}",
                hint=_how_to_repair(record),
            )
        check_first_values(record, path, kernels)
        if stamp.origin_sha256 == record.published_sha256:
            check_pin(record, path, kernels)
        return path
    require_sha256(record, path)
    return path


def check_pin(record: WeightsRecord, path: Path, kernels: Mapping[str, Tensor]) -> None:
    """Refuse kernels that are said to be those of the published file, and are others.

    Raises:
        WeightsUnavailable: saying what was expected and what was found; not if the record has no hash of them.
    """
    found = kernels_sha256(kernels) if record.kernels_sha256 else ""
    if found != record.kernels_sha256:
        raise WeightsUnavailable(
            f"{shown(path)}: its metadata says that it holds the kernels of {record.name}, but it holds "
            f"others\n  expected sha256 {record.kernels_sha256}\n  found    sha256 {found}",
            hint=f"delete it; {_how_to_repair(record)}",
        )


def check_first_values(record: WeightsRecord, path: Path, kernels: Mapping[str, Tensor]) -> None:
    """Refuse kernels of another training, by the values that people have published.

    Raises:
        WeightsUnavailable: saying with what they begin, and with what they should.
    """
    assert record.origin is not None and record.origin.first_values
    published = record.origin.first_values
    key = next(iter(record.shapes()))
    found = kernels[key].flatten()[: len(published)].tolist()
    # They are published to four digits behind the point.
    if any(abs(a - b) > 1e-4 for a, b in zip(found, published, strict=True)):
        raise WeightsUnavailable(
            f"{shown(path)}: not the kernels of {record.name}, but of another training: {key} begins with "
            f"{', '.join(f'{value:.4f}' for value in found[:3])}, not with "
            f"{', '.join(f'{value:.4f}' for value in published[:3])}",
            hint="nothing was installed." if path != record.path else f"delete it; {_how_to_repair(record)}",
        )


def require_sha256(record: WeightsRecord, path: Path) -> None:
    """Refuse a file that is not byte for byte the published one.

    Raises:
        WeightsUnavailable: saying what was expected and what was found.
    """
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        size = path.stat().st_size
    except OSError as error:
        raise WeightsUnavailable(
            f"{shown(path)}: cannot be read: {error.strerror}", hint="check the path and its permissions."
        ) from None
    if found != record.published_sha256:
        expected = record.size if record.origin is None else record.origin.size
        raise WeightsUnavailable(
            f"{shown(path)}: not the weights file of {record.name}, or truncated or altered\n  expected "
            f"{expected} bytes, sha256 {record.published_sha256}\n  found    {size} bytes, sha256 {found}",
            hint="copy it again, or reinstall percept; nothing was changed."
            if record.origin is None
            else f"copy it again from {record.origin.url}; nothing was changed.",
        )
