"""``percept batch``: folders, lists and streams of pairs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from percept_cli.cli.asked import destinations_of, recipe_of
from percept_cli.cli.dry_run import foresee
from percept_cli.cli.elsewhere import keep_in
from percept_cli.cli.many import run_many
from percept_cli.cli.process import settle_in
from percept_cli.cli.terms import Terms
from percept_cli.pairs import Pairs
from percept_cli.results.shard import Shard, parse_shard
from percept_cli.system.names import shown


@click.pass_context
def batch(
    ctx: click.Context,
    /,
    reference: Path | None,
    candidate: Path | None,
    manifest: str | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    any_extension: bool,
    shard: str | None,
    dry_run: bool,
    form: str | None,
    wide: bool,
    outputs: tuple[Path, ...],
    quiet: bool,
    verbose: bool,
    **options: Any,
) -> int:
    """Find the pairs and score them; return the exit code."""
    terms = {name: options.pop(name) for name in ("resume", "resume_by", "fail_fast", "allow_empty")}
    terms |= {name: options.pop(name) for name in ("allow_unmatched", "batch_size", "workers", "top")}
    # A screen has room for few rows, a file for all, unless it is said how many.
    terms["top_in_files"] = (
        terms["top"] if ctx.get_parameter_source("top") is ParameterSource.COMMANDLINE else None
    )
    part = None if shard is None else parse_shard(shard)
    settle_in()
    keep_in(options.pop("cache"))
    remote = options.pop("remote")
    asked = recipe_of(ctx, **options)
    to = destinations_of(ctx, form=form, outputs=outputs, wide=wide, quiet=quiet)
    pairs = _pairs(
        ctx, reference, candidate, manifest, include, exclude, part, any_extension=any_extension, remote=remote
    )
    run = foresee if dry_run else run_many
    return run(pairs, asked, asked.scorer, to, Terms(**terms), quiet=quiet, verbose=verbose)


def _pairs(
    ctx: click.Context,
    reference: Path | None,
    candidate: Path | None,
    manifest: str | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    shard: Shard | None,
    *,
    any_extension: bool,
    remote: bool,
) -> Pairs:
    from percept_cli.pairs.folders import pairs_of
    from percept_cli.pairs.listing import Choice
    from percept_cli.pairs.manifests import read_manifest
    from percept_cli.pairs.sharding import sharded

    if manifest is not None:
        given = {
            "REFERENCE": reference,
            "--include": include,
            "--exclude": exclude,
            "--any-extension": any_extension,
        }
        for name, value in given.items():
            if value:
                raise click.UsageError(f"{name} cannot be used with --pairs.", ctx)
        return read_manifest(manifest, shard, remote=remote)
    if remote:
        raise click.UsageError("--remote is for lists: it needs --pairs.", ctx)
    if reference is not None and candidate is None:
        raise click.UsageError(f"Missing argument CANDIDATE ({shown(reference)} is REFERENCE).", ctx)
    if reference is None or candidate is None:
        raise click.UsageError(
            "Missing arguments REFERENCE and CANDIDATE. Give two folders, an image and a folder, or --pairs.", ctx
        )
    found = pairs_of(reference, candidate, Choice(include, exclude), any_extension=any_extension)
    return sharded(found, shard)
