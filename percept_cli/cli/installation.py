"""What this installation can read and run: formats, libraries, convolutions, limits, devices."""

from __future__ import annotations

import platform
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Any

from percept_cli._version import __version__
from percept_cli.engine import compiled
from percept_cli.formats.known import FORMATS, Availability, FileFormat, available
from percept_cli.images.limits import USUAL_LIMITS, Limits
from percept_cli.system import libraries

PACKAGES = (
    *("torch", "torchvision", "numpy", "scipy", "safetensors"),  # what computes
    *("pillow", "imagecodecs", "tifffile", "pillow-heif", "pillow-jxl-plugin", "OpenEXR"),  # what reads images
    *("pyarrow", "click", "rich", "jinja2"),  # what reports and talks
)
"""Whose versions are told, as they are installed."""
IN_PILLOW = {
    "littleCMS": "littlecms2",
    "libjpeg-turbo": "libjpeg_turbo",
    "zlib": "zlib",
    "libwebp": "webp",
    "libavif": "avif",
    "libtiff": "libtiff",
}
"""What is inside Pillow, by the names of ``PIL.features``."""


@dataclass(frozen=True)
class Device:
    """What torch can compute on."""

    name: str
    """As ``--device`` takes it."""
    what: str
    """What it is, in words."""
    chosen: bool = False
    """Whether ``--device auto`` takes it."""


@dataclass(frozen=True)
class Convolutions:
    """What the CPU computes convolutions with."""

    used: str
    """As ``PERCEPT_CONVOLUTION`` names it."""
    compiled: tuple[str, ...]
    """Sets of instructions that percept has compiled code for and that this processor has, the best first."""
    why: str | None
    """Why there are none."""


@dataclass(frozen=True)
class Installation:
    """What there is."""

    percept: str
    python: str
    system: str
    formats: tuple[tuple[FileFormat, Availability], ...]
    libraries: dict[str, str | None]
    """Versions by name; None for what is not installed."""
    convolutions: Convolutions
    limits: Limits
    devices: tuple[Device, ...] | None = None
    """None where nobody asked."""

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        found: dict[str, Any] = {
            "percept": self.percept,
            "python": self.python,
            "system": self.system,
            "formats": [
                {
                    "name": entry.name,
                    "endings": list(entry.endings),
                    "reads": entry.reads,
                    "available": state.here,
                    "why": state.why or None,
                    "install": state.hint or None,
                }
                for entry, state in self.formats
            ],
            "libraries": self.libraries,
            "convolutions": asdict(self.convolutions),
            "limits": asdict(self.limits),
        }
        if self.devices is not None:
            found["devices"] = [asdict(device) for device in self.devices]
        return found


def installation(*, devices: bool = False) -> Installation:
    """Look at what is installed; nothing that computes is imported, unless devices are asked for.

    Args:
        devices: whether to look for them as well, which imports torch.
    """
    return Installation(
        __version__,
        platform.python_version(),
        f"{platform.system()} {platform.machine()}",
        tuple((entry, available(entry)) for entry in FORMATS),
        {name: _version(name) for name in PACKAGES} | {name: _in_pillow(name) for name in IN_PILLOW},
        _convolutions(),
        USUAL_LIMITS,
        _devices() if devices else None,
    )


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _in_pillow(name: str) -> str | None:
    from PIL import features

    feature = IN_PILLOW[name]
    known = feature in {*features.modules, *features.codecs, *features.features}  # an older one warns of others
    return features.version(feature) if known else None


def _convolutions() -> Convolutions:
    found = compiled.found()
    return Convolutions(
        compiled.used("cpu", "fp32"), tuple(kernel.name for kernel in found.kernels), found.why or None
    )


def _devices() -> tuple[Device, ...]:
    libraries.load("torch")
    import torch

    from percept_cli.engine.device import resolve_device
    from percept_cli.system.machine import processors

    chosen = str(resolve_device("auto"))
    count = processors()
    found = [("cpu", f"{count} processor{'' if count == 1 else 's'}")]
    for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        card = torch.cuda.get_device_properties(index)
        found.append((f"cuda:{index}", f"{card.name}, {card.total_memory / 1e9:.1f} GB"))
    if torch.backends.mps.is_available():
        found.append(("mps", "Apple GPU"))
    return tuple(Device(name, what, name == chosen) for name, what in found)
