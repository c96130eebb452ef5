"""The keys of ``[check]`` and ``[[override]]``, and with those of recipes all keys of a settings file."""

from __future__ import annotations

from percept_cli.judging.rules import GATES, MOST_SHIFT, NOISES, OLD_GATES, POLICIES
from percept_cli.pairs.alternates import VARIANT
from percept_cli.recipes.keys import BOX, TOP_KEYS, Key, Table
from percept_cli.results.found import GateName

_BOTH: tuple[Table, ...] = ("check", "override")
_GATES: dict[GateName, tuple[str, str, str]] = {
    "overall": ("the mean of what is visible", "0.02", "automatic, see `noise`"),
    "peak": ("the strongest place of the distance map", "0.5", "automatic, see `noise`"),
    "colour": (
        "the largest colour change without detail, in ΔE",
        "{ warn = 1.5, fail = 3 }",
        "automatic, see `noise`",
    ),
    "changed-pixels": ("the number of changed pixels, or their share in per cent", '"1%"', '"off"'),
}
"""What each one measures, an example, and its default."""

FOLDER_KEYS = (
    Key(
        name="baseline",
        what="The folder of the baseline images, relative to this file.",
        form="string",
        shape="a path",
        example='"baseline"',
        tables=("check",),
    ),
    Key(
        name="current",
        what="The folder of the images to check, relative to this file.",
        form="string",
        shape="a path",
        example='"current"',
        tables=("check",),
    ),
)
MATCH_KEY = Key(
    name="match",
    what="The images that this table is for. For each key, the last matching table that sets it counts.",
    form="strings",
    shape="a pattern as in .gitignore",
    example='"charts/**"',
    tables=("override",),
    required=True,
)
NOISE_KEY = Key(
    name="noise",
    what="How much rendering noise to allow. auto: measured in each pair; same-machine: almost none; "
    "cross-machine: other fonts and drivers.",
    form="word",
    words=NOISES,
    example='"cross-machine"',
    default='"auto"',
    tables=_BOTH,
)
NOISE_FILE_KEY = Key(
    name="noise-file",
    what="The noise file of `percept learn`: limits of single images. off: do not use it.",
    form="string",
    shape='a path, relative to the settings file, or `"off"`',
    example='"percept-noise.json"',
    tables=_BOTH,
)
GATE_KEYS = (
    *(
        Key(
            name=gate,
            what=f"The limit of the gate `{gate}`: {_GATES[gate][0]}.",
            form="limit or per cent" if gate == "changed-pixels" else "limit",
            example=_GATES[gate][1],
            default=_GATES[gate][2],
            tables=_BOTH,
        )
        for gate in GATES
    ),
    *(
        Key(
            name=old,
            what=f"The old name of `{gate}`.",
            form="limit",
            example=_GATES[gate][1],
            tables=_BOTH,
            instead=gate,
        )
        for old, gate in OLD_GATES.items()
    ),
)
POLICY_KEYS = tuple(
    Key(name=name, what=what, form="word", words=POLICIES, example='"warn"', default='"fail"', tables=_BOTH)
    for name, what in (
        ("new", "How to treat an image that has no baseline."),
        ("missing", "How to treat a baseline that has no image."),
        ("size-mismatch", "How to treat a pair whose sizes or frame counts differ."),
    )
)
OTHER_RULE_KEYS = (
    Key(
        name="ignore",
        what="Rectangles to ignore, in pixels from the top left.",
        form="strings",
        pattern=BOX,
        shape='a rectangle `"x,y,width,height"`',
        example='["0,0,200,40"]',
        tables=_BOTH,
    ),
    Key(
        name="mask",
        what="An image of the same size; where it is black (darker than mid-grey), pixels are ignored.",
        form="string",
        shape="a path, relative to the settings file",
        example='"masks/clock.png"',
        tables=_BOTH,
    ),
    Key(
        name="max-shift",
        what="Allow images, and regions of them, to move by up to this many pixels.",
        form="whole",
        least=0,
        most=MOST_SHIFT,
        example="2",
        default="0",
        tables=_BOTH,
    ),
    Key(
        name="references",
        what="Further baselines; an image passes if it matches any of them.",
        form="strings",
        shape="a path in the baseline folder with `{name}`, `{stem}` or `{suffix}` for the image's own",
        example='["linux/{name}", "{stem}.old{suffix}"]',
        tables=_BOTH,
    ),
    Key(
        name="variant",
        what="The alternate to prefer where an image has it; the others, and the baseline, still count.",
        form="word",
        pattern=VARIANT,
        shape="the name of a variant",
        example='"linux"',
        tables=_BOTH,
    ),
)

KEYS: tuple[Key, ...] = (
    *TOP_KEYS,
    *FOLDER_KEYS,
    MATCH_KEY,
    NOISE_KEY,
    NOISE_FILE_KEY,
    *GATE_KEYS,
    *OTHER_RULE_KEYS,
    *POLICY_KEYS,
)
"""All keys of percept.toml and of ``[tool.percept]`` in pyproject.toml, in the order in which people read them."""
