"""PerceptualDistance as a training loss against `lpips.LPIPS(net="vgg")`: forward and backward, time and memory.

Both carry the same kernels and compute the same loss; its gradient goes to one side, as in training, and they must
agree. Times are medians of runs that take turns in one process. Memory is the rise of a process's largest resident
set over what it had before the first run (Linux), each subject in a process of its own.

Run by hand: python -m tests.benchmarks.training [--batch N] [--side PIXELS] [--repetitions N]
"""

from __future__ import annotations

import argparse
import gc
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from percept_cli import PerceptualDistance
from tests.benchmarks.machine import describe, medians
from tests.support.peers import lpips_with_shipped_kernels

SUBJECTS = ("percept", "percept, checkpoints", "lpips")
TOLERANCE = 1e-2  # tests/test_loss.py is stricter; here it is only to be seen that both do the same work


def step(subject: str, batch: int, side: int) -> Callable[[], Tensor]:
    """One forward and backward run, giving the gradient."""
    generator = torch.Generator().manual_seed(0)
    target = torch.rand((batch, 3, side, side), generator=generator)
    picture = (target + 0.1 * torch.randn(target.shape, generator=generator)).clamp(0, 1).requires_grad_()
    if subject == "lpips":
        peer = lpips_with_shipped_kernels()

        def loss() -> Tensor:
            value: Tensor = peer(2 * target - 1, 2 * picture - 1).mean()
            return value
    else:
        ours = PerceptualDistance(checkpoint="checkpoints" in subject)

        def loss() -> Tensor:
            value: Tensor = ours(target, picture)
            return value

    def run() -> Tensor:
        (gradient,) = torch.autograd.grad(loss(), picture)
        return gradient

    return run


def megabytes(field: str) -> float:
    """A field of this process's status: ``VmHWM`` is the largest resident set, ``VmRSS`` the present one."""
    status = Path("/proc/self/status").read_text()
    return int(re.findall(rf"{field}:\s+(\d+) kB", status)[0]) / 1024


def rise(subject: str, batch: int, side: int) -> float:
    """What a process takes for its runs, beyond torch and the kernels."""
    sizes = ("--batch", str(batch), "--side", str(side))
    command = [sys.executable, "-m", "tests.benchmarks.training", "--child", subject, *sizes]
    return float(subprocess.check_output(command, text=True).splitlines()[-1])


def main() -> None:
    """Print a Markdown table of ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--child", choices=SUBJECTS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    batch, side = options.batch, options.side
    if options.child:
        run = step(options.child, batch, side)
        step(options.child, 1, 32)()  # what is made once
        gc.collect()
        Path("/proc/self/clear_refs").write_text("5")  # begin the peak anew: a network is large while it is made
        before = megabytes("VmRSS")
        run()
        run()
        print(megabytes("VmHWM") - before)
        return

    print(f"{describe()}; batch {batch}, {side}×{side}\n")
    peaks = {subject: rise(subject, batch, side) for subject in SUBJECTS}
    runs = {subject: step(subject, batch, side) for subject in SUBJECTS}
    gradients = {subject: run().clone() for subject, run in runs.items()}
    for subject, gradient in gradients.items():
        apart = float((gradient - gradients["lpips"]).norm() / gradients["lpips"].norm())
        assert apart < TOLERANCE, f"{subject}: its gradient is {apart:.1e} away from that of lpips"
    seconds = medians(runs, options.repetitions)
    print("| loss | forward and backward | of lpips | memory | of lpips |")
    print("|---|---|---|---|---|")
    for subject in SUBJECTS:
        time, memory = seconds[subject] / seconds["lpips"], peaks[subject] / peaks["lpips"]
        print(f"| {subject} | {seconds[subject]:.3g} s | {time:.2f} | {peaks[subject]:.0f} MB | {memory:.2f} |")


if __name__ == "__main__":
    main()
