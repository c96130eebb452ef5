"""Write pictures, `pairs.csv` and the README's counts: `python -m tests.corpus.make [CATEGORY...]`."""

from __future__ import annotations

import argparse
import importlib

from tests.corpus.make.common import read_manifest, write
from tests.corpus.make.counts import update_readme

CATEGORIES = ("pixels", "tiny", "icons", "text", "charts", "codecs", "photo", "raytrace", "web")


def main() -> None:
    """Make the categories that are named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("categories", nargs="*", metavar="CATEGORY", help=", ".join(CATEGORIES))
    names = parser.parse_args().categories or CATEGORIES
    for name in names:
        if name not in CATEGORIES:
            parser.error(f"no category is named {name}")
        # Only what is asked for is imported: the categories need different packages.
        module = importlib.import_module(f"tests.corpus.make.{name}")
        print(f"{name}: {write(name, module.scenes())} pairs")
    update_readme(read_manifest())


if __name__ == "__main__":
    main()
