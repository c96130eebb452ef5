"""The one scale of colours that heat maps are drawn with, in every report and every picture.

Its lightness only rises, so it also reads in grey and to eyes that see few colours, and equal steps look equally
large. The table is made by ``scripts/make_colour_scale.py``, which says how.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from percept_cli.results.found import HeatMap

RGB = tuple[int, int, int]

_TABLE = bytes.fromhex(
    """
    0f144b 11144c 12144e 13154f 151551 161552 181654 191655 1b1656 1c1758 1e1759 1f175b 21175c 22185e 23185f 251860
    271862 281963 2a1964 2b1966 2d1967 2e1a68 301a69 311a6b 331a6c 341a6d 361a6e 381b6f 391b71 3b1b72 3d1b73 3e1b74
    401b75 411c76 431c77 451c78 461c79 481c7a 4a1c7b 4b1c7c 4d1c7d 4f1c7e 511c7f 521c7f 541c80 561c81 571c82 591d83
    5b1d83 5d1d84 5e1d85 601d86 621c86 641c87 651c88 671c88 691c88 6b1d88 6d1d89 6e1d89 701d89 721d89 741d89 761d89
    771d89 791c89 7b1c8a 7d1c8a 7f1c8a 801c89 821c89 841c89 861c89 871c89 891c89 8b1c89 8d1c89 8f1c88 911c88 921c88
    941b88 961b87 981b87 9a1b87 9b1b86 9d1b86 9f1b85 a11a85 a21a85 a41a84 a61a84 a81a83 a91a82 ab1a82 ad1981 ae1981
    b01980 b21980 b4197f b5197e b7187d b9187d bb187c bc187b be187b bf187a c11879 c31878 c51877 c61776 c81775 c91774
    cb1773 cd1772 ce1772 d01771 d11770 d3186e d5186d d6196c d71c6b d81e6a d92069 da2168 db2367 dc2566 dd2765 de2964
    df2a63 e02c62 e12e61 e22f5f e3315e e4335d e5345c e6365b e6375a e73959 e83b58 e93c56 ea3e55 eb4054 ec4153 ec4352
    ed4550 ee464f ef484e ef494d f04b4c f14c4b f24e49 f25048 f35147 f45346 f45545 f55643 f55842 f65941 f75b40 f75d3e
    f85e3d f8603c f9613a f96339 fa6538 fa6637 fb6835 fb6a34 fc6c33 fc6d31 fc6f30 fd702f fd722e fe742c fe752b fe772a
    fe7829 ff7a27 ff7c27 ff7e26 ff8026 ff8226 ff8326 ff8527 ff8728 ff8929 ff8a2a ff8c2c ff8e2d ff902e ff9230 ff9331
    ff9532 ff9734 ff9936 ff9a37 ff9c39 ff9e3a ffa03c ffa13d ffa33e ffa540 ffa642 ffa844 ffaa45 ffac47 ffad48 ffaf4a
    ffb04b ffb24d ffb44f ffb651 ffb753 ffb954 ffbb56 ffbc57 ffbe59 ffc05b ffc15d ffc35f ffc460 ffc662 ffc864 ffc966
    ffcb69 ffcc6b fece6d fed070 fed172 fed374 fed476 fed679 fed87b fed97d fddb80 fddc82 fdde84 fddf87 fde189 fde28b
    fde48e fde590 fde792 fde895 fdea97 fdeb9a fded9c fdee9f fdefa1 fdf1a4 fdf3a6 fdf4a9 fdf5ab fdf7ad fef8b0 fef9b2
    """
)
_OPAQUE_FROM = 80
"""The first colour that hides what is under it. Below, what hardly differs is hardly tinted."""

SCALE: tuple[RGB, ...] = tuple(zip(_TABLE[0::3], _TABLE[1::3], _TABLE[2::3], strict=True))
"""The colour of each value of a ``HeatMap``, sRGB; 0 means "no difference" and is not drawn over a picture."""

OPACITY: tuple[int, ...] = (0, *(min(255, 12 + 243 * value // _OPAQUE_FROM) for value in range(1, 256)))
"""How much of the picture under it each value hides, 0 to 255."""


def heat_png(heat: HeatMap) -> bytes:
    """A heat map as a PNG of one pixel per value, to be laid over the picture ``heat.stride`` times as large."""
    return _palette_png(heat.width, heat.height, heat.values)


def scale_png() -> bytes:
    """The scale from left to right, 256 × 1 pixels, as heat maps are drawn: for a legend."""
    return _palette_png(256, 1, bytes(range(256)))


def _palette_png(width: int, height: int, values: bytes) -> bytes:
    from PIL import Image

    image = Image.frombytes("P", (width, height), values)
    image.putpalette(_TABLE)
    file = io.BytesIO()
    image.save(file, "PNG", transparency=bytes(OPACITY), optimize=True)
    return file.getvalue()
