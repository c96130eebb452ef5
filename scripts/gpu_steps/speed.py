"""How long it takes, and what else could be chosen: layouts, batches, graphs, uploads, whole batch runs."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from percept_cli import PerceptualDistance
from percept_cli.engine.device import bytes_held, computing
from percept_cli.engine.measure import Engine
from percept_cli.engine.plan import Piece, plan_pair
from percept_cli.networks.loading import load_kernels
from percept_cli.pairs import Pairs, pair_of_files
from percept_cli.recipes.presets import load_preset
from percept_cli.scoring.pipeline import Pipeline, worker_count
from percept_cli.scoring.scorer import Scorer
from percept_cli.topology import layers_up_to
from scripts.gpu_steps.bench import Bench, Finding, NotHereError, picture
from scripts.gpu_steps.numbers import FIVE


def times(bench: Bench) -> Finding:
    """A pair of each size from decoded pixels to distances, and the memory that it takes at most."""
    sizes = [(128, 96), (320, 180)] if bench.small else [(256, 256), (1920, 1080), (7680, 4800)]
    found: dict[str, Any] = {}
    engine = Engine(FIVE, bench.device)
    for width, height in sizes:
        if bench.left < 60:
            break
        plan = plan_pair(FIVE, height=height, width=width)
        pair = picture(width, height, 1), picture(width, height, 2)
        if bench.is_cuda:
            torch.cuda.reset_peak_memory_stats(bench.torch_device)
        seconds = bench.seconds(lambda plan=plan, pair=pair: engine.finish(plan, engine.measure(pair, plan)))  # type: ignore[misc]
        peak = (
            torch.cuda.max_memory_allocated(bench.torch_device)
            if bench.is_cuda
            else bytes_held(bench.torch_device)
        )
        expected = engine._lowest(height, width).bytes
        found[f"{width}×{height}"] = {"seconds": seconds, "peak bytes": peak, "planned bytes": expected}
    told = ", ".join(f"{size} {1000 * one['seconds']:.1f} ms" for size, one in found.items())
    return Finding(bool(found), told, found)


def layouts(bench: Bench) -> Finding:
    """The convolutions alone: channels last or first; on CUDA also as cuDNN chooses by trial."""
    width, height = (64, 48) if bench.small else (1920, 1080)
    kernels = load_kernels(FIVE.record)
    found: dict[str, float] = {}
    forms = {"channels last": torch.channels_last, "channels first": torch.contiguous_format}
    for name, form in forms.items():
        weights = {key: one.to(bench.torch_device) for key, one in kernels.items()}
        weights = {
            key: one.contiguous(memory_format=form) if one.dim() == 4 else one for key, one in weights.items()
        }
        x = torch.rand(2, 3, height, width, device=bench.torch_device).contiguous(memory_format=form)
        with torch.inference_mode(), computing("fp32", bench.torch_device):
            found[name] = bench.seconds(lambda x=x, weights=weights: _stack(x, weights))  # type: ignore[misc]
            if bench.is_cuda:
                cudnn: Any = torch.backends.cudnn
                cudnn.deterministic = False
                found[f"{name}, any algorithm"] = bench.seconds(lambda x=x, weights=weights: _stack(x, weights))  # type: ignore[misc]
                cudnn.benchmark = True
                found[f"{name}, by trial"] = bench.seconds(lambda x=x, weights=weights: _stack(x, weights))  # type: ignore[misc]
    return Finding(True, ", ".join(f"{name} {1000 * seconds:.1f} ms" for name, seconds in found.items()), found)


def _stack(x: Tensor, weights: dict[str, Tensor]) -> Tensor:
    for layer in layers_up_to("vgg16", ["relu5_3"]):
        if layer.kind == "conv":
            x = F.conv2d(x, weights[f"{layer.name}.weight"], weights[f"{layer.name}.bias"], padding=1)
        else:
            x = F.relu(x) if layer.kind == "relu" else F.max_pool2d(x, 2)
    return x


def sweep(bench: Bench) -> Finding:
    """Pairs per second by the size of the batch."""
    side, sizes = (48, (1, 2, 4)) if bench.small else (256, (1, 2, 4, 8, 16, 32, 64))
    engine, plan = Engine(FIVE, bench.device), plan_pair(FIVE, height=side, width=side)
    pairs = [(picture(side, side, seed), picture(side, side, seed + 1000)) for seed in range(sizes[-1])]
    found = {}
    for n in sizes:
        pieces = [Piece(plan, plan.crops[0])] * n
        found[n] = n / bench.seconds(lambda n=n, pieces=pieces: engine.submit(pairs[:n], pieces).result())  # type: ignore[misc]
    return Finding(
        True, ", ".join(f"{n}: {rate:.1f}/s" for n, rate in found.items()), {str(n): r for n, r in found.items()}
    )


def graphs(bench: Bench) -> Finding:
    """The loss's forward recorded as a CUDA graph: what launching its kernels costs."""
    if not bench.is_cuda:
        raise NotHereError("CUDA graphs are CUDA's")
    loss = PerceptualDistance(check=False).to(bench.torch_device)
    x, y = (torch.rand(2, 3, 256, 256, device=bench.torch_device) for _ in range(2))
    with torch.no_grad(), computing("fp32", bench.torch_device):
        side = torch.cuda.Stream(bench.torch_device)  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream(bench.torch_device))
        with torch.cuda.stream(side):
            for _ in range(3):
                loss(x, y)
        torch.cuda.current_stream(bench.torch_device).wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            result = loss(x, y)
        expected = float(loss(x, y))
        graph.replay()
        bench.wait()
        apart = abs(float(result) / expected - 1)
        found = {"eager": bench.seconds(lambda: loss(x, y)), "graph": bench.seconds(graph.replay)}
    told = ", ".join(f"{name} {1000 * seconds:.2f} ms" for name, seconds in found.items())
    return Finding(apart < 1e-5, told, {"apart": apart, "seconds": found})


def uploads(bench: Bench) -> Finding:
    """Gigabytes a second to the device, by size, from pinned memory and from other."""
    found: dict[str, float] = {}
    for size in (1 << 18, 1 << 22) if bench.small else (1 << 18, 1 << 20, 1 << 22, 1 << 24, 1 << 26):
        plain = torch.zeros(size, dtype=torch.uint8)
        ways: dict[str, Callable[[], object]] = {"plain": lambda one=plain: one.to(bench.torch_device, copy=True)}  # type: ignore[misc]
        if bench.is_cuda:
            pinned = plain.pin_memory()
            ways["pinned"] = lambda one=pinned: one.to(bench.torch_device, non_blocking=True)  # type: ignore[misc]
        for name, run in ways.items():
            found[f"{name} {size >> 10} KiB"] = size / bench.seconds(run, 20) / 1e9
    return Finding(True, ", ".join(f"{name} {rate:.1f} GB/s" for name, rate in found.items()), found)


def pairs_per_second(bench: Bench) -> Finding:
    """Files to results: how much of the time the GPU has work, and how much of the readers' time is decoding."""
    from PIL import Image

    n, width, height = (8, 64, 48) if bench.small else (1000, 640, 480)
    with tempfile.TemporaryDirectory() as name:
        files = []
        for index in range(8):  # of a few pictures, since making a thousand takes longer than comparing them
            path = Path(name) / f"{index}.png"
            Image.fromarray(picture(width, height, index).array).save(path)
            files.append(path)
        start = time.perf_counter()
        for path in files:
            with Image.open(path) as image:
                image.load()
        decoding = (time.perf_counter() - start) / len(files)
        pairs = [pair_of_files(files[index % 8], files[(index + 1 + index // 8 % 7) % 8]) for index in range(n)]
        line = Pipeline(Scorer(load_preset("default").spec, device=bench.device))
        start = time.perf_counter()
        done = 0
        for _ in line.results(Pairs(pairs)):
            done += 1
            if bench.left < 20:
                line.stop()
        seconds = time.perf_counter() - start
    share, workers = line.device_time.share or 0.0, worker_count()
    decoded = 2 * done * decoding / (seconds * workers)
    return Finding(
        done == n or bench.left < 20,
        f"{done} pairs of {width}×{height}, {done / seconds:.1f}/s; busy {share:.0%}, decoding {decoded:.0%} of "
        f"{workers} workers",
        {"pairs": done, "seconds": seconds, "busy": share, "decoding": decoded, "workers": workers},
    )


def against_lpips(bench: Bench) -> Finding:
    """A batch by percept's loss and by the published LPIPS, both with gradients off."""
    try:
        import lpips
    except ImportError as error:
        raise NotHereError(f"lpips cannot be imported: {error}") from None
    n, side = (1, 48) if bench.small else (16, 256)
    x, y = (torch.rand(n, 3, side, side, device=bench.torch_device) for _ in range(2))
    theirs = lpips.LPIPS(net="vgg", pretrained=False, pnet_rand=True, lpips=False, verbose=False)
    theirs = theirs.to(bench.torch_device).eval()
    mine = PerceptualDistance(check=False).to(bench.torch_device)
    with torch.no_grad(), computing("fp32", bench.torch_device):
        found = {"lpips": bench.seconds(lambda: theirs(x, y)), "percept": bench.seconds(lambda: mine(x, y))}
    return Finding(True, ", ".join(f"{name} {1000 * seconds:.1f} ms" for name, seconds in found.items()), found)
