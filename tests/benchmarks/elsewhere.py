"""A check of equal images that live in a bucket, with a warm cache, beside the same check of files.

    python -m tests.benchmarks.elsewhere [--images 500] [--rounds 5]

The bucket is moto's, in a process of its own on loopback. Runs alternate; told are the medians and the median of
the ratios, of the whole command, from start to exit.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.conftest import drawing
from tests.support.buckets import Bucket

_SERVER = """
import sys, time
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--images", type=int, default=500)
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--size", type=int, default=256, help="pixels of each side")
    given = asked.parse_args()
    server = subprocess.Popen(
        [sys.executable, "-c", _SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert server.stdout is not None
        bucket = Bucket(f"http://127.0.0.1:{int(server.stdout.readline())}", "benchmark")
        with tempfile.TemporaryDirectory() as folder:
            _measure(Path(folder), bucket, given.images, given.rounds, given.size)
    finally:
        server.terminate()
        server.wait(10)


def _measure(root: Path, bucket: Bucket, images: int, rounds: int, size: int) -> None:
    for side in ("base", "now"):
        (root / side).mkdir()
    for number in range(images):
        drawing(size, size, number).save(root / f"base/{number:04}.png")
        data = (root / f"base/{number:04}.png").read_bytes()
        (root / f"now/{number:04}.png").write_bytes(data)
        bucket.put(f"base/{number:04}.png", data)
    commands = {
        "files": ["base", "now"],
        "bucket": [f"s3://{bucket.name}/base", "now", "--cache", "kept"],
    }
    environment = {**os.environ, **bucket.environment}

    def run(name: str) -> float:
        command = [sys.executable, "-m", "percept_cli", "check", *commands[name], "-q"]
        start = time.perf_counter()
        subprocess.run(command, cwd=root, env=environment, check=True, timeout=600)
        return time.perf_counter() - start

    print(f"first time, with downloads: {run('bucket'):.2f} s")
    run("files")
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name in commands:
            taken[name].append(run(name))
    for name, times in taken.items():
        print(f"{name}: median {statistics.median(times):.2f} s")
    ratios = [there / here for there, here in zip(taken["bucket"], taken["files"], strict=True)]
    print(
        f"bucket ÷ files: median {statistics.median(ratios):.2f}, all {' '.join(f'{one:.2f}' for one in ratios)}"
    )


if __name__ == "__main__":
    main()
