"""Whether the numbers are right: against float64, against the CPU, in other pieces, batches and precisions."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from percept_cli.engine.bands import schedule
from percept_cli.engine.device import computing
from percept_cli.engine.measure import Engine
from percept_cli.engine.plan import Piece, plan_of_pixels, plan_pair
from percept_cli.engine.regions import columns_of, margins
from percept_cli.engine.tensors import to_batch
from percept_cli.errors import DeviceOutOfMemory, DeviceUnavailable
from percept_cli.pairs import Pair, Pairs, pair_of_files
from percept_cli.recipes.presets import load_preset
from percept_cli.recipes.recipe import make_recipe
from percept_cli.recipes.spec import DistanceSpec, Precision
from percept_cli.scoring.pipeline import Pipeline
from percept_cli.scoring.scorer import Scorer
from scripts.gpu_steps.bench import ROOT, Bench, Finding, apart, picture

FIVE = load_preset("five-taps").spec
STAND_INS = {"vgg19-imagenet1k-v1": "vgg16-oxford", "vgg16-imagenet1k-v1-l2pool": "vgg16-oxford-l2pool"}
"""What runs without a download in place of what needs one, as in tests/golden/samples.json."""
SMALLEST = ("photo-noise", "photo-shift-1px")
NEAR = 1e-4
"""Relative: what other orders of float32 sums may move a distance by. Products of TF32 would move it by 1e-3."""


def versions(bench: Bench) -> Finding:
    """What is here; and that a measurement leaves the process's switches for float32 as they were."""
    found: dict[str, Any] = {"torch": torch.__version__, "cuda": torch.version.cuda, "hip": torch.version.hip}
    if bench.is_cuda:
        properties = torch.cuda.get_device_properties(bench.torch_device)
        found |= {
            "gpu": properties.name,
            "memory": properties.total_memory,
            "capability": f"{properties.major}.{properties.minor}",
            "cudnn": torch.backends.cudnn.version(),  # type: ignore[no-untyped-call] # torch gives it no types
        }
    before = _switches()
    with computing("fp32", bench.torch_device):
        within = _switches()
    after = _switches()
    own = {"cpu": "mkldnn", "cuda": "cu"}.get(bench.torch_device.type, "none at all")
    exact = all(value == "ieee" for name, value in within.items() if name.startswith(own))
    found |= {"before": before, "within": within, "after": after}
    return Finding(exact and before == after, f"torch {torch.__version__}, {found.get('gpu', 'no GPU')}", found)


def _switches() -> dict[str, str]:
    backends: Any = torch.backends
    places = {
        "cudnn.conv": backends.cudnn.conv,
        "cuda.matmul": backends.cuda.matmul,
        "mkldnn.conv": backends.mkldnn.conv,
        "mkldnn.matmul": backends.mkldnn.matmul,
    }
    return {name: place.fp32_precision for name, place in places.items()}


def sample(name: str) -> Pair:
    """A sample pair."""
    (candidate,) = (ROOT / "sample_images" / "candidate").glob(f"{name}.*")
    return pair_of_files(ROOT / "sample_images" / "reference" / f"{name}.png", candidate)


@cache
def stored(name: str) -> dict[str, dict[str, dict[str, float]]]:
    """Preset → pair → tap → float64 distance, or how far float32 may be off."""
    found: dict[str, dict[str, dict[str, float]]] = json.loads(
        (ROOT / "tests" / "golden" / name).read_text("utf-8")
    )
    return found


def cases(bench: Bench) -> Iterator[tuple[str, DistanceSpec, list[str]]]:
    """Every preset that runs without a download, and the pairs whose float64 distances by it are stored."""
    for preset, pairs in stored("samples.json").items():
        backbone = load_preset(preset).spec.backbone
        spec = make_recipe(preset, backbone=STAND_INS.get(backbone, backbone)).spec
        names = list(pairs)
        if bench.small:
            known = [name for name in SMALLEST if name in pairs] or names
            names = known[:1] if preset in ("default", "dists") else []
        if names:
            yield preset, spec, names


def presets(bench: Bench) -> Finding:
    """Every preset on the sample pairs: near float64, twice the same, and as on the CPU."""
    outside, moved, done, worst, from_cpu = [], [], 0, 0.0, 0.0
    for preset, spec, names in cases(bench):
        here, cpu = Scorer(spec, device=bench.device), Scorer(spec, device="cpu")
        for index, name in enumerate(names):
            if bench.left < 60:
                break
            found = {layer.name: layer.distance for layer in here.score(sample(name)).layers}
            again = {layer.name: layer.distance for layer in here.score(sample(name)).layers}
            moved += [f"{preset} {name}"] if found != again else []
            bounds = stored("samples_bounds.json")[preset][name]
            for tap, exact in stored("samples.json")[preset][name].items():
                share = abs(found[tap] - exact) / bounds[tap] if bounds[tap] else float(found[tap] != exact)
                worst = max(worst, share)
                outside += [f"{preset} {name} {tap}"] if share > 1 else []
            if index < 3:
                layers = cpu.score(sample(name)).layers
                from_cpu = max(
                    from_cpu, apart([found[one.name] for one in layers], [one.distance for one in layers])
                )
            done += 1
    return Finding(
        not outside and not moved and done > 0 and from_cpu < NEAR,
        f"{done} results, at most {worst:.1e} of their bounds from float64, {from_cpu:.1e} from the CPU",
        {"outside": outside, "not repeated": moved, "worst share of bound": worst, "from the CPU": from_cpu},
    )


def precisions(bench: Bench) -> Finding:
    """How far fewer bits are from float64; float32 for comparison."""
    from percept_cli.loss import PerceptualDistance

    width, height, count = (48, 32, 1) if bench.small else (320, 240, 3)
    pairs = [(picture(width, height, seed), picture(width, height, seed + 100)) for seed in range(count)]
    plan = plan_pair(FIVE, height=height, width=width)
    double = PerceptualDistance("five-taps").double()
    with torch.no_grad():
        exact = [
            float(double(*(to_batch([side]).double() / 255 for side in pair))) for pair in pairs if bench.left > 60
        ]
    found: dict[str, Any] = {}
    kinds: tuple[Precision, ...] = ("fp32", "tf32", "bf16", "fp16")
    for kind in kinds:
        try:
            engine = Engine(replace(FIVE, precision=kind), bench.device)
        except DeviceUnavailable as error:
            found[kind] = str(error)
            continue
        totals = [sum(engine.finish(plan, engine.measure(pair, plan))) for pair in pairs[: len(exact)]]
        found[kind] = apart(totals, exact)
    # Half precision has 8 bits: a tenth would be a defect, not rounding.
    errors = {kind: value for kind, value in found.items() if not isinstance(value, str)}
    right = all(value < (NEAR if kind == "fp32" else 0.1) for kind, value in errors.items())
    told = ", ".join(f"{kind} {value:.1e}" for kind, value in errors.items())
    return Finding(right, f"from float64: {told}", found)


def pieces(bench: Bench) -> Finding:
    """Planned as whole, in columns as whole, in bands as whole, in a batch as alone."""
    width, height = (400, 64) if bench.small else (1500, 400)
    engine, plan = Engine(FIVE, bench.device), plan_pair(FIVE, height=height, width=width)
    pair = picture(width, height, 1), picture(width, height, 2)
    whole = engine.finish(plan, engine.measure(pair, plan))
    around = margins(FIVE.record.network, FIVE.taps)
    columns = replace(plan, crops=tuple(columns_of(plan.crops[0], 96, around, height, width)))
    found = {"columns": apart(engine.finish(columns, engine.measure(pair, columns)), whole)}

    changed = bytearray(pair[0].pixels[:])
    for row in range(16, 32):
        changed[3 * (row * width + 20) : 3 * (row * width + 40)] = bytes(60)
    little = pair[0], replace(pair[0], pixels=bytes(changed))
    planned = plan_of_pixels(FIVE, little[0].pixels, little[1].pixels, height, width)
    everywhere = engine.finish(plan, engine.measure(little, plan))
    assert planned.share < 1, "the plan avoids nothing, and so is no test"
    found["planned"] = apart(sum(engine.finish(planned, engine.measure(little, planned))), sum(everywhere))

    others = [
        (picture(width, height, seed), picture(width, height, seed + 9)) for seed in range(2 if bench.small else 7)
    ]
    piece = Piece(plan, plan.crops[0])
    together = engine.submit([pair, *others], [piece] * (1 + len(others))).result()
    found["batch"] = apart(engine.finish(plan, [together[0]]), whole)
    found["bands"] = _bands_apart(engine, bench, width, height)
    note = ", ".join(f"{name} {value:.1e}" for name, value in found.items())
    return Finding(all(value < NEAR for value in found.values()), note, found)


def _bands_apart(engine: Engine, bench: Bench, width: int, height: int) -> float:
    """Features in low bands, relative to those in one band."""
    pixels = torch.from_numpy(picture(width, height, 3).array.copy())[None].to(bench.torch_device)
    runs = []
    for band_bytes in (1 << 16, 1 << 40):
        found: dict[str, list[Tensor]] = {}
        how = schedule(
            FIVE.record.network, FIVE.taps, height=height, width=width, pictures=1, band_bytes=band_bytes
        )
        assert how is not None
        with torch.inference_mode(), computing("fp32", bench.torch_device):
            for tap, _, features in engine._backbone.bands(pixels, how):
                found.setdefault(tap, []).append(features.clone())
        runs.append({tap: torch.cat(parts, dim=2).double().cpu() for tap, parts in found.items()})
    low, high = runs
    return max(float((low[tap] - high[tap]).norm() / high[tap].norm()) for tap in high)


def memory(bench: Bench) -> Finding:
    """Too little of it: batches are halved, and the digits stay."""
    import tempfile
    from pathlib import Path

    from PIL import Image

    n, side = (6, 48) if bench.small else (64, 512)
    said: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        pairs = []
        for index in range(n):
            paths = [Path(name) / f"{index}-{which}.png" for which in "rc"]
            for path, seed in zip(paths, (index, index + 1000), strict=True):
                Image.fromarray(picture(side, side, seed).array).save(path)
            pairs.append(pair_of_files(*paths))
        scorer = Scorer(FIVE, device=bench.device)
        expected = [scorer.score(pair).distance for pair in pairs[: 4 if bench.small else 16]]
        line = Pipeline(scorer, batch_size=n, workers=2, say=said.append)
        with _little_memory(scorer.engine, bench, side):
            found = [result.distance for result, _ in line.results(Pairs(pairs))]
    worst = apart(found[: len(expected)], expected)
    halved = [words for words in said if "continuing with" in words]
    how = "a limit on this process" if bench.is_cuda else "a stand-in: this device has no limit to set"
    return Finding(
        bool(halved) and len(found) == n and worst < NEAR,
        f"halved {len(halved)} times, distances {worst:.1e} apart; memory by {how}",
        {"said": said, "apart": worst},
    )


def _little_memory(engine: Engine, bench: Bench, side: int) -> Any:
    """A context in which large batches do not fit."""
    from contextlib import contextmanager

    @contextmanager
    def limited() -> Iterator[None]:
        start = engine.start
        if bench.is_cuda:
            waited: list[bool] = []

            def late(pixels: Tensor, pieces: Any) -> Any:
                if not waited:  # the readers get ahead, so that the next batch is large
                    waited.append(True)
                    time.sleep(2)
                return start(pixels, pieces)

            bench.clear()
            one = engine._lowest(side, side).bytes
            total = torch.cuda.get_device_properties(bench.torch_device).total_memory
            share = (torch.cuda.memory_reserved(bench.torch_device) + 2 * one) / total
            torch.cuda.set_per_process_memory_fraction(min(1.0, share), bench.torch_device)
            engine.start = late  # type: ignore[method-assign]
            try:
                yield
            finally:
                del engine.start
                torch.cuda.set_per_process_memory_fraction(1.0, bench.torch_device)
            return

        def refuse(pixels: Tensor, pieces: Any) -> Any:
            if len(pieces) > 2:
                raise DeviceOutOfMemory("too many (a stand-in)", hint="none")
            return start(pixels, pieces)

        engine.start = refuse  # type: ignore[method-assign]
        try:
            yield
        finally:
            del engine.start

    return limited()


def three_tf32(bench: Bench) -> Finding:
    """One TF32 convolution over [xh, xh, xl]·[wh, wl, wh]: what it keeps of float32's digits, and its time.

    x = xh + xl with 11 bits each, w likewise: what is left out is xl·wl, 2⁻²² of the product. Where there is no
    TF32, operands of 11 bits go through float32, which multiplies them without rounding, as tensor cores do.
    """
    channels, side = (32, 24) if bench.small else (256, 160)
    generator = torch.Generator().manual_seed(0)
    x, w = (
        torch.rand((1, channels, side, side), generator=generator),
        torch.randn((channels, channels, 3, 3), generator=generator),
    )
    exact = F.conv2d(x.double(), w.double(), padding=1)
    x, w = (one.to(bench.torch_device).contiguous(memory_format=torch.channels_last) for one in (x, w))
    (xh, xl), (wh, wl) = (_split(one) for one in (x, w))
    wide_x, wide_w = torch.cat([xh, xh, xl], dim=1), torch.cat([wh, wl, wh], dim=1)
    tf32: Precision = "tf32" if bench.is_cuda else "fp32"
    runs = {
        "fp32": ("fp32", x, w),
        "tf32": (tf32, xh, wh),
        "3×tf32": (tf32, wide_x, wide_w),
    }
    errors, times = {}, {}
    for name, (precision, left, right) in runs.items():
        with torch.inference_mode(), computing(precision, bench.torch_device):
            found = F.conv2d(left, right, padding=1)
            errors[name] = float((found.cpu().double() - exact).norm() / exact.norm())
            times[name] = bench.seconds(lambda left=left, right=right: F.conv2d(left, right, padding=1))  # type: ignore[misc]
    return Finding(
        errors["3×tf32"] < errors["tf32"] / 50,
        ", ".join(f"{name} {errors[name]:.1e} {1000 * times[name]:.2f} ms" for name in runs),
        {"errors": errors, "seconds": times},
    )


def _split(values: Tensor) -> tuple[Tensor, Tensor]:
    """Two parts of 11 bits each, whose sum is the value as far as these go."""

    def rounded(one: Tensor) -> Tensor:
        bits = one.view(torch.int32)
        return ((bits + 0x1000) & ~0x1FFF).view(torch.float32)

    high = rounded(values)
    return high, rounded(values - high)
