"""Results ↔ rows: the plain data that JSON and JSON Lines write, and that a resumed run reads."""

from __future__ import annotations

import base64
import json
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, get_args

from percept_cli.evidence import Box, Evidence, Gate, HeatMap, Region
from percept_cli.results import FileStamp, LayerResult, PairResult, Status, View, ViewResult

_SIDES = ("reference", "candidate")


def to_row(result: PairResult) -> dict[str, Any]:
    """A result as JSON has it. JSON has no NaN: a distance that is not finite is null."""
    row: dict[str, Any] = {
        "name": result.name,
        "reference": result.reference,
        "candidate": result.candidate,
        "width": result.width,
        "height": result.height,
        "status": result.status,
        "reason": "; ".join((result.reason, *result.notes)),
        "distance": _finite(result.distance),
        "threshold": result.threshold,
        "weight": result.weight,
        "layers": [
            {
                "name": layer.name,
                "distance": _finite(layer.distance),
                "weight": layer.weight,
                "contribution": _finite(layer.contribution),
                "share": _finite(layer.share),
            }
            for layer in result.layers
        ],
        "seconds": round(result.seconds, 6),
        "files": {"reference": _stamp(result.reference_file), "candidate": _stamp(result.candidate_file)},
        "extra": dict(result.extra),
    }
    if result.notes:
        row["notes"] = list(result.notes)
    if result.fingerprint is not None:
        row["fingerprint"] = result.fingerprint
    if result.allowed:
        row["allowed"] = True
    if result.view != View():
        row["view"] = asdict(result.view)
    if result.views:
        row["views"] = [
            {**asdict(one.view), "distance": _finite(one.distance), "status": one.status, "reason": one.reason}
            for one in result.views
        ]
    if result.evidence is not None:
        row["evidence"] = _evidence(result.evidence)
    return row


def to_line(result: PairResult, fingerprint: str) -> str:
    """A result as one line of JSON Lines: its row and the recipe's fingerprint."""
    row = to_row(result)
    row.setdefault("fingerprint", fingerprint)
    return dumps(row) + "\n"


def dumps(value: object, *, indent: int | None = None) -> str:
    """JSON as text that is valid UTF-8 whatever the names of files hold."""
    text = json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)
    # A file name may hold bytes that are no text; as \\udcXX they are valid JSON and valid UTF-8.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def stamps_of(row: Mapping[str, Any]) -> tuple[FileStamp, FileStamp]:
    """The two stamps of a row.

    Raises:
        KeyError, TypeError: if it has none.
    """
    reference, candidate = (FileStamp(**row["files"][side]) for side in _SIDES)
    return reference, candidate


def from_row(row: Mapping[str, Any], shapes: Sequence[tuple[int, int, int]]) -> PairResult:
    """The result that a row was made from; a row of before notes stood alone has them in its reason only.

    Args:
        row: as ``to_row`` gives it.
        shapes: channels, height and width of the features of each of its layers.

    Raises:
        KeyError, TypeError, ValueError: if it is no such row.
    """
    view, views = views_of(row)
    stamps = [None if stamp is None else FileStamp(**stamp) for stamp in map(row["files"].get, _SIDES)]
    evidence = row.get("evidence")
    notes = tuple(map(str, row.get("notes", ())))
    return PairResult(
        name=row["name"],
        reference=row["reference"],
        candidate=row["candidate"],
        width=row["width"],
        height=row["height"],
        status=_status(row["status"]),
        reason=row["reason"].removesuffix("; ".join(("", *notes))) if notes else row["reason"],
        notes=notes,
        distance=_number(row["distance"]),
        threshold=_number_or_none(row["threshold"]),
        threshold_source="",
        layers=tuple(
            LayerResult(
                layer["name"],
                *shape,
                distance=_number(layer["distance"]),
                weight=_number(layer["weight"]),
                contribution=_number(layer["contribution"]),
                share=_number(layer["share"]),
            )
            for layer, shape in zip(row["layers"], shapes if row["layers"] else (), strict=True)
        ),
        seconds=_number(row["seconds"]),
        weight=_number(row["weight"]),
        extra=row["extra"],
        reference_file=stamps[0],
        candidate_file=stamps[1],
        fingerprint=row.get("fingerprint"),
        allowed=row.get("allowed", False),
        evidence=None if evidence is None else _evidence_of(evidence),
        view=view,
        views=views,
    )


def views_of(row: Mapping[str, Any]) -> tuple[View, tuple[ViewResult, ...]]:
    """The view that a row is of, and what all views came to, where there were several.

    Raises:
        KeyError, TypeError, ValueError: if it is no such row.
    """

    def view(entry: Mapping[str, Any]) -> View:
        frame, ground, exposure = entry["frame"], entry["ground"], entry["exposure"]
        return View(
            None if frame is None else int(frame),
            None if ground is None else str(ground),
            _number_or_none(exposure),
        )

    return View() if "view" not in row else view(row["view"]), tuple(
        ViewResult(view(one), _number(one["distance"]), _status(one["status"]), str(one["reason"]))
        for one in row.get("views", ())
    )


def _status(word: object) -> Status:
    statuses: tuple[Status, ...] = get_args(Status)
    if word not in statuses:
        raise ValueError(f"{word!r} is no status")
    return statuses[statuses.index(word)]


def _evidence(found: Evidence) -> dict[str, Any]:
    row = asdict(found)
    if found.heat is not None:
        row["heat"]["values"] = base64.b64encode(zlib.compress(found.heat.values)).decode()
    return row


def _evidence_of(row: dict[str, Any]) -> Evidence:
    def gate(entry: dict[str, Any]) -> Gate:
        numbers = {"value": _number(entry["value"]), "warn": _number_or_none(entry["warn"])}
        numbers["fail"] = _number_or_none(entry["fail"])
        return Gate(**entry | numbers | {"at": None if entry["at"] is None else _box(entry["at"])})

    def region(entry: dict[str, Any]) -> Region:
        numbers = {key: _number(entry[key]) for key in ("distance", "share", "peak", "colour")}
        layers = {str(tap): _number(value) for tap, value in entry["layers"].items()}
        return Region(
            **entry | numbers | {"box": _box(entry["box"]), "shift": _point(entry["shift"]), "layers": layers}
        )

    heat = row["heat"]
    if heat is not None:
        heat = HeatMap(**heat | {"values": zlib.decompress(base64.b64decode(heat["values"]))})
        if len(heat.values) != heat.width * heat.height:
            raise ValueError("the heat map has another size than it says")
    return Evidence(
        **row
        | {
            "gates": tuple(map(gate, row["gates"])),
            "regions": tuple(map(region, row["regions"])),
            "shift": _point(row["shift"]),
            "heat": heat,
        }
    )


def _point(value: Sequence[int] | None) -> tuple[int, int] | None:
    return None if value is None else (int(value[0]), int(value[1]))


def _box(entry: Mapping[str, Any]) -> Box:
    return Box(**{key: int(value) for key, value in entry.items()})


def _number(value: object) -> float:
    """A number as a row has it, where null stands for what JSON has no number for."""
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is no number")
    return value


def _number_or_none(value: object) -> float | None:
    return None if value is None else _number(value)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _stamp(stamp: FileStamp | None) -> dict[str, Any] | None:
    return None if stamp is None else asdict(stamp)
