"""A formula alone on white, by three engines."""

from __future__ import annotations

import io
from typing import Literal

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_cairo import FigureCanvasCairo
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from tests.corpus.make.common import Pixels, decode
from tests.corpus.make.fresh.cairo import svg

Engine = Literal["agg", "cairo", "svg"]


def render(figure: Figure, engine: Engine) -> Pixels:
    """Draw a figure by Agg, by cairo, or as outlines in an SVG that cairo fills."""
    if engine == "agg":
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        return np.asarray(canvas.buffer_rgba(), np.uint8)[..., :3].copy()
    stream = io.BytesIO()
    if engine == "cairo":
        FigureCanvasCairo(figure).print_png(stream)
        return decode(stream.getvalue())
    width, height = (round(side * figure.dpi) for side in figure.get_size_inches())
    FigureCanvasSVG(figure).print_svg(stream)  # at 72 dots per inch, which it leaves in the figure
    return svg(stream.getvalue().decode(), width, height)


def formula(
    source: str,
    face: str,
    engine: Engine = "agg",
    hinting: str = "no_hinting",
    width: int = 210,
    height: int = 80,
    size: float = 15,
) -> Pixels:
    """Draw a formula in the middle of an empty picture."""
    style = {"mathtext.fontset": face, "text.hinting": hinting, "svg.fonttype": "path"}
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(width / 100, height / 100), dpi=100)
        figure.text(0.5, 0.5, source, fontsize=size, ha="center", va="center")
        return render(figure, engine)
