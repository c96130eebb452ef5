"""Results ↔ rows: the plain data that JSON and JSON Lines write, and that a resumed run reads."""

from __future__ import annotations

import base64
import json
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, get_args

from percept_cli.geometry import Box, FileStamp, View
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.results.extra import check_depth
from percept_cli.results.found import Evidence, Gate, GateName, HeatMap, Level, Region
from percept_cli.results.run import LayerResult, PairResult, Status, ViewResult

MOST_HEAT_SIDE = 2048
"""Values along a side of a heat map that is read: no check keeps more, and one row unpacks to 4 MiB at most."""

_SIDES = ("reference", "candidate")
_LONGEST_SIDE = 2**31 - 1  # pixels, far beyond every format
_MOST = 2**63 - 1  # of whole numbers, as Parquet and others hold them
_LONGEST_TOLD = 80  # characters of a wrong value in a message


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
            # Those of the run's recipe follow from it.
            | ({} if result.fingerprint is None else {"shape": [layer.channels, layer.height, layer.width]})
            for layer in result.layers
        ],
        "seconds": round(result.seconds, 6),
        "files": {"reference": _stamp(result.reference_file), "candidate": _stamp(result.candidate_file)},
        "extra": dict(result.extra),
    }
    if result.fingerprint is not None:
        row["fingerprint"] = result.fingerprint
    if result.threshold_source:
        row["threshold_source"] = result.threshold_source
    if result.notes:
        row["notes"] = list(result.notes)
    if result.allowed:
        row["allowed"] = True
    if result.unavailable:
        row["unavailable"] = True
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
    fingerprint = _text_or_none(row.get("fingerprint"))
    if fingerprint == spec.fingerprint:  # as every line of JSON Lines has it
        fingerprint = None
    stamps = [None if stamp is None else _stamp_of(stamp) for stamp in map(row["files"].get, _SIDES)]
    evidence = row.get("evidence")
    notes = tuple(map(_text, row.get("notes", ())))
    width, height = _whole_or_none(row["width"]), _whole_or_none(row["height"])
    layers = tuple(map(_layer_of, row["layers"]))
    if fingerprint is None and layers:
        layers = _with_shapes(layers, spec, width, height)
    return PairResult(
        name=_text(row["name"]),
        reference=_text_or_none(row["reference"]),
        candidate=_text_or_none(row["candidate"]),
        width=width,
        height=height,
        status=_status(row["status"]),
        # The reason of a row has the notes at its end.
        reason=_text(row["reason"]).removesuffix("".join(f"; {note}" for note in notes)),
        distance=_number(row["distance"]),
        threshold=_number_or_none(row["threshold"]),
        threshold_source=_text(row.get("threshold_source", "")),
        layers=layers,
        seconds=_finite_number(row["seconds"]),
        notes=notes,
        weight=_finite_number(row["weight"]),
        extra=_extra(row["extra"]),
        reference_file=stamps[0],
        candidate_file=stamps[1],
        fingerprint=fingerprint,
        allowed=bool(row.get("allowed", False)),
        unavailable=bool(row.get("unavailable", False)),
        evidence=None if evidence is None else _evidence_of(evidence),
        view=_view_of(row["view"]) if "view" in row else View(),
        views=tuple(
            ViewResult(_view_of(one), _number(one["distance"]), _status(one["status"]), _text(one["reason"]))
            for one in row.get("views", ())
        ),
    )


def _with_shapes(
    layers: Sequence[LayerResult], spec: DistanceSpec, width: int | None, height: int | None
) -> tuple[LayerResult, ...]:
    """The layers in the order of the recipe, with the shapes that its network gives for pictures of a size."""
    if width is None or height is None or not (1 <= width <= _LONGEST_SIDE and 1 <= height <= _LONGEST_SIDE):
        raise ValueError("its width and height are those of no image")
    shapes = spec.shapes(height, width)
    found = {layer.name: layer for layer in layers}
    if len(layers) != len(shapes):
        raise ValueError("it has other layers than its recipe")
    return tuple(
        replace(found[tap], channels=channels, height=rows, width=columns)
        for tap, (channels, rows, columns) in zip(spec.taps, shapes, strict=True)
    )


def _layer_of(entry: Mapping[str, Any]) -> LayerResult:
    channels, height, width = map(_whole, entry.get("shape", (0, 0, 0)))
    return LayerResult(
        _text(entry["name"]),
        channels,
        height,
        width,
        distance=_number(entry["distance"]),
        weight=_finite_number(entry["weight"]),
        contribution=_number(entry["contribution"]),
        share=_number(entry["share"]),
    )


def _view_of(entry: Mapping[str, Any]) -> View:
    return View(_whole_or_none(entry["frame"]), _text_or_none(entry["ground"]), _number_or_none(entry["exposure"]))


def _status(word: object) -> Status:
    statuses: tuple[Status, ...] = get_args(Status)
    if word not in statuses:
        raise ValueError(f"{_cut(word)} is no status")
    return statuses[statuses.index(word)]


def _evidence(found: Evidence) -> dict[str, Any]:
    row = asdict(found)
    if found.heat is not None:
        row["heat"]["values"] = base64.b64encode(zlib.compress(found.heat.values)).decode()
    return row


def _evidence_of(row: dict[str, Any]) -> Evidence:
    def gate(entry: dict[str, Any]) -> Gate:
        numbers = {"value": _finite_number(entry["value"]), "warn": _number_or_none(entry["warn"])}
        numbers["fail"] = _number_or_none(entry["fail"])
        words = {key: _text(entry[key]) for key in ("name", "unit", "source", "status")}
        _one_of(words["name"], get_args(GateName))
        _one_of(words["status"], get_args(Level))
        return Gate(**entry | numbers | words | {"at": None if entry["at"] is None else _box(entry["at"])})

    def region(entry: dict[str, Any]) -> Region:
        numbers: dict[str, Any] = {
            key: _finite_number(entry[key]) for key in ("distance", "share", "peak", "colour")
        }
        numbers["pixels"] = _whole(entry["pixels"])
        layers = {str(tap): _finite_number(value) for tap, value in entry["layers"].items()}
        _one_of(entry["status"], get_args(Level))
        return Region(
            **entry | numbers | {"box": _box(entry["box"]), "shift": _point(entry["shift"]), "layers": layers}
        )

    counts = {key: _whole(row[key]) for key in ("regions_in_all", "changed_pixels", "ignored_pixels")}
    found: dict[str, Any] = {
        "gates": tuple(map(gate, row["gates"])),
        "regions": tuple(map(region, row["regions"])),
        "shift": _point(row["shift"]),
        "noise": _number_or_none(row["noise"]),
        "heat": None if row["heat"] is None else _heat_of(row["heat"]),
    }
    return Evidence(**row | counts | found)


def _heat_of(entry: dict[str, Any]) -> HeatMap:
    """A heat map, of which no more is unpacked than its size says: a few bytes can stand for gigabytes."""
    stride, width, height = (_whole(entry[key]) for key in ("stride", "width", "height"))
    if not (1 <= width <= MOST_HEAT_SIDE and 1 <= height <= MOST_HEAT_SIDE and stride >= 1):
        raise ValueError(f"a heat map of {width} × {height} values is none that percept keeps")
    unpacking = zlib.decompressobj()
    values = unpacking.decompress(base64.b64decode(entry["values"]), width * height + 1)
    if len(values) != width * height or not unpacking.eof:
        raise ValueError("the heat map has another size than it says")
    top = _number(entry["top"])
    if not top > 0:
        raise ValueError("the heat map has a scale without an end")
    return HeatMap(**entry | {"values": values, "top": top})


def _point(value: Sequence[object] | None) -> tuple[int, int] | None:
    if value is None:
        return None
    right, down = value
    return _whole(right), _whole(down)


def _box(entry: Mapping[str, Any]) -> Box:
    return Box(**{key: _whole(value) for key, value in entry.items()})


def _extra(value: object) -> dict[str, Any]:
    """Fields that were carried through, which must be writable again."""
    if not isinstance(value, dict):
        raise TypeError("its extra is no object")
    check_depth(value)
    return value


def _one_of(word: object, words: Sequence[str]) -> None:
    if word not in words:
        raise ValueError(f"{word!r} is none of {', '.join(words)}")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{_cut(value)} is no text")
    return value


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _MOST:
        raise TypeError(f"{_cut(value)} is no whole number of 64 bits")
    return value


def _whole_or_none(value: object) -> int | None:
    return None if value is None else _whole(value)


def _number(value: object) -> float:
    """A number as a row has it, where null stands for what JSON has no number for."""
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(f"{_cut(value)} is no number")
    return float(value)


def _finite_number(value: object) -> float:
    """A number that is there, and is one."""
    if value is None:
        raise TypeError("null is no number here")
    return _number(value)


def _number_or_none(value: object) -> float | None:
    return None if value is None else _number(value)


def _cut(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= _LONGEST_TOLD else f"{text[:_LONGEST_TOLD]}…"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _stamp(stamp: FileStamp | None) -> dict[str, Any] | None:
    return None if stamp is None else asdict(stamp)


def _stamp_of(entry: Mapping[str, Any]) -> FileStamp:
    return FileStamp(_whole(entry["size"]), _whole(entry["modified_ns"]), _text(entry["sha256"]))
