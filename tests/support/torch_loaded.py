"""An environment in which a process tells whether it loaded torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TORCH = """
import sys
from percept_cli.cli import run
code = run()
print("torch" in sys.modules, file=sys.stderr)
sys.exit(code)
"""


def with_torch_report(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command in a child Python that ends by saying whether torch was imported."""
    return subprocess.run(
        [sys.executable, "-c", TORCH, *map(str, arguments)], capture_output=True, text=True, cwd=cwd, check=False
    )
