"""A JSON report → the run that it was written from, so that it can be written again in another format."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from percept_cli.engine.plan import plan_pair
from percept_cli.errors import InvalidSetting, PerceptError
from percept_cli.images.policy import policy_from
from percept_cli.names import printable, shown
from percept_cli.reports.json_report import SCHEMA_VERSION
from percept_cli.reports.rows import from_row
from percept_cli.results import PairResult, Run
from percept_cli.spec import DistanceSpec, LayerSpec


class UnreadableReport(PerceptError):
    """A file is no JSON report of percept, or not one that this version can read."""


def read_run(path: Path) -> Run:
    """The run in a JSON report.

    Only the document that ``--format json`` writes is read. JSON Lines has the results but not the recipe, and a
    report without its recipe says nothing that could be relied on.

    Raises:
        UnreadableReport: if it is missing, cut off, of another program or another version of percept.
    """
    document = _document(path)
    try:
        spec = _spec(path, document)
        results = tuple(_results(path, spec, document["results"]))
        folders = document["folders"]
        return Run(
            version=str(document["version"]),
            spec=spec,
            device=str(document["device"]),
            results=results,
            complete=bool(document["complete"]),
            allow_empty=bool(document.get("allow_empty", False)),
            allow_unmatched=bool(document.get("allow_unmatched", False)),
            folders=None if folders is None else (str(folders["reference"]), str(folders["candidate"])),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _not_ours(path, f"something is missing or of another kind: {_in_words(error)}") from None


def _document(path: Path) -> dict[str, Any]:
    name = shown(path)
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise UnreadableReport(
            f"{name}: no such file", hint="write one with: percept check … -o results.json"
        ) from None
    except UnicodeDecodeError:
        raise _not_ours(path, "it is no text in UTF-8") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the name
        raise UnreadableReport(
            f"{name}: cannot be read: {getattr(error, 'strerror', None) or error}", hint="check the path."
        ) from None
    try:
        document = json.loads(text)
    except RecursionError:
        raise _not_ours(path, "it is nested too deeply") from None
    except json.JSONDecodeError as error:
        if _is_json_lines(text):
            raise _json_lines(path) from None
        if not text.lstrip().startswith("{"):
            raise _not_ours(path, "it is no JSON document") from None
        raise UnreadableReport(
            f"{name}, line {error.lineno}: not JSON: the file is cut off or was changed by hand",
            hint="write it anew with: percept check … -o results.json",
        ) from None
    if isinstance(document, dict) and "results" not in document and "fingerprint" in document:
        raise _json_lines(path)  # one result is one line, and a document
    if not isinstance(document, dict) or document.get("tool") != "percept":
        raise _not_ours(path, "it does not say that percept wrote it")
    version = document.get("schema_version")
    if version != SCHEMA_VERSION:
        raise UnreadableReport(
            f"{name}: its schema_version is {printable(str(version))}, and this percept reads {SCHEMA_VERSION}",
            hint="use the version of percept that wrote it, or compare again.",
        )
    return document


def _is_json_lines(text: str) -> bool:
    first, _, rest = text.partition("\n")
    try:
        return bool(rest) and isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def _spec(path: Path, document: Mapping[str, Any]) -> DistanceSpec:
    """The recipe, which must be one that this version computes in the same way."""
    stored, fingerprint = document["spec"], document["fingerprint"]
    try:
        layers = tuple(LayerSpec(layer["tap"], layer["distance"], layer["weight"]) for layer in stored["layers"])
        spec = DistanceSpec(layers, stored["backbone"], stored["precision"], policy_from(stored["picture"]))
        same = spec.fingerprint == fingerprint
        found = f"its recipe has the fingerprint {printable(str(fingerprint))}, and here {spec.fingerprint}"
    except InvalidSetting as error:
        same, found = False, str(error)
    if not same:
        raise UnreadableReport(
            f"{shown(path)}: written by percept {printable(str(document['version']))} with another recipe than "
            f"this version has: {found}",
            hint="use the version of percept that wrote it, or compare again.",
        )
    return spec


def _results(path: Path, spec: DistanceSpec, rows: list[Any]) -> list[PairResult]:
    @lru_cache(maxsize=256)
    def shapes(width: int, height: int) -> tuple[tuple[int, int, int], ...]:
        return plan_pair(spec, height=height, width=width, changed=False).shapes

    results = []
    for number, row in enumerate(rows, start=1):
        try:
            _check_words(row)
            result = from_row(row, shapes(row["width"], row["height"]) if row["layers"] else ())
            source = "" if result.threshold is None else shown(path)
            results.append(replace(result, threshold_source=source))
        except (KeyError, TypeError, AttributeError, ValueError, OverflowError, zlib.error) as error:
            raise _not_ours(path, f"result {number} is none of percept's: {_in_words(error)}") from None
    return results


def _check_words(row: Mapping[str, Any]) -> None:
    for key in ("name", "reason"):
        if not isinstance(row[key], str):
            raise TypeError(f"its {key} is no text")
    for key in ("reference", "candidate"):
        if not isinstance(row[key], str | None):
            raise TypeError(f"its {key} is no path")


def _in_words(error: Exception) -> str:
    return f"no {error}" if isinstance(error, KeyError) else printable(str(error))


def _not_ours(path: Path, why: str) -> UnreadableReport:
    return UnreadableReport(
        f"{shown(path)}: not a JSON report of percept: {why}",
        hint="name a file that percept wrote with -o results.json.",
    )


def _json_lines(path: Path) -> UnreadableReport:
    return UnreadableReport(
        f"{shown(path)}: JSON Lines, which has results without the recipe that they were made by",
        hint="name the JSON report of the run; percept batch … --resume "
        f"{shown(path)} -o results.json writes it without computing anything again.",
    )
