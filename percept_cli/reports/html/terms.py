"""The page's own words, explained: one or two sentences a term, with its unit and its direction."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from percept_cli.recipes.spec import DistanceSpec

TERMS: Mapping[str, str] = MappingProxyType(
    {
        "recipe": (
            "What measures the distance: the network, the distance between features, the layers, the precision. "
            "Only distances of one recipe can be compared."
        ),
        "fingerprint": (
            "A short name for everything that can change a distance. Numbers of two runs are comparable if their "
            "fingerprints are equal."
        ),
        "distance": (
            "How different the features of the two images are, as a mean over the whole image. "
            "No unit; 0 is equal, larger is more different."
        ),
        "like": (
            "Known distortions that come to about the same number, measured with this recipe. "
            "A change in one place is compared with small changes instead, by its strongest place."
        ),
        "severity": (
            "The worst gate's value (or the distance) divided by its limit: 2 is twice the limit. "
            "No unit; larger is worse."
        ),
        "overall": (
            "The mean over the whole image, in which only what can be seen counts: it reacts to many or large "
            "changes. No unit; 0 is equal, larger is more different."
        ),
        "peak": (
            "The strongest place of 8×8 pixels, weighted by how visible it is: it reacts to one small change, "
            "such as a digit. No unit; 0 is equal, larger is more different."
        ),
        "colour": (
            "The largest difference of colour that is left when fine detail is blurred away. "
            "In ΔE; 0 is equal, larger is more different."
        ),
        "changed-pixels": (
            "How many pixels differ at all, however little. In pixels, or in % of those compared; more is worse."
        ),
        "delta-e": (
            "The unit of colour difference, as CIELAB measures it (ΔE*ab): about 2 can just be seen side by side. "
            "0 is equal, larger is more different."
        ),
        "noise-floor": (
            "The strength that nine in ten of the changed cells away from the peak do not exceed. "
            "No unit; automatic limits rise with it."
        ),
        "warn-limit": "The largest value that passes without a warning, in the unit of the value.",
        "fail-limit": "The largest value that does not fail, in the unit of the value.",
        "share": "The part of the image's distance that comes from here. In %; larger adds more.",
        "kind": (
            "What happened in a region: noise is within the automatic limits, and detail changed is anything that "
            "is not clearly one of the others."
        ),
        "layer": (
            "A layer of the network whose features are compared. "
            "Early layers see edges and colours, late ones see shapes and objects."
        ),
        "contribution": (
            "What a layer adds to the distance: its weight times its own distance. No unit; larger adds more."
        ),
        "weight": "How much a layer counts in the distance, by the recipe. No unit; larger counts more.",
        "heat": (
            "The distance at each place of the image, drawn on one scale in all images. "
            "No unit; darkest is equal, brightest is most different."
        ),
        "ladder": (
            "A ruler for this recipe: what known distortions of known strength come to. "
            "Half of the test images come to less than the median, half to more."
        ),
    }
)
"""By the name that the template and the scripts call them by."""

_SEES = {
    1: "edges and colours, pixel by pixel",
    2: "fine texture",
    3: "patterns and small shapes, such as letters",
    4: "parts of objects",
    5: "whole objects",
}


def terms_of(spec: DistanceSpec) -> dict[str, str]:
    """Every term of a page, and the taps of its recipe by their own names as ``tap-NAME``."""
    return {**TERMS, **{f"tap-{tap}": _tap(tap) for tap in spec.taps}}


def _tap(tap: str) -> str:
    if tap == "input":
        return (
            "The pixels of the image itself, before any layer. Its distance has no unit; larger is more different."
        )
    found = re.match(r"(?:relu|conv|pool)([1-5])(?:_|$)", tap)
    if found is None:
        return f"{TERMS['layer'].split('. ')[0]}. Its distance has no unit; larger is more different."
    block = int(found[1])
    return (
        f"A layer in block {block} of the network, which sees {_SEES[block]}. "
        "Its distance has no unit; larger is more different."
    )
