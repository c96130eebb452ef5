"""Run the tests of computed numbers with other instruction sets and one thread: `python -m scripts.numeric_tests`.

Each library chooses at its start, by the processor, the order in which it adds up. So the tests that are marked
``numeric`` run once as this machine would, and once for each variable that makes a library choose otherwise, one
variable at a time: a tolerance that holds here alone is found on any machine. What is given on the command line
goes to pytest: ``-x``, ``-n auto``, names of tests.

Exits with 1 if a run fails.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
VARIABLES = {
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",  # matrix products of torch on processors of Intel
    "ONEDNN_MAX_CPU_ISA": "AVX2",  # convolutions
    "ATEN_CPU_CAPABILITY": "default",  # torch's own loops: no vectors
    "OMP_NUM_THREADS": "1",
    "PERCEPT_CONVOLUTION": "torch",  # none of percept's compiled code
}
TELLING = ("avx2", "fma", "avx512f", "avx512_bf16", "avx512_vnni", "amx_tile", "amx_bf16", "sve", "asimd")
"""What the processor can do that libraries look for."""


def processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Its name, and which of the instructions that matter it has."""
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    said = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in reversed(lines))}
    flags = said.get("flags", said.get("Features", "")).split()
    found = " ".join(flag for flag in TELLING if flag in flags) or "instructions unknown"
    return f"{said.get('model name', platform.processor() or platform.machine())} ({found})"


def runs() -> list[tuple[str, dict[str, str]]]:
    """The plain environment, then each variable alone: a name, and what is set."""
    plain = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    return [("plain", plain), *((f"{name}={value}", plain | {name: value}) for name, value in VARIABLES.items())]


def main(arguments: Sequence[str]) -> int:
    """Run them all, and say which failed."""
    print(f"processor: {processor()}, {os.cpu_count()} in all", flush=True)
    failed = []
    for name, environment in runs():
        print(f"\n== {name}", flush=True)
        command = [sys.executable, "-m", "pytest", "-q", "-m", "numeric and not slow", *arguments]
        if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
            failed.append(name)
    print(f"\n{processor()}: " + (f"failed with {', '.join(failed)}" if failed else "all passed"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
