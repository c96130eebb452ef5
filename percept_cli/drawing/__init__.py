"""How is a difference painted? The colour scale, overlays, sheets and heat-map files."""

from typing import Literal, get_args

HeatStyle = Literal["overlay", "alone", "triptych", "layers"]
STYLES: tuple[HeatStyle, ...] = get_args(HeatStyle)
