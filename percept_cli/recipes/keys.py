"""The keys of a settings file: one row each, which readers, ``percept init``, the JSON schema and the docs share.

Here are the class and the keys of recipes and images; ``percept_cli.judging.keys`` adds those of ``percept check``
and lists all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from percept_cli.images.light import LARGEST_EV, TONEMAPS
from percept_cli.images.policy import ALPHAS, AS_SEEN, BLENDS, PADS, RESIZES
from percept_cli.recipes import DEFAULT
from percept_cli.recipes.spec import PRECISIONS

Table = Literal["", "check", "override"]
"""Where a key may stand: at the top of the file, in ``[check]``, in ``[[override]]``."""
TABLES: tuple[Table, ...] = get_args(Table)
Form = Literal[
    "string",  # any
    "word",  # one of the key's words, or what its pattern matches
    "name",  # of something that is registered elsewhere: a preset, a network's weights, a distance, a format
    "flag",  # true or false
    "number",  # at least ``least``
    "whole",  # a whole number from ``least`` to ``most``
    "size",  # of memory: bytes, or a string with a unit
    "exposure",  # a number, or a string
    "layers",  # a string, a list of strings or a table (``presets.read_layers``)
    "strings",  # a string, or a list of them
    "limit",  # of a gate: a number, "off", or a table of both kinds
    "limit or per cent",  # the same, also as "1%"
]
BOX = r"\s*\d{1,9}\s*,\s*\d{1,9}\s*,\s*\d{1,9}\s*,\s*\d{1,9}\s*"
"""What ``geometry.parse_box`` reads, for those who can only compare patterns."""
_COLOUR = "#[0-9a-fA-F]{6}"
_EV = r"[+-]?(\d{1,20}\.?\d{0,40}|\.\d{1,40})([eE][+-]?\d{1,6})?"


@dataclass(frozen=True)
class Key:
    """One setting."""

    name: str
    """As in the file; that of a long option as well, where there is one."""
    what: str
    """What it does, in one line of plain English that ends with a full stop."""
    form: Form
    """Of its value."""
    example: str
    """A value, as TOML."""
    default: str = ""
    """The value that holds where the file has none, as TOML, or in words; empty if there is none."""
    words: tuple[str, ...] = ()
    """Values that are words."""
    pattern: str = ""
    """Regular expression of further values, or of each string in a list; for all of the string."""
    shape: str = ""
    """The values that the pattern stands for, in words."""
    least: float | None = None
    """The smallest number."""
    most: float | None = None
    """The largest number."""
    tables: tuple[Table, ...] = ("",)
    """Where it may stand."""
    required: bool = False
    """Whether a table of those that it may stand in must have it."""
    instead: str = ""
    """The key that it is called now, where this is its old name."""

    @property
    def values(self) -> str:
        """The values that it may have, in words, with TOML in backquotes: ``true or false``."""
        quoted = [f'`"{word}"`' for word in self.words]
        if self.shape:
            quoted.append(self.shape)
        listed = _either(quoted)
        match self.form:
            case "flag":
                return "`true` or `false`"
            case "number":
                return f"a number of at least {self.least:g}"
            case "whole":
                return f"a whole number {_range(self.least, self.most)}"
            case "size":
                return 'a size such as `"2GB"`, or a number of bytes'
            case "exposure":
                return f"a number, {listed}"
            case "layers":
                return "a string, a list of strings, or a table of weights"
            case "strings":
                return f"{self.shape or 'a string'}, or a list of them"
            case "limit":
                return 'a number of at least 0, `"off"`, or `{ warn = …, fail = … }`'
            case "limit or per cent":
                return 'a number of at least 0, `"1%"`, `"off"`, or `{ warn = …, fail = … }`'
            case _:
                return listed or "a string"


def _range(least: float | None, most: float | None) -> str:
    return f"of at least {least:g}" if most is None else f"from {least:g} to {most:g}"


def _either(values: list[str]) -> str:
    return values[0] if len(values) == 1 else f"{', '.join(values[:-1])} or {values[-1]}" if values else ""


def in_table(keys: Iterable[Key], table: Table) -> tuple[str, ...]:
    """The names of those keys that may stand in a table."""
    return tuple(key.name for key in keys if table in key.tables)


def _quoted(value: str) -> str:
    return f'"{value}"'


RECIPE_KEYS = (
    Key(
        name="preset",
        what="The recipe: a built-in preset or a TOML file of your own.",
        form="name",
        shape='the name of a preset, or the path of a file `"….toml"`, relative to the settings file',
        pattern=r".*\.toml",
        example=_quoted(DEFAULT),
        default=_quoted(DEFAULT),
        tables=("", "override"),
    ),
    Key(
        name="backbone",
        what="The network's weights.",
        form="name",
        shape="a name that `percept weights list` shows",
        example='"vgg16-oxford"',
        default="the preset's",
    ),
    Key(
        name="layers",
        what="The layers to compare, with their weights and distances.",
        form="layers",
        example='["relu1_2", "relu3_3=2.5"]',
        default="the preset's",
    ),
    Key(
        name="distance",
        what="The distance of layers that name none.",
        form="name",
        shape="the name of a distance",
        example='"unit"',
        default="the preset's",
    ),
    Key(
        name="threshold",
        what="Fail when a distance exceeds this number; in `percept check`, the fail limit of the gate `overall`.",
        form="number",
        least=0,
        example="0.05",
        default="the preset's, usually none",
    ),
    Key(
        name="device",
        what="Where the network runs.",
        form="word",
        words=("auto", "cpu", "cuda", "mps"),
        pattern=r"cuda:\d{1,3}",
        shape='`"cuda:N"`',
        example='"auto"',
        default='"auto"',
    ),
    Key(
        name="precision",
        what="The number format in which the network computes; `tf32` needs CUDA.",
        form="word",
        words=PRECISIONS,
        example='"fp32"',
        default='the preset\'s, usually `"fp32"`',
    ),
    Key(
        name="max-memory",
        what="The most memory to use, of the machine or of the GPU. Changes no number.",
        form="size",
        pattern=r"\s*\d+(\.\d+)?\s*([kKmMgGtT]i?)?[bB]?\s*",
        least=1,
        example='"2GB"',
        default="half of the free memory, for features",
    ),
)
"""Those of the recipe, and of where it is computed."""

IMAGE_KEYS = (
    Key(
        name="alpha",
        what="Background behind transparent pixels. `worst` tries black and white and takes the larger distance.",
        form="word",
        words=tuple(word for word in ALPHAS if word != "#rrggbb"),
        pattern=_COLOUR,
        shape='a colour `"#rrggbb"`',
        example='"white"',
        default=_quoted(AS_SEEN.alpha),
    ),
    Key(
        name="blend",
        what="How transparent pixels mix with the background: in sRGB (as browsers do) or in scene-linear values.",
        form="word",
        words=BLENDS,
        example='"gamma"',
        default=_quoted(AS_SEEN.blend),
    ),
    Key(
        name="frame",
        what="Compare only this frame or page of each file, counted from 1.",
        form="whole",
        least=1,
        example="2",
        default="all frames",
    ),
    Key(
        name="crop",
        what="Compare only this rectangle, in pixels from the top left.",
        form="word",
        pattern=BOX,
        shape='a rectangle `"x,y,width,height"`',
        example='"0,0,640,480"',
        default="the whole image",
    ),
    Key(
        name="resize",
        what="How to resize images before comparing. `error` refuses images of different sizes.",
        form="word",
        words=RESIZES[:3],
        pattern=r"fit:[1-9]\d{0,5}x[1-9]\d{0,5}|scale:\d*\.?\d+",
        shape='`"fit:WxH"` or `"scale:X"`',
        example='"reference"',
        default=_quoted(AS_SEEN.resize),
    ),
    Key(
        name="pad",
        what="How to extend the smaller image on the right and at the bottom.",
        form="word",
        words=tuple(word for word in PADS if word != "#rrggbb"),
        pattern=_COLOUR,
        shape='a colour `"#rrggbb"`',
        example='"edge"',
        default=_quoted(AS_SEEN.pad),
    ),
    Key(
        name="tonemap",
        what="How scene-linear values of HDR images become display colours.",
        form="word",
        words=TONEMAPS,
        example='"aces"',
        default=_quoted(AS_SEEN.tonemap),
    ),
    Key(
        name="exposure",
        what="Exposure of HDR images in EV; of several, the largest distance counts.",
        form="exposure",
        words=("auto", "auto-range"),
        pattern=rf"\s*{_EV}(:{_EV}){{0,2}}\s*",
        shape='`"START:STOP:STEP"`',
        least=-LARGEST_EV,
        most=LARGEST_EV,
        example='"-2:2:1"',
        default=_quoted(AS_SEEN.exposure),
    ),
    Key(
        name="allow-nan",
        what="Allow NaN and infinite HDR pixels at the same positions in both images.",
        form="flag",
        example="true",
        default="false",
    ),
    Key(
        name="ignore-icc",
        what="Ignore colour profiles and PNG's colour chunks, and take all values as sRGB.",
        form="flag",
        example="true",
        default="false",
    ),
    Key(
        name="limits",
        what="The largest files to read; a larger one is an error. Changes no number.",
        form="string",
        shape='limits separated by commas, such as `"pixels=2G,frames=off"`',
        example='"pixels=2G,frames=off"',
        default='"pixels=1G,file=4GB,frames=10000,metadata=16MB"',
    ),
)
"""Those of reading images, named like the fields of ``PictureSettings``."""

REPORT_KEYS = (
    Key(
        name="format",
        what="Report format for stdout, and for output files whose extension is not known.",
        form="name",
        shape="the name of a report format",
        example='"table"',
        default='"table"',
    ),
    Key(
        name="wide",
        what="CSV: one row per pair instead of one row per layer.",
        form="flag",
        example="true",
        default="false",
    ),
)

TOP_KEYS = (*RECIPE_KEYS, *IMAGE_KEYS, *REPORT_KEYS)
"""All that may stand at the top of the file; each is the long option of the same name."""
