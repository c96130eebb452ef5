"""``percept baseline lock``: a file that names the images of a baseline in a bucket, to be committed."""

from __future__ import annotations

from pathlib import Path

import click

from percept_cli.cli.console import say
from percept_cli.cli.elsewhere import keep_in
from percept_cli.cli.process import settle_in
from percept_cli.errors import ExitCode, InvalidSetting, UnreadableFolder, UnreadableImage
from percept_cli.judging.rulebook import make_book
from percept_cli.pairs.listing import list_pictures
from percept_cli.pairs.locks import lock_text
from percept_cli.storage.address import Address, address_in
from percept_cli.storage.locked import LockedObject
from percept_cli.storage.outputs import check_output, write_output
from percept_cli.system.names import counted, shown


@click.pass_context
def lock(ctx: click.Context, /, baseline: Path | None, output: Path, quiet: bool, cache: Path | None) -> int:
    """Hash every image, alternates too, and write the file; return the exit code."""
    settle_in()
    keep_in(cache)
    if baseline is None:
        named = make_book(ctx.obj)[1].get("baseline")
        if named is None:
            raise click.UsageError(
                "Missing argument BASELINE. Give it, or name it in percept.toml: [check] baseline.", ctx
            )
        baseline = Path(named)
    address = address_in(baseline)
    if address is None or address.is_of_web:
        raise InvalidSetting(
            f"{shown(baseline)}: only a baseline in a bucket can be locked",
            hint="commit a baseline on your disk itself, or give s3://, gs:// or az://.",
        )
    check_output(output, ())
    objects = _objects(address)
    write_output(output, lock_text(address, objects))
    if not quiet:
        say(f"{shown(output)} locks {counted(len(objects), 'image')} of {address}.")
    return ExitCode.WITHIN


def _objects(baseline: Address) -> dict[str, LockedObject]:
    from percept_cli.storage.store import current

    found = list_pictures(baseline.path)
    for trouble in found.troubles.values():
        raise trouble
    store, objects = current(), dict[str, LockedObject]()
    hidden = (f".percept/{name}" for name in store.names_below(baseline, ".percept"))
    for name in (*found.names, *hidden):
        address = baseline / name
        try:
            store.expect(address, store.stat_now(address))  # which says the version, as no listing does
            fetched = store.fetch(address)
        except UnreadableImage as error:
            raise UnreadableImage(f"{address}: {error}", hint=error.hint) from None
        objects[name] = LockedObject(fetched.stamp, fetched.sha256)
    if not objects:
        raise UnreadableFolder(
            f"{baseline}: there are no images to lock", hint="check the spelling of the address."
        )
    return objects
