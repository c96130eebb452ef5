"""Counts what is tested of README and docs/: `python -m tests.docs`; with `--write`, writes all outputs anew."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.outputs import output_of
from tests.support.pages import OUTPUT, RUN, Page, pages
from tests.support.typed import commands_in


def write(page: Page) -> None:
    """The page, with the outputs of today."""

    def anew(match: re.Match[str]) -> str:
        with TemporaryDirectory() as folder:
            return match[1] + output_of(match["command"], Path(folder)) + match[4]

    text = OUTPUT.sub(anew, page.text)
    if text != page.text:
        page.path.write_text(text, encoding="utf-8")
        print(f"{page}: written")


def main() -> None:
    """Count, or write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="run the commands, and write what they print")
    if parser.parse_args().write:
        for page in pages():
            write(page)
    found = pages()
    links = [link for page in found for link in page.links]
    python = [block for page in found for block in page.blocks("python")]
    shells = [block for page in found for block in page.blocks("sh", "bash", "console", "shell", "zsh")]
    print(f"pages            {len(found)}, with README")
    print(f"outputs          {sum(len(page.outputs) for page in found)}")
    print(f"commands         {sum(1 for block in shells for _ in commands_in(block.text))}")
    print(f"Python blocks    {len(python)}, of them run {sum(block.before == RUN for block in python)}")
    print(f"settings         {sum(1 for page in found for _ in page.blocks('toml'))}")
    print(f"pipelines        {sum(1 for page in found for _ in page.blocks('yaml', 'yml'))}")
    print(f"links checked    {sum(not link.is_external for link in links)}, {len(links)} in all")


if __name__ == "__main__":
    main()
