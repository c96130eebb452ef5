"""PerceptualDistance: the engine's numbers, gradients that are right and finite, and what training does to it."""

from __future__ import annotations

import copy
import io
import pickle
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from percept_cli import PerceptualDistance
from percept_cli.engine.measure import Engine
from percept_cli.engine.plan import plan_pair
from percept_cli.errors import InvalidInput, InvalidSetting
from percept_cli.recipes.recipe import make_recipe
from tests.support.losses import SHALLOW, pictures, pixels
from tests.support.measuring import measured
from tests.support.peers import lpips_with_shipped_kernels
from tests.support.rounding import ARITHMETIC, UNIT, exact, of_features
from tests.support.rounding import relative_error as off

L2_POOLS = "vgg16-oxford-l2pool"
# Those that need no weights of their own.
DISTANCE_NAMES = (
    "contextual",
    "mse",
    "l1",
    "euclidean",
    "cosine",
    "unit",
    "frobenius",
    "gram-none",
    "gram-hw",
    "gram-chw",
)


def gradient(loss: Any, reference: Tensor, candidate: Tensor) -> tuple[Tensor, Tensor]:
    """The loss, and its gradient with respect to the candidate."""
    candidate = candidate.detach().clone().requires_grad_()
    value = loss(reference, candidate)
    value.sum().backward()
    assert candidate.grad is not None
    return value.detach(), candidate.grad


@pytest.mark.numeric
@pytest.mark.parametrize(
    "recipe",
    [
        {},
        {"preset": "johnson-style"},
        {"preset": "dists", "backbone": "vgg16-oxford-l2pool"},
        {"preset": "default", "distance": "euclidean"},
        {"preset": "lpips"},
        {"preset": "st-lpips"},
        {"preset": "contextual"},
        {"preset": "esrgan"},
    ],
)
@pytest.mark.usefixtures("all_weights")
@pytest.mark.parametrize(
    ("n", "height", "width"),
    [
        (2, 33, 49),
        pytest.param(1, 48, 48, marks=pytest.mark.slow),
        pytest.param(3, 37, 53, marks=pytest.mark.slow),
    ],
)
def test_numbers_are_the_engines(recipe: dict[str, str], n: int, height: int, width: int, device: str) -> None:
    spec = make_recipe(
        recipe.get("preset", "five-taps"),
        distance=recipe.get("distance"),
        backbone=recipe.get("backbone"),
    ).spec
    reference, candidate = pixels(n, height, width, 1), pixels(n, height, width, 2)
    distances = measured(Engine(spec, device), reference, candidate, plan_pair(spec, height=height, width=width))
    loss = PerceptualDistance(**recipe, reduction="none", per_layer=True).to(device)  # type: ignore[arg-type]
    total, layers = loss(reference.to(device) / 255, candidate.to(device) / 255)
    assert loss.spec.fingerprint == spec.fingerprint
    assert tuple(layers) == spec.taps
    # Direct sums here, Winograd there, both float32: each is held to float64 by what it may lose.
    known = exact(spec, reference, candidate)
    known.check(distances)
    total = total.cpu()
    found = torch.stack(list(layers.values()), dim=1).cpu().double()
    torch.testing.assert_close(total.double(), found.sum(dim=1), rtol=len(layers) * UNIT, atol=0)  # rounded last
    known.check(found / known.weights)


def test_equal_pictures_are_exactly_zero_and_either_order_is_the_same(device: str) -> None:
    x, y = (pictures(2, 32, 40, seed).to(device) for seed in (1, 2))
    loss = PerceptualDistance(reduction="none").to(device)
    assert loss(x, x.clone()).tolist() == [0.0, 0.0]
    assert torch.equal(loss(x, y), loss(y, x))


@pytest.mark.numeric
def test_reductions_ranges_and_layers_weighted_zero() -> None:
    x, y = pictures(3, 24, 24, 1), pictures(3, 24, 24, 2)
    each = PerceptualDistance(layers=SHALLOW, reduction="none")(x, y)
    assert each.shape == (3,)
    assert each.dtype == torch.float32
    # Three float64 values that are rounded to float32 before they are added or after.
    few = 4 * UNIT
    torch.testing.assert_close(PerceptualDistance(layers=SHALLOW)(x, y), each.mean(), rtol=few, atol=0)
    torch.testing.assert_close(
        PerceptualDistance(layers=SHALLOW, reduction="sum")(x, y), each.sum(), rtol=few, atol=0
    )
    for low, high in ((-1, 1), (0, 255)):
        loss = PerceptualDistance(layers=SHALLOW, reduction="none", value_range=(low, high)).double()
        x, y = x.double(), y.double()
        torch.testing.assert_close(
            loss(x * (high - low) + low, y * (high - low) + low),
            PerceptualDistance(layers=SHALLOW, reduction="none").double()(x, y),
            rtol=ARITHMETIC,
            atol=0,
        )
    x, y = x.float(), y.float()
    # What is silenced is not computed: relu5_3 has no position in pictures of this size.
    total, layers = PerceptualDistance(layers="relu1_2,relu5_3=0", per_layer=True)(x[..., :8, :8], y[..., :8, :8])
    assert layers["relu5_3"] == 0
    assert total == layers["relu1_2"]


@pytest.mark.numeric
@pytest.mark.parametrize("along_one_direction", [True, pytest.param(False, marks=pytest.mark.slow)])
@pytest.mark.parametrize("distance", DISTANCE_NAMES)
def test_gradients_are_those_of_finite_differences(distance: str, along_one_direction: bool) -> None:
    """The quick tests go one random way through all pixels at once, the slow ones from pixel to pixel."""
    loss = PerceptualDistance(layers="input,conv1_1,relu1_2,relu2_1", distance=distance).double()
    # Far from each other and from black, where lengths have kinks.
    x, y = (0.2 + 0.3 * (pictures(1, 4, 4, seed).double() + seed - 1) for seed in (1, 2))
    # A step of 1e-7 leaves 1e-7 of curvature and 1e-9 of rounding, of slopes that differ by a thousand; a wrong
    # term in a slope shows in its first digits.
    sides = (x.requires_grad_(), y.requires_grad_())
    assert torch.autograd.gradcheck(loss, sides, eps=1e-7, rtol=1e-3, fast_mode=along_one_direction)


@pytest.mark.slow
@pytest.mark.numeric
def test_what_a_distance_has_learned_has_gradients_too() -> None:
    """`dists`: they are those of finite differences, finite at equal and black pictures, and 0 at equal ones."""
    loss = PerceptualDistance("dists", backbone=L2_POOLS, layers="input,relu1_2,relu2_2").double()
    x, y = (0.2 + 0.3 * (pictures(1, 6, 6, seed).double() + seed - 1) for seed in (1, 2))
    # A step of 1e-7 leaves 1e-7 of curvature and 1e-9 of rounding, of slopes that differ by a thousand; a wrong
    # term in a slope shows in its first digits.
    assert torch.autograd.gradcheck(loss, (x.requires_grad_(), y.requires_grad_()), eps=1e-7, rtol=1e-3)
    for checkpoint in (False, True):
        loss = PerceptualDistance("dists", backbone=L2_POOLS, checkpoint=checkpoint)
        other, black = pictures(1, 32, 32, 1), torch.zeros(1, 3, 32, 32)
        for first, second in ((other, other), (black, black), (black, other)):
            value, found = gradient(loss, first, second)
            assert found.isfinite().all()
            # Where the distance is at its least, its slope is 0 but for float64's rounding of the five sums.
            assert value or found.abs().max() < 1e-12


@pytest.mark.parametrize("distance", DISTANCE_NAMES)
@pytest.mark.parametrize("checkpoint", [False, True])
def test_gradients_are_finite_at_equal_pictures_and_at_vectors_of_zeros(
    distance: str, checkpoint: bool, device: str
) -> None:
    loss = PerceptualDistance(layers="input,conv1_2,relu2_1", distance=distance, checkpoint=checkpoint).to(device)
    black, other = torch.zeros(1, 3, 16, 16, device=device), pictures(1, 16, 16, 1).to(device)
    partly = other.clone()
    partly[..., :8] = 0
    for first, second in ((other, other), (black, black), (black, other), (partly, other), (partly, partly)):
        x, y = (side.clone().requires_grad_() for side in (first, second))
        loss(x, y).backward()
        for side in (x, y):
            assert side.grad is not None
            assert side.grad.isfinite().all()
            if distance in ("unit", "cosine"):  # the others grow with the features
                # Where `unit` divides by 1e-10, its slope is 1e10: no optimiser survives that.
                assert side.grad.abs().max() < 1e3
            if first is second:
                assert not side.grad.any()


@pytest.mark.numeric
@pytest.mark.parametrize(
    ("n", "height", "width"),
    [
        (1, 37, 53),
        *(pytest.param(*size, marks=pytest.mark.slow) for size in ((1, 64, 64), (3, 48, 34), (3, 35, 33))),
    ],
)
def test_gradient_equals_that_of_lpips(n: int, height: int, width: int) -> None:
    """Autograd through the lpips package, carrying the same kernels, on its range [-1, 1], in float64.

    In float32 the gradient has steps: where rounding moves a ReLU across 0, or makes another of four nearly equal
    values the largest, a whole path through the network is another's. Of N·C·H·W such choices at a tap some share
    falls within the rounding of the features, and a gradient's length changes with the root of that share. So
    float32 is held to float64 by the root of what its deepest features may lose.
    """
    peer = lpips_with_shipped_kernels()
    x, y = pictures(n, height, width, 3).double(), pictures(n, height, width, 4).double()
    value, found = gradient(PerceptualDistance(reduction="sum").double(), x, y)
    expected_value, expected = gradient(lambda a, b: peer(2 * a - 1, 2 * b - 1), x, y)
    torch.testing.assert_close(value, expected_value.sum(), rtol=ARITHMETIC, atol=0)
    assert off(found, expected) < ARITHMETIC
    _, found = gradient(PerceptualDistance(reduction="sum"), x.float(), y.float())
    assert off(found, expected) < of_features("vgg16", "relu5_3", winograd=False) ** 0.5


def test_a_wrong_value_range_has_another_gradient() -> None:
    """That the test above can fail: a recipe a hundredth off is seen."""
    x, y = pictures(1, 32, 32, 1), pictures(1, 32, 32, 2)
    _, right = gradient(PerceptualDistance(layers=SHALLOW), x, y)
    _, wrong = gradient(PerceptualDistance(layers=SHALLOW, value_range=(0, 1.01)), x, y)
    assert off(wrong, right) > 1e-3


def test_checkpoints_move_no_number_and_keep_less() -> None:
    x, y = pictures(2, 48, 37, 1), pictures(2, 48, 37, 2)
    plain, frugal = PerceptualDistance(), PerceptualDistance(checkpoint=True)
    for first, second in zip(gradient(plain, x, y), gradient(frugal, x, y), strict=True):
        assert torch.equal(first, second)
    assert kept(frugal, x, y) < 0.3 * kept(plain, x, y)


def test_nothing_is_kept_of_a_side_without_gradients() -> None:
    x, y = pictures(1, 32, 32, 1), pictures(1, 32, 32, 2)
    loss = PerceptualDistance("johnson-content")
    assert kept(loss, x, y) < 0.6 * kept(loss, x.requires_grad_(), y)


def kept(loss: PerceptualDistance, x: Tensor, y: Tensor) -> int:
    """Bytes that autograd keeps of a forward run, kernels apart."""
    kernels = {buffer.untyped_storage().data_ptr() for buffer in loss.buffers()}
    storages: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in kernels:
            storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        value = loss(x, y.clone().requires_grad_())
    assert value.requires_grad
    return sum(storages.values())


def test_nothing_for_an_optimiser_and_nothing_in_a_state_dict() -> None:
    model = nn.Sequential(nn.Conv2d(3, 3, 1))
    model.loss = PerceptualDistance(layers=SHALLOW)
    assert [name for name, _ in model.named_parameters()] == ["0.weight", "0.bias"]
    assert set(model.state_dict()) == {"0.weight", "0.bias"}
    model.load_state_dict(model.state_dict())
    model.requires_grad_(True).train()
    x, y = pictures(1, 16, 16, 1), pictures(1, 16, 16, 2)
    model.loss(x, model[0](y).sigmoid()).backward()
    assert all(buffer.grad is None and not buffer.requires_grad for buffer in model.loss.buffers())
    assert model[0].weight.grad is not None


def test_copies_pickles_and_replicas_give_the_same() -> None:
    x, y = pictures(1, 16, 16, 1), pictures(1, 16, 16, 2)
    loss = PerceptualDistance(layers=SHALLOW)
    expected = gradient(loss, x, y)
    file = io.BytesIO()
    torch.save(loss, file)
    file.seek(0)
    others = [
        copy.deepcopy(loss),
        pickle.loads(pickle.dumps(loss)),
        torch.load(file, weights_only=False),
        loss._replicate_for_data_parallel(),  # type: ignore[no-untyped-call] # what DataParallel gives a device
    ]
    for other in others:
        for first, second in zip(gradient(other, x, y), expected, strict=True):
            assert torch.equal(first, second)


@pytest.mark.numeric
def test_to_moves_the_kernels() -> None:
    x, y = pictures(1, 24, 24, 1), pictures(1, 24, 24, 2)
    single, double = PerceptualDistance(), PerceptualDistance().double()
    wide = double(x.double(), y.double())
    assert wide.dtype == torch.float64
    known = exact(single.spec, x * 255, y * 255, winograd=False)
    assert abs(single(x, y).double() - wide) <= known.bounds_of_totals
    assert {buffer.device.type for buffer in single.to("meta").buffers()} == {"meta"}
    with pytest.raises(InvalidInput, match="reference is on device cpu, but the loss is on meta"):
        single(x, y)


@pytest.mark.numeric
def test_precision_is_chosen_by_the_recipe_and_not_by_autocast(device: str) -> None:
    x, y = (pictures(1, 24, 24, seed).to(device) for seed in (1, 2))
    loss, half = (PerceptualDistance(precision=kind).to(device) for kind in ("fp32", "bf16"))
    expected = gradient(loss, x, y)
    with torch.autocast(device, dtype=torch.bfloat16):
        found = gradient(loss, x, y)
    assert all(torch.equal(first, second) for first, second in zip(found, expected, strict=True))
    # A generator under autocast hands over half precision, which is widened.
    assert loss(x, y.bfloat16()).dtype == torch.float32
    coarse = gradient(half, x, y)
    assert coarse[0].dtype == torch.float32
    # 2⁻⁸ for each rounding, which alone would be 0.4 %; the gradient's steps (see above) go by the root of it.
    assert coarse[0].item() == pytest.approx(expected[0].item(), rel=0.02)
    assert 1e-4 < off(coarse[1], expected[1]) < 0.3


@pytest.mark.slow
@pytest.mark.numeric
@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
@pytest.mark.parametrize("checkpoint", [False, True])
def test_compiled_it_gives_the_same(backend: str, checkpoint: bool) -> None:
    x, y = pictures(1, 16, 16, 1), pictures(1, 16, 16, 2)
    loss = PerceptualDistance(layers=SHALLOW, check=False, checkpoint=checkpoint)
    expected = gradient(loss, x, y)
    torch._dynamo.reset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own, of what it will change
        found = gradient(torch.compile(loss, backend=backend), x, y)
    # Neither backend makes code of its own: the same operations, which a library may sum in another order.
    known = exact(loss.spec, x * 255, y * 255, winograd=False)
    assert abs(found[0].double() - expected[0]) <= 2 * known.bounds_of_totals
    assert off(found[1], expected[1]) < of_features("vgg16", "relu2_1", winograd=False) ** 0.5


def test_made_in_inference_mode_it_still_has_gradients() -> None:
    x, y = pictures(1, 16, 16, 1), pictures(1, 16, 16, 2)
    with torch.inference_mode():
        loss = PerceptualDistance(layers=SHALLOW)
        assert loss(x, y) > 0
    assert gradient(loss, x, y)[1].any()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"preset": "lpisp"}, "unknown preset"),
        ({"layers": "relu9_1"}, "unknown layer"),
        ({"distance": "l3"}, "unknown distance"),
        ({"precision": "int8"}, "unknown precision"),
        ({"reduction": "max"}, "unknown reduction"),
        ({"value_range": (1, 0)}, "value_range must be"),
        ({"value_range": 255}, "value_range must be"),
        ({"value_range": (0, float("inf"))}, "value_range must be"),
    ],
)
def test_bad_settings_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidSetting, match=words) as caught:
        PerceptualDistance(**settings)
    assert caught.value.hint


def test_a_preset_may_be_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('distance = "mse"\n[layers]\nrelu1_1 = 2.0\n')
    assert PerceptualDistance(path).spec.layers[0].weight == 2


@pytest.mark.slow
def test_what_a_loss_loads() -> None:
    """Nothing that reads files, draws, pairs, judges or prints."""
    code = "import percept_cli, sys; percept_cli.PerceptualDistance(); print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    rooms = {name.split(".")[1] for name in loaded if name.startswith("percept_cli.")}
    assert rooms == {
        *("loss", "engine", "recipes", "distances", "networks", "images", "system"),
        *("topology", "geometry", "errors", "_version"),
    }
