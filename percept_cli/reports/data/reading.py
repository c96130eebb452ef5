"""A JSON report → the run that it was written from, so that it can be written again in another format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from percept_cli.errors import ExitCode, InvalidSetting, PerceptError
from percept_cli.images.policy import policy_from
from percept_cli.recipes.spec import DistanceSpec, LayerSpec
from percept_cli.reports.data.json import SCHEMA_VERSION
from percept_cli.reports.data.members import Members, NotJson, Unfinished
from percept_cli.reports.data.rows import FAULTS, from_row
from percept_cli.reports.data.values import reader_of
from percept_cli.results.pair import PairResult
from percept_cli.results.run import Run, RunKind
from percept_cli.results.shard import Shard
from percept_cli.results.spool import Spool
from percept_cli.storage.inputs import brought
from percept_cli.system.names import printable, shown

_RESULTS = "results"
_NEEDED = {"tool", "schema_version", "version", "fingerprint", "spec"}
"""Without these, results cannot be read."""
_HEAD = _NEEDED | {
    *(
        "device",
        "engine",
        "kind",
        "dry_run",
        "complete",
        "allow_empty",
        "allow_unmatched",
        "exit_code",
        "folders",
        "origin",
        "shard",
    ),
}
_SHARD = reader_of(Shard | None)
_PARQUET = b"PAR1"
_LONGEST_TOLD = 300  # characters of a value in a message


class UnreadableReport(PerceptError):
    """A file is no JSON report of percept, or not one that this version can read."""


def read_run(path: Path, into: Spool | None = None) -> Run:
    """The run in a JSON report.

    Only the document that ``--format json`` writes is read. JSON Lines has the results but not the recipe, and a
    report without its recipe says nothing that could be relied on. Results are read one at a time, into a spool.

    Args:
        path: the report.
        into: the spool, which may hold results of other reports; a new one by default. It is closed on failure.

    Raises:
        UnreadableReport: if it is missing, cut off, of another program or another version of percept.
        OutputUnwritable: if the folder of temporary files cannot hold its results.
    """
    results = Spool() if into is None else into
    try:
        document = _read(path, results, {})
        if not document[_RESULTS]:  # the recipe stood behind them: now it is known
            _read(path, results, document)
        return _run(path, document, results)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        results.close()
        raise _not_ours(path, f"something is missing or has the wrong type: {_in_words(error)}") from None
    except BaseException:
        results.close()
        raise


def _run(path: Path, document: Mapping[str, Any], results: Spool) -> Run:
    kind = document.get("kind", "batch")
    if kind not in get_args(RunKind):
        raise ValueError("this version does not know its kind")
    ended = document.get("exit_code")
    return Run(
        version=str(document["version"]),
        spec=_spec(path, document),
        device=str(document["device"]),
        results=results,
        kind=kind,
        complete=bool(document["complete"]),
        allow_empty=bool(document.get("allow_empty", False)),
        allow_unmatched=bool(document.get("allow_unmatched", False)),
        folders=_sides(document["folders"]),
        origin=_sides(document.get("origin", document["folders"])),
        shard=_SHARD(document.get("shard")),
        engine=_text(document.get("engine")),
        ended_with=None if ended is None else ExitCode(ended),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _sides(folders: Mapping[str, Any] | None) -> tuple[str, str] | None:
    return None if folders is None else (str(folders["reference"]), str(folders["candidate"]))


def _read(path: Path, results: Spool, known: Mapping[str, Any]) -> dict[str, Any]:
    """What a document says beside its results, which go into the spool if the recipe is known by then.

    Returns:
        The members that are read, and ``results``: whether they were.
    """
    name = shown(path)
    try:
        with brought(path, UnreadableReport).open("rb") as file:
            if file.read(len(_PARQUET)) == _PARQUET:
                raise _without_recipe(path, "Parquet", "")
            file.seek(0)
            return _members(path, Members(file), results, known)
    except FileNotFoundError:
        raise UnreadableReport(
            f"{name}: no such file", hint="write one with: percept check … -o percept-report.json"
        ) from None
    except UnicodeDecodeError:
        raise _not_ours(path, "it is not UTF-8 text") from None
    except Unfinished as error:
        raise UnreadableReport(
            f"{name}, line {error.line}: not JSON: {error}",
            hint="write it again with: percept check … -o percept-report.json",
        ) from None
    except NotJson as error:
        raise _not_ours(path, str(error)) from None
    except OSError as error:
        raise UnreadableReport(
            f"{name}: cannot be read: {error.strerror or error}", hint="check the path."
        ) from None


def _members(path: Path, members: Members, results: Spool, known: Mapping[str, Any]) -> dict[str, Any]:
    if members.rest() == "[":
        raise _not_ours(path, "it was not written by percept")
    if members.rest() != "{":
        raise _not_ours(path, "it is not a JSON document")
    document: dict[str, Any] = {}
    names = set[str]()
    for name in members:
        names.add(name)
        if name == _RESULTS:
            if name in document:
                raise _not_ours(path, "it has two lists of results")
            document[name] = _take_results(path, members, results, known or document)
        elif name in _HEAD:
            document[name] = members.value()
        else:
            members.value()
    if document.get("dry_run"):
        raise _not_ours(path, "it is the plan of a --dry-run, which has no results")
    if members.rest() == "{" or (_RESULTS not in document and "fingerprint" in document):
        saved_by = "check" if "conditions" in names else "batch" if "evidence" not in names else ""
        raise _without_recipe(path, "JSON Lines", saved_by)  # of which one result is one line, and a document
    if members.rest():
        raise _not_ours(path, "there is more text after the document")
    _check_head(path, document)
    if _RESULTS not in document:
        raise KeyError(_RESULTS)
    return document


def _take_results(path: Path, members: Members, results: Spool, document: Mapping[str, Any]) -> bool:
    """Put the results into the spool, or pass over them where it is not known yet what they are."""
    is_known = document.keys() >= _NEEDED
    if not is_known:
        for _ in members.items():
            pass
        return False
    _check_head(path, document)
    for result in _results(path, _spec(path, document), members.items()):
        results.add(result)
    return True


def _check_head(path: Path, document: Mapping[str, Any]) -> None:
    if document.get("tool") != "percept":
        raise _not_ours(path, "it was not written by percept")
    version = document.get("schema_version")
    if version != SCHEMA_VERSION:
        raise UnreadableReport(
            f"{shown(path)}: its schema_version is {_told(version)}, and this percept reads {SCHEMA_VERSION}",
            hint="run the comparison again with -o to write a new report, or read it with the version of percept "
            "that wrote it (its field version says which).",
        )


def _spec(path: Path, document: Mapping[str, Any]) -> DistanceSpec:
    """The recipe, which must be one that this version computes in the same way."""
    stored, fingerprint = document["spec"], document["fingerprint"]
    try:
        layers = tuple(LayerSpec(layer["tap"], layer["distance"], layer["weight"]) for layer in stored["layers"])
        spec = DistanceSpec(layers, stored["backbone"], stored["precision"], policy_from(stored["picture"]))
        same = spec.fingerprint == fingerprint
        found = f"fingerprint {_told(fingerprint)} there, {spec.fingerprint} here"
    except InvalidSetting as error:
        same, found = False, _told(error)
    if not same:
        raise UnreadableReport(
            f"{shown(path)}: percept {_told(document['version'])} wrote it, and this version computes its recipe "
            f"differently: {found}",
            hint="use the version of percept that wrote it, or compare again.",
        )
    return spec


def _results(path: Path, spec: DistanceSpec, rows: Iterable[Any]) -> Iterator[PairResult]:
    for number, row in enumerate(rows, start=1):
        try:
            result = from_row(row, spec)
        except FAULTS as error:
            raise _not_ours(path, f"result {number} is not valid: {_in_words(error)}") from None
        if result.threshold is not None and not result.threshold_source:
            result = replace(result, threshold_source=shown(path))
        yield result


def _in_words(error: Exception) -> str:
    return f"no {_told(error)}" if isinstance(error, KeyError) else _told(error)


def _told(value: object) -> str:
    """What stands in the report, or is wrong with it, as far as a message has room for it."""
    text = printable(str(value)[:_LONGEST_TOLD])
    return text if len(str(value)) <= _LONGEST_TOLD else f"{text}…"


def _not_ours(path: Path, why: str) -> UnreadableReport:
    return UnreadableReport(
        f"{shown(path)}: not a JSON report of percept: {why}",
        hint="use a file that percept wrote with -o percept-report.json.",
    )


def _without_recipe(path: Path, form: str, saved_by: str) -> UnreadableReport:
    """Of results whose run cannot be known; those that a command saved can be asked for again."""
    again = f"percept {saved_by} … --resume {shown(path)} -o percept-report.json writes it without comparing again"
    return UnreadableReport(
        f"{shown(path)}: this is {form}, which holds results without their recipe",
        hint=f"use the JSON report of the run (-o percept-report.json){f'; {again}' if saved_by else ''}.",
    )
