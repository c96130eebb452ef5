"""Results ↔ rows: the plain data that JSON and JSON Lines write, and that a resumed run reads."""

from __future__ import annotations

import base64
import json
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any, get_args

from percept_cli.geometry import FileStamp, View
from percept_cli.recipes.spec import DistanceSpec, shapes_of
from percept_cli.reports.data.values import number, number_or_nan, one_of, reader_of, text, whole
from percept_cli.results.extra import check_depth
from percept_cli.results.found import Evidence, HeatMap
from percept_cli.results.likeness import Likeness
from percept_cli.results.pair import LayerResult, PairResult, ViewResult
from percept_cli.results.shard import Position
from percept_cli.results.status import Status

MOST_HEAT_SIDE = 2048
"""Values along a side of a heat map that is read: no check keeps more, and one row unpacks to 4 MiB at most."""

_SIDES = ("reference", "candidate")
_LONGEST_SIDE = 2**31 - 1  # pixels, far beyond every format
_TEXT, _WHOLE, _NUMBER = map(reader_of, (str | None, int | None, float | None))
_MATCHED = reader_of(tuple[int, int] | None)
_POSITION = reader_of(Position | None)


def to_row(result: PairResult) -> dict[str, Any]:
    """A result as JSON has it. JSON has no NaN: a distance that is not finite is null."""
    row: dict[str, Any] = {
        "name": result.name,
        "reference": result.reference,
        "candidate": result.candidate,
        "width": result.width,
        "height": result.height,
        "status": result.status,
        "severity": _finite(result.severity),
        "reason": "; ".join((result.reason, *result.notes)),
        "distance": _finite(result.distance),
        "like": None if result.like is None else asdict(result.like),
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
            # Those of the run's recipe follow from it.
            | ({} if result.fingerprint is None else {"shape": [layer.channels, layer.height, layer.width]})
            for layer in result.layers
        ],
        "seconds": round(result.seconds, 6),
        "files": {"reference": _stamp(result.reference_file), "candidate": _stamp(result.candidate_file)},
        "extra": dict(result.extra),
    }
    more = {
        "fingerprint": result.fingerprint,
        "threshold_source": result.threshold_source,
        "notes": list(result.notes),
        "allowed": result.allowed,
        "warns": result.warns,
        "unavailable": result.unavailable,
        "matched": None if result.matched is None else list(result.matched),
        "variant": result.variant,
        "position": None if result.position is None else asdict(result.position),
        "view": None if result.view == View() else asdict(result.view),
        "views": [
            {**asdict(one.view), "distance": _finite(one.distance), "status": one.status, "reason": one.reason}
            for one in result.views
        ],
        "evidence": None if result.evidence is None else _evidence(result.evidence),
    }
    return row | {key: value for key, value in more.items() if value}


def to_line(result: PairResult, fingerprint: str, **more: str) -> str:
    """A result as one line of JSON Lines: its row, the recipe's fingerprint, and more fields."""
    row = to_row(result) | more
    row.setdefault("fingerprint", fingerprint)
    return dumps(row) + "\n"


def dumps(value: object, *, indent: int | None = None) -> str:
    """JSON as text that is valid UTF-8 whatever the names of files hold."""
    text = json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)
    # A file name may hold bytes that are no text; as \\udcXX they are valid JSON and valid UTF-8.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


FAULTS = (KeyError, TypeError, AttributeError, ValueError, OverflowError, zlib.error)
"""What reading a row raises where it is none."""


def from_row(row: Mapping[str, Any], spec: DistanceSpec) -> PairResult:
    """The result that a row was made from.

    Args:
        row: as ``to_row`` gives it, or made by hand: nothing of it is believed unseen.
        spec: the run's recipe, which says what is not in a row: the shapes of the features. Of a recipe of its own
            the row has them.

    Raises:
        FAULTS: if it is no such row.
    """
    layers = tuple(map(_layer_of, row["layers"]))
    fingerprint = _TEXT(row.get("fingerprint"))
    if fingerprint == spec.fingerprint:  # as every line of JSON Lines has it
        fingerprint = None
    if fingerprint is None and layers:
        layers = _with_shapes(layers, spec, row["width"], row["height"])
    notes = tuple(map(text, row.get("notes", ())))
    reference_file, candidate_file = map(reader_of(FileStamp | None), map(row["files"].get, _SIDES))
    return PairResult(
        name=text(row["name"]),
        reference=_TEXT(row["reference"]),
        candidate=_TEXT(row["candidate"]),
        width=_WHOLE(row["width"]),
        height=_WHOLE(row["height"]),
        status=one_of(row["status"], get_args(Status)),
        # The reason of a row has the notes at its end.
        reason=text(row["reason"]).removesuffix("".join(f"; {note}" for note in notes)),
        distance=number_or_nan(row["distance"]),
        threshold=_NUMBER(row["threshold"]),
        threshold_source=text(row.get("threshold_source", "")),
        layers=layers,
        seconds=number(row["seconds"]),
        notes=notes,
        weight=number(row["weight"]),
        extra=_extra(row["extra"]),
        reference_file=reference_file,
        candidate_file=candidate_file,
        fingerprint=fingerprint,
        allowed=bool(row.get("allowed", False)),
        warns=bool(row.get("warns", False)),
        unavailable=bool(row.get("unavailable", False)),
        evidence=None if row.get("evidence") is None else _evidence_of(row["evidence"]),
        view=reader_of(View)(row.get("view", {})),
        views=tuple(map(_view_result_of, row.get("views", ()))),
        matched=_MATCHED(row.get("matched")),
        variant=_TEXT(row.get("variant")),
        position=_POSITION(row.get("position")),
        like=reader_of(Likeness | None)(row.get("like")),
    )


def _with_shapes(
    layers: Sequence[LayerResult], spec: DistanceSpec, width: Any, height: Any
) -> tuple[LayerResult, ...]:
    """The layers in the order of the recipe, with the shapes that its network gives for pictures of a size."""
    if not all(isinstance(side, int) and 1 <= side <= _LONGEST_SIDE for side in (width, height)):
        raise ValueError("its width and height are not those of an image")
    shapes = shapes_of(spec, height, width)
    found = {layer.name: layer for layer in layers}
    if len(layers) != len(shapes):
        raise ValueError("its layers are not those of its recipe")
    return tuple(
        replace(found[tap], channels=channels, height=rows, width=columns)
        for tap, (channels, rows, columns) in zip(spec.taps, shapes, strict=True)
    )


def _layer_of(entry: Mapping[str, Any]) -> LayerResult:
    channels, height, width = map(whole, entry.get("shape", (0, 0, 0)))
    return LayerResult(
        text(entry["name"]),
        channels,
        height,
        width,
        distance=number_or_nan(entry["distance"]),
        weight=number(entry["weight"]),
        contribution=number_or_nan(entry["contribution"]),
        share=number_or_nan(entry["share"]),
    )


def _view_result_of(entry: Mapping[str, Any]) -> ViewResult:
    view = reader_of(View)({field.name: entry[field.name] for field in fields(View)})
    status = one_of(entry["status"], get_args(Status))
    return ViewResult(view, number_or_nan(entry["distance"]), status, text(entry["reason"]))


def _evidence(found: Evidence) -> dict[str, Any]:
    row = asdict(found)
    if found.fit is None:
        del row["fit"]
    if found.heat is not None:
        row["heat"]["values"] = base64.b64encode(zlib.compress(found.heat.values)).decode()
    return row


def _evidence_of(row: Mapping[str, Any]) -> Evidence:
    found: Evidence = reader_of(Evidence)({**row, "heat": None})
    if found.fit is not None and not found.fit.is_sound:
        raise ValueError("the two sizes do not fit its bands of rows and columns")
    return found if row["heat"] is None else replace(found, heat=_heat_of(row["heat"]))


def _heat_of(entry: dict[str, Any]) -> HeatMap:
    """A heat map, of which no more is unpacked than its size says: a few bytes can stand for gigabytes."""
    stride, width, height = (whole(entry[key]) for key in ("stride", "width", "height"))
    if not (1 <= width <= MOST_HEAT_SIDE and 1 <= height <= MOST_HEAT_SIDE and stride >= 1):
        raise ValueError(f"a heat map of {width} × {height} values is not one that percept writes")
    unpacking = zlib.decompressobj()
    values = unpacking.decompress(base64.b64decode(entry["values"]), width * height + 1)
    if len(values) != width * height or not unpacking.eof:
        raise ValueError("the heat map does not have the size that it states")
    top = number(entry["top"])
    if not top > 0:
        raise ValueError("the scale of the heat map has no finite end")
    return HeatMap(**entry | {"values": values, "top": top})


def _extra(value: object) -> dict[str, Any]:
    """Fields that were carried through, which must be writable again."""
    if not isinstance(value, dict):
        raise TypeError("its extra is not an object")
    check_depth(value)
    return value


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _stamp(stamp: FileStamp | None) -> dict[str, Any] | None:
    return None if stamp is None else {key: value for key, value in asdict(stamp).items() if value is not None}
