"""The compiled convolutions: every set of instructions against float64, and what they promise of digits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from percept_cli.engine import compiled, winograd
from percept_cli.engine.compiled import Kernel
from percept_cli.engine.native import build
from percept_cli.errors import DeviceUnavailable, InvalidSetting
from tests.support.compiled import run, there
from tests.support.convolutions import kernels, random, rounding
from tests.support.rounding import relative_error

pytestmark = pytest.mark.numeric

SETS = tuple(one.name for one in build.sets())
EVERY = ("portable", *compiled.PREFERRED)


@pytest.fixture(params=SETS)
def kernel(request: pytest.FixtureRequest) -> Kernel:
    return there(request.param)


@pytest.fixture(params=[1, 2])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.mark.parametrize("tile", [2, 4])
@pytest.mark.parametrize(
    ("n", "height", "width", "inputs", "outputs"),
    [
        *((1, 1, 1, 1, 1), (2, 1, 7, 5, 3), (1, 9, 4, 17, 33), (3, 5, 6, 31, 64), (1, 4, 8, 64, 65)),
        *((2, 13, 29, 130, 72), (1, 2, 300, 8, 16), (1, 3, 3, 512, 128)),
    ],
)
def test_equals_the_direct_sum_in_float64(
    kernel: Kernel, threads: int, tile: int, n: int, height: int, width: int, inputs: int, outputs: int
) -> None:
    del threads
    padded = random(n, height + 2, width, inputs)
    weight, bias = (values.double() for values in kernels(inputs, outputs))
    expected = F.conv2d(padded.double().permute(0, 3, 1, 2), weight, bias, padding=(0, 1)).permute(0, 2, 3, 1)
    for relu in (False, True):
        found = run(kernel, padded, outputs, tile, relu=relu)
        assert relative_error(found, expected.clamp_min(0) if relu else expected) < rounding(inputs, tile)


@pytest.mark.parametrize("tile", [2, 4])
def test_digits_depend_on_no_thread_batch_band_or_width(kernel: Kernel, tile: int) -> None:
    padded = random(3, 26, 57, 40)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        whole, small = run(kernel, padded, 72, tile), run(kernel, padded[:1, :5, :6], 300, tile)
        for threads in (3, 5):
            torch.set_num_threads(threads)
            assert torch.equal(run(kernel, padded, 72, tile), whole)
            # Too few tiles for all threads: they share the outputs.
            assert torch.equal(run(kernel, padded[:1, :5, :6], 300, tile), small)
    finally:
        torch.set_num_threads(before)
    for i in range(3):
        assert torch.equal(run(kernel, padded[i : i + 1], 72, tile), whole[i : i + 1])
    assert torch.equal(run(kernel, padded[:, 8:18], 72, tile), whole[:, 8:16])
    # A crop's edge columns see zeros that are not the picture's.
    assert torch.equal(run(kernel, padded[:, :, 16:40], 72, tile)[:, :, 4:-4], whole[:, :, 20:36])


def test_sets_of_instructions_agree_to_the_last_digits() -> None:
    """All add up in one order; where a product and a sum are rounded at once is the compiler's choice."""
    found = [run(kernel, random(1, 10, 21, 70), 64, 4) for kernel in compiled.found().kernels]
    for other in found[1:]:
        assert relative_error(other, found[0].double()) < rounding(70, 4)


def test_memory_may_begin_anywhere_and_rows_may_be_apart(kernel: Kernel) -> None:
    n, height, width, inputs, outputs = 2, 6, 10, 20, 24
    dense = random(n, height + 2, width, inputs)
    within = torch.zeros(n, height + 5, width + 3, inputs + 7)[:, 1 : height + 3, 2 : width + 2, 3 : inputs + 3]
    within.copy_(dense)
    assert within.data_ptr() % 64
    weight, bias = kernels(inputs, outputs)
    packed = kernel.pack(weight, 4)
    odd = torch.empty(packed.numel() + 1)[1:].copy_(packed)
    around = torch.full((n, height + 2, width + 2, outputs + 5), 7.0)
    out = around[:, 1:-1, 1:-1, 2:-3]
    kernel.convolve(4, within, odd, torch.cat([bias, bias])[outputs:], out, relu=False)
    assert torch.equal(out, run(kernel, dense, outputs, 4))
    out.fill_(7)
    assert (around == 7).all()  # nothing was written beside it


def test_of_nothing_nothing_is_made(kernel: Kernel) -> None:
    assert run(kernel, torch.empty(0, 6, 5, 4), 8, 4).shape == (0, 4, 5, 8)
    assert run(kernel, torch.empty(2, 6, 0, 4), 8, 4).shape == (2, 4, 0, 8)


def test_a_value_that_is_no_number_stays_one(kernel: Kernel) -> None:
    padded = torch.full((1, 3, 1, 4), torch.nan)
    assert run(kernel, padded, 8, 2, relu=True).isnan().all()


@pytest.mark.parametrize("tile", [2, 4])
def test_kernels_are_transformed_as_by_torch(kernel: Kernel, tile: int) -> None:
    weight, _ = kernels(5, 32)
    packed = kernel.pack(weight, tile)
    expected = winograd.transform_kernels(winograd.TILES[tile], weight)
    assert packed.numel() == kernel.packed(5, 32, tile) == expected.numel()
    # In another order, and rounded once where torch rounds each of 9 products.
    torch.testing.assert_close(packed.sort().values, expected.flatten().sort().values, rtol=1e-5, atol=1e-6)


def test_what_does_not_fit_together_is_refused(kernel: Kernel) -> None:
    """Else the compiled code would read what is not its own."""
    weight, bias = kernels(8, 16)
    packed = kernel.pack(weight, 4)
    window, out = random(1, 6, 5, 8), torch.empty(1, 4, 5, 16)
    for wrong in (
        (random(1, 5, 5, 8), packed, bias, out),
        (window, packed[1:], bias, out),
        (window, packed, bias[1:], out),
        (random(1, 6, 8, 5).transpose(2, 3), packed, bias, out),
    ):
        with pytest.raises(ValueError, match=r"convolution|side by side"):
            kernel.convolve(4, *wrong, relu=False)
    with pytest.raises(TypeError, match="float32"):
        kernel.convolve(4, window.double(), packed, bias, out, relu=False)


@pytest.mark.parametrize("told", compiled.IN_TORCH)
def test_the_variable_asks_for_torch(monkeypatch: pytest.MonkeyPatch, told: str) -> None:
    monkeypatch.setenv(compiled.VARIABLE, told)
    assert compiled.choice() == told


def test_the_variable_asks_for_a_set_of_instructions(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(compiled.VARIABLE, kernel.name)
    assert compiled.choice() is kernel


def test_the_best_set_is_used_and_portable_only_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(compiled.VARIABLE, raising=False)
    there("portable")
    best = next((kernel for kernel in compiled.found().kernels if kernel.name != "portable"), "torch")
    assert compiled.choice() == best


def test_an_unknown_value_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(compiled.VARIABLE, "fast")
    with pytest.raises(InvalidSetting, match="PERCEPT_CONVOLUTION has the unknown value 'fast'"):
        compiled.choice()


def test_instructions_that_the_processor_lacks_are_never_used(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [kernel.name for kernel in compiled.found().kernels]
    for name in set(EVERY) - set(runs):
        monkeypatch.setenv(compiled.VARIABLE, name)
        with pytest.raises(DeviceUnavailable, match=f"PERCEPT_CONVOLUTION={name} cannot be used"):
            compiled.choice()
    flags = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    if "flags" in flags:
        assert ("avx512" in runs) == (" avx512f" in flags and bool(runs))
        assert ("avx2" in runs) == (" avx2" in flags and bool(runs))


def test_without_a_library_torch_computes_and_says_why(tmp_path: Path) -> None:
    assert compiled.load(tmp_path / "none.so") == compiled.Compiled(why="not compiled when percept was installed")
    broken = tmp_path / "broken.so"
    broken.write_bytes(b"no library")
    assert compiled.load(broken).why.startswith("broken.so cannot be loaded")


def test_a_library_of_other_sources_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there("portable")
    copy = tmp_path / build.LIBRARY
    copy.write_bytes(Path(build.HERE, build.LIBRARY).read_bytes())
    assert compiled.load(copy).kernels  # no sources beside it
    (tmp_path / build.SOURCES[0]).touch()
    monkeypatch.setattr(build, "stamp", lambda: "0" * 16)
    assert "its source has changed since" in compiled.load(copy).why
