"""Write pictures, `pairs.csv` and the README's counts: `python -m tests.corpus.make [CATEGORY...]`."""

from __future__ import annotations

import argparse
import importlib

from tests.corpus.make import fonts
from tests.corpus.make.common import Half, read_manifest, write
from tests.corpus.make.counts import update_readme

CATEGORIES = ("pixels", "tiny", "icons", "text", "charts", "codecs", "photo", "raytrace", "web")
PARTS: dict[str, tuple[str, tuple[Half, ...]]] = {
    "first": ("tests.corpus.make", ("tune", "judge")),
    "fresh": ("tests.corpus.make.fresh", ("fresh",)),
}
"""The two halves that were made first, and the third part: their package, and what is in it."""


def main() -> None:
    """Make the categories that are named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("categories", nargs="*", metavar="CATEGORY", help=", ".join(CATEGORIES))
    parser.add_argument(
        "--part", choices=PARTS, help="the tune and judge halves, or the third part; both if not given"
    )
    given = parser.parse_args()
    fonts.configure()
    for name in given.categories or CATEGORIES:
        if name not in CATEGORIES:
            parser.error(f"no category is named {name}")
        for part, (package, halves) in PARTS.items():
            if given.part in (None, part):
                # Only what is asked for is imported: the categories need different packages.
                module = importlib.import_module(f"{package}.{name}")
                print(f"{name}, {part}: {write(name, module.scenes(), halves)} pairs")
    update_readme(read_manifest())


if __name__ == "__main__":
    main()
