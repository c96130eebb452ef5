"""Links to files of the repository that are no pages, such as ``../tests/corpus/RESULTS.md``.

They work where people read the sources; on the site they lead to the repository. One that leads nowhere is left as
it is, and fails the build.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from percept_cli._project import REPOSITORY

DOCS = Path(__file__).resolve().parent.parent
ROOT = DOCS.parent
_LINK = re.compile(r"(?<!!)(\[[^\]\[]*\]\()([^)\s:#]+)(#[^)\s]*)?\)")


def on_the_site(text: str, folder: Path) -> str:
    """The text of a page in ``folder``, with such links absolute."""

    def absolute(link: re.Match[str]) -> str:
        path = (folder / link[2]).resolve()
        is_page = path.is_relative_to(DOCS) and path.suffix == ".md"
        if is_page or not path.exists() or not path.is_relative_to(ROOT):
            return link[0]
        kind = "tree" if path.is_dir() else "blob"
        return f"{link[1]}{REPOSITORY}/{kind}/main/{path.relative_to(ROOT).as_posix()}{link[3] or ''})"

    return _LINK.sub(absolute, text)


def _rewrite(app: Sphinx, name: str, source: list[str]) -> None:
    source[0] = on_the_site(source[0], Path(app.env.doc2path(name)).parent)


def setup(app: Sphinx) -> dict[str, Any]:
    """Rewrite each page as it is read."""
    app.connect("source-read", _rewrite)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
