"""Boxes written by hand, and what they say of a picture that has no pixels."""

from __future__ import annotations

import struct
from dataclasses import asdict
from typing import Any

import pytest

from percept_cli.errors import UnreadableImage
from percept_cli.formats.heif.boxes import boxes, head


def box(kind: bytes, *content: bytes) -> bytes:
    data = b"".join(content)
    return struct.pack(">I4s", 8 + len(data), kind) + data


def full(kind: bytes, *content: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *content)


def meta(*properties: bytes, owned: tuple[int, ...] = ()) -> bytes:
    """A main item, 7, that has properties by their numbers from 1, all of them if not told otherwise."""
    owned = owned or tuple(range(1, len(properties) + 1))
    main = full(b"pitm", struct.pack(">H", 7))
    owners = full(b"ipma", struct.pack(">IHB", 1, 7, len(owned)), bytes(0x80 | number for number in owned))
    return full(b"meta", main, box(b"iprp", box(b"ipco", *properties), owners))


def said(data: bytes) -> dict[str, Any]:
    """What a file says of its main picture, beyond one that says nothing."""
    nothing = asdict(head(b""))
    return {name: value for name, value in asdict(head(data)).items() if value != nothing[name]}


NCLX = box(b"colr", b"nclx", struct.pack(">HHHB", 9, 16, 9, 0x80))
AV1_10_BITS = box(b"av1C", bytes([0x81, 0, 0x40, 0]))
AV1_12_BITS = box(b"av1C", bytes([0x81, 0, 0x60, 0]))


def test_boxes_of_all_three_sizes() -> None:
    large = struct.pack(">I4sQ", 1, b"wide", 18) + b"ab"
    last = struct.pack(">I4s", 0, b"rest") + b"cde"
    data = box(b"free", b"xyz") + large + last
    found = [(kind, data[start:end]) for kind, start, end in boxes(data)]
    assert found == [(b"free", b"xyz"), (b"wide", b"ab"), (b"rest", b"cde")]


def test_a_box_that_is_cut_off_ends_with_the_data() -> None:
    data = box(b"mdat", bytes(100))[:20]
    assert list(boxes(data)) == [(b"mdat", 8, 20)]
    assert list(boxes(b"abc")) == []


@pytest.mark.parametrize("size", [2, 7])
def test_boxes_that_would_go_backwards_are_refused(size: int) -> None:
    with pytest.raises(UnreadableImage, match="overlap or leave gaps"):
        list(boxes(struct.pack(">I4s", size, b"evil") * 2))


def test_more_boxes_than_any_file_has_are_refused() -> None:
    with pytest.raises(UnreadableImage, match="more than 20,000 boxes"):
        list(boxes(box(b"free") * 20_001))


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ((), {}),
        ((AV1_10_BITS,), {"depth": 10}),
        ((AV1_12_BITS,), {"depth": 12}),
        ((full(b"pixi", bytes([3, 8, 8, 16])),), {"depth": 16}),
        ((NCLX,), {"nclx": (9, 16)}),
        ((box(b"colr", b"prof", bytes(8)),), {"has_profile": True}),
        ((box(b"irot", b"\3"), box(b"imir", b"\1")), {"turns": 3, "mirror": 1}),
    ],
)
def test_what_properties_say(properties: tuple[bytes, ...], expected: dict[str, Any]) -> None:
    assert said(meta(*properties)) == expected


def test_properties_of_other_items_do_not_count() -> None:
    assert said(meta(AV1_12_BITS, NCLX, AV1_10_BITS, owned=(2,))) == {"nclx": (9, 16)}


def test_without_boxes_nothing_is_said() -> None:
    assert not any(asdict(head(b"")).values())
    with pytest.raises(UnreadableImage, match="boxes is truncated"):
        head(full(b"meta", full(b"pitm")))
