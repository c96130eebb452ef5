"""The shipped weights."""

from __future__ import annotations

from percept_cli.networks.registry import WEIGHTS

RECORD = WEIGHTS["vgg16-oxford"]
