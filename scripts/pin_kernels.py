"""Print the SHA-256 of the kernels that a published file is converted to, for ``kernels_sha256`` of its record.

Run as ``python -m scripts.pin_kernels NAME FILE`` with the published file, whose own SHA-256 is checked first.
"""

from __future__ import annotations

import sys
from pathlib import Path

from percept_cli.networks.convert import read_kernels
from percept_cli.networks.loading import require_sha256
from percept_cli.networks.registry import WEIGHTS
from percept_cli.networks.stamp import kernels_sha256


def main(name: str, file: str) -> None:
    """Check the file, convert it, print the hash."""
    record, path = WEIGHTS[name], Path(file)
    require_sha256(record, path)
    print(kernels_sha256(read_kernels(record, path)))


if __name__ == "__main__":
    main(*sys.argv[1:])
