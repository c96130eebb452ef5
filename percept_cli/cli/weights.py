"""``percept weights``: which weights there are, where they are, and whether they are sound."""

from __future__ import annotations

from pathlib import Path

import click

from percept_cli.cli import completing
from percept_cli.cli.commands import Group
from percept_cli.cli.console import print_result, say
from percept_cli.errors import InvalidSetting, did_you_mean
from percept_cli.networks.folders import hub_file, weights_folder
from percept_cli.networks.registry import WEIGHTS, WeightsRecord
from percept_cli.networks.stamp import read_stamp
from percept_cli.system import signals
from percept_cli.system.names import shown

_FILE = click.Path(path_type=Path, readable=False)


@click.group(cls=Group, short_help="List, install, verify or remove pretrained weights.")
def weights() -> None:
    """List, install, verify or remove the pretrained weights that percept computes with.

    Those that do not come with percept are kept in $PERCEPT_HOME/weights, or in the user's folder for data.
    """


def _record(name: str) -> WeightsRecord:
    if name not in WEIGHTS:
        raise InvalidSetting(f"unknown weights {name!r}", hint=did_you_mean(name, WEIGHTS))
    return WEIGHTS[name]


@weights.command("list", short_help="List the weights.")
def list_weights() -> None:
    """List the weights: name, network, licence, whether they are installed, source, file, size and hash."""
    print_result("".join(map(_entry, WEIGHTS.values())))


def _entry(record: WeightsRecord) -> str:
    from percept_cli.cli.downloads import megabytes

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
            lines.append(f"torch's cache has the download: {cached}")
    elif stamp is None:
        state = "UNUSABLE"
        lines.append(f"{size}, not a file that percept has installed, or a damaged one")
    elif record.vouches_for(stamp):
        lines.append(
            f"{size}, by its own note from {record.origin.file_name}, sha256 {record.published_sha256}; "
            f"check it with percept weights verify {record.name}"
        )
    else:
        lines.append(f"{size}, from a file without a published hash; kernels' sha256 {stamp.kernels_sha256}")
    head = f"{record.name}  {record.network}, {record.licence}, {state}"
    return "".join(f"{line}\n" for line in (head, *(f"  {line}" for line in (record.source, *lines))))


@weights.command("where", short_help="Print where weights are.")
@click.argument("name", required=False, shell_complete=completing.weights)
def where_weights(name: str | None) -> None:
    """Print the file of the weights NAME, or the folder for weights; exit with 4 if they are not installed."""
    from percept_cli.networks.loading import require_file

    path = weights_folder()
    if name is not None:
        path = _record(name).path
        require_file(path, _record(name))
    print_result(f"{path}\n")


@weights.command("install", short_help="Download weights, or take them from a file.")
@click.argument("name", shell_complete=completing.weights)
@click.option(
    "--from",
    "source",
    type=_FILE,
    metavar="FILE",
    help="Take them from FILE: the published .pth, a wheel that has it, or the same kernels as safetensors.",
)
def install_weights(name: str, source: Path | None) -> None:
    """Install the weights NAME: from torch's cache if it has them, else by a download that can be interrupted.

    Those of ST-LPIPS come out of a Python package, which is read and not run: pip install 'percept-cli[st-lpips]'.

    The published file's SHA-256 is checked; only its convolution layers are kept. With PERCEPT_OFFLINE=1 nothing
    is downloaded, and the message says what to fetch where.
    """
    from percept_cli.cli.downloads import download_meter
    from percept_cli.networks.store import install

    record = _record(name)
    if record.is_packaged and source is None:
        say(f"{name} comes with percept; there is nothing to install")
        return
    meter = download_meter()
    try:
        path = install(record, source, meter=meter)
    except KeyboardInterrupt:
        meter.close()
        say(f"{signals.in_words()}; what has come is kept, and the same command goes on from there.")
        raise click.exceptions.Exit(signals.exit_code()) from None
    finally:
        meter.close()
    print_result(f"{name}: installed\n  {path}\n")


@weights.command("verify", short_help="Compare weights with their SHA-256.")
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=completing.weights)
@click.option("--file", type=_FILE, metavar="FILE", help="Verify this file instead of the installed one.")
def verify_weights(names: tuple[str, ...], file: Path | None) -> None:
    """Compare the weights NAME (all that are installed if none is named) with their SHA-256.

    Exit with 4 if they differ. Of weights that were installed, all values are compared with what was written.
    """
    from percept_cli.networks.loading import verify

    records = [_record(name) for name in names]
    if file is not None and len(names) != 1:
        raise InvalidSetting("--file needs the one NAME it should be", hint=f"choose from {', '.join(WEIGHTS)}.")
    for record in records or _installed():
        path = verify(record, file)
        stamp = None if record.origin is None else read_stamp(path, record.file_name)
        if stamp is None:
            print_result(f"{record.name}: OK, sha256 {record.published_sha256}\n  {path}\n")
        else:
            print_result(f"{record.name}: OK, kernels' sha256 {stamp.kernels_sha256}\n  {path}\n")
            if record.unpinned:
                print_result(click.wrap_text(record.unpinned, 100, "  as far as can be told: ", "  ") + "\n")


def _installed() -> list[WeightsRecord]:
    """One record for each file that is there, or ought to be."""
    found: dict[Path, WeightsRecord] = {}
    for record in WEIGHTS.values():
        if record.is_packaged or record.path.is_file():
            found.setdefault(record.path, record)
    return list(found.values())


@weights.command("remove", short_help="Delete installed weights.")
@click.argument("name", shell_complete=completing.weights)
def remove_weights(name: str) -> None:
    """Delete the weights NAME, or an interrupted download of them; never those that come with percept."""
    from percept_cli.networks.store import remove

    removed = remove(_record(name))
    if not removed:
        say(f"{name} is not installed; nothing was deleted")
    for path in removed:
        say(f"deleted {shown(path)}")
