"""The table of TIFF's tags: others call the numbers the same, and they stand nowhere else."""

from __future__ import annotations

import ast
import struct
from pathlib import Path

import tifffile

import percept_cli
from percept_cli.formats.tiff.tags import INTEGERS, SIZES, Tag

OF_TIFFFILE = {
    Tag.PHOTOMETRIC: "PhotometricInterpretation",
    Tag.IPTC: "IPTCNAA",
    Tag.PHOTOSHOP: "ImageResources",
    Tag.ICC_PROFILE: "InterColorProfile",
}
# Numbers that mean something else as well.
_OTHERWISE = {254, 255, 256, 257, 320, 700}


def test_names_are_those_of_the_specifications() -> None:
    for tag in Tag:
        usual = OF_TIFFFILE.get(tag, tag.name).replace("_", "").lower()
        assert usual in [name.replace("_", "").lower() for name in tifffile.TIFF.TAGS.getall(tag, [])], tag


def test_types_have_the_sizes_that_others_know() -> None:
    assert {kind: struct.calcsize("<" + tifffile.TIFF.DATA_FORMATS[kind]) for kind in SIZES} == SIZES
    assert {kind: struct.calcsize("<" + form) for kind, form in INTEGERS.items()}.items() <= SIZES.items()


def test_no_other_module_numbers_tags() -> None:
    package = Path(percept_cli.__file__).parent
    wanted = {int(tag) for tag in Tag} - _OTHERWISE
    found = [
        f"{path.relative_to(package)}:{node.lineno}: {node.value}"
        for path in package.glob("**/*.py")
        if path.name != "tags.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and type(node.value) is int and node.value in wanted
    ]
    assert not found
