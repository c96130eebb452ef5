"""``percept weights``: which weights there are, where they are, and whether they are sound."""

from __future__ import annotations

from pathlib import Path

import click

from percept_cli.cli.console import print_result, say
from percept_cli.cli.downloads import DownloadMeter, megabytes
from percept_cli.errors import ExitCode, InvalidSetting, did_you_mean
from percept_cli.networks.folders import hub_file, weights_folder
from percept_cli.networks.loading import require_file, verify
from percept_cli.networks.registry import WEIGHTS, WeightsRecord
from percept_cli.networks.stamp import read_stamp
from percept_cli.networks.store import install, remove
from percept_cli.system import signals
from percept_cli.system.names import shown


def _record(name: str) -> WeightsRecord:
    if name not in WEIGHTS:
        raise InvalidSetting(f"unknown weights {name!r}", hint=did_you_mean(name, WEIGHTS))
    return WEIGHTS[name]


def list_weights() -> None:
    """What is known of each."""
    print_result("".join(map(_entry, WEIGHTS.values())))


def _entry(record: WeightsRecord) -> str:
    there = record.path.is_file()
    stamp = read_stamp(record.path, record.file_name)
    state = "installed" if there else "MISSING" if record.origin is None else "not installed"
    lines = [str(record.path) if there or record.origin is None else f"run: percept weights install {record.name}"]
    size = f"{megabytes(record.path.stat().st_size if there else record.size)}"
    if record.origin is None:
        lines.append(f"{size}, sha256 {record.published_sha256}")
    elif not there:
        package = record.origin.package
        lines.append(
            f"{size}, from "
            + (f"the package {package}, " if package else f"a download of {megabytes(record.origin.size)}, ")
            + f"sha256 {record.published_sha256}"
        )
        cached = hub_file(record.origin.file_name)
        if cached.is_file():
            lines.append(f"already downloaded to torch's cache: {cached}")
    elif stamp is None:
        state = "UNUSABLE"
        lines.append(f"{size}, not installed by percept, or damaged")
    elif record.vouches_for(stamp):
        lines.append(
            f"{size}, according to its header from {record.origin.file_name}, sha256 {record.published_sha256}; "
            f"to check it, run: percept weights verify {record.name}"
        )
    else:
        lines.append(f"{size}, from a file without a published hash; sha256 of its kernels {stamp.kernels_sha256}")
    head = f"{record.name}  {record.network}, {record.licence}, {state}"
    return "".join(f"{line}\n" for line in (head, *(f"  {line}" for line in (record.source, *lines))))


def where_weights(name: str | None) -> None:
    """The file of one, which must be there, or the folder of all."""
    path = weights_folder()
    if name is not None:
        path = _record(name).path
        require_file(path, _record(name))
    print_result(f"{path}\n")


def install_weights(name: str, source: Path | None) -> int:
    """Install it, and return the exit code."""
    record = _record(name)
    if record.is_packaged and source is None:
        say(f"{name} comes with percept; there is nothing to install")
        return ExitCode.WITHIN
    meter = DownloadMeter()
    try:
        path = install(record, source, meter=meter)
    except KeyboardInterrupt:
        meter.close()
        say(f"{signals.in_words()}; the part that is downloaded is kept. To continue, run the same command.")
        return signals.exit_code()
    finally:
        meter.close()
    print_result(f"{name}: installed\n  {path}\n")
    return ExitCode.WITHIN


def verify_weights(names: tuple[str, ...], file: Path | None) -> None:
    """Those that are named, or all that are installed."""
    records = [_record(name) for name in names]
    if file is not None and len(names) != 1:
        raise InvalidSetting("--file needs exactly one NAME", hint=f"choose from {', '.join(WEIGHTS)}.")
    for record in records or _installed():
        path = verify(record, file)
        stamp = None if record.origin is None else read_stamp(path, record.file_name)
        if stamp is None:
            print_result(f"{record.name}: OK, sha256 {record.published_sha256}\n  {path}\n")
        else:
            print_result(f"{record.name}: OK, sha256 of its kernels {stamp.kernels_sha256}\n  {path}\n")
            if record.unpinned:
                print_result(click.wrap_text(record.unpinned, 100, "  note: ", "  ") + "\n")


def _installed() -> list[WeightsRecord]:
    """One record for each file that is there, or ought to be."""
    found: dict[Path, WeightsRecord] = {}
    for record in WEIGHTS.values():
        if record.is_packaged or record.path.is_file():
            found.setdefault(record.path, record)
    return list(found.values())


def remove_weights(name: str) -> None:
    """Say what was deleted."""
    removed = remove(_record(name))
    if not removed:
        say(f"{name} is not installed; nothing was deleted")
    for path in removed:
        say(f"deleted {shown(path)}")
