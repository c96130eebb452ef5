"""How the compiled convolutions are built, and what the compiler's checks find in them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from percept_cli.engine import compiled
from percept_cli.engine.native import build
from tests.support.compiled import run, there
from tests.support.convolutions import random
from tests.support.rounding import UNIT, relative_error

needs_compiler = pytest.mark.skipif(
    not any(map(shutil.which, ("cc", "gcc", "clang"))), reason="there is no C compiler"
)


def test_every_set_that_is_built_is_known_to_who_chooses() -> None:
    names = {one.name for sets in build.SETS.values() for one in sets}
    assert names == {build.PORTABLE.name, *compiled.PREFERRED}


def test_processors_have_several_names() -> None:
    assert [one.name for one in build.sets("AMD64")] == ["portable", "avx2", "avx512"]
    assert [one.name for one in build.sets("arm64")] == ["portable", "neon"]
    assert build.sets("riscv64") == (build.PORTABLE,)


def test_without_a_compiler_nothing_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    with pytest.raises(build.NotCompiled, match="there is no C compiler"):
        build.build(tmp_path / build.LIBRARY)
    monkeypatch.setenv("CC", "no-such-compiler -m64")
    with pytest.raises(build.NotCompiled, match="no-such-compiler was not found"):
        build.build(tmp_path / build.LIBRARY)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="a script with #!")
def test_a_compiler_that_fails_leaves_the_old_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "broken-cc"
    script.write_text("#!/bin/sh\necho no headers >&2\nexit 1\n")
    script.chmod(0o755)
    library = tmp_path / "made" / build.LIBRARY
    library.parent.mkdir()
    library.write_bytes(b"old")
    monkeypatch.setenv("CC", str(script))
    with pytest.raises(build.NotCompiled, match="broken-cc failed: no headers"):
        build.build(library)
    assert [path.name for path in library.parent.iterdir()] == [build.LIBRARY]
    assert library.read_bytes() == b"old"


@pytest.mark.slow
@needs_compiler
def test_wide_vectors_have_the_digits_of_avx2(tmp_path: Path) -> None:
    """The parameters of AVX-512, compiled to instructions that more processors have."""
    reference = there("avx2")
    wide = build.Instructions("wide", ("-mavx2", "-mfma", "-Wno-psabi"), 16, 12)
    library = tmp_path / build.LIBRARY
    assert build.build(library, instructions=[wide]) == ("wide",)
    import ctypes

    kernel = compiled.Kernel(ctypes.CDLL(str(library)), "wide")
    for n, height, width, inputs, outputs in ((1, 1, 1, 1, 1), (2, 9, 21, 150, 72), (1, 4, 130, 17, 33)):
        padded = random(n, height + 2, width, inputs)
        for tile in (2, 4):
            found = run(kernel, padded, outputs, tile, relu=True)
            expected = run(reference, padded, outputs, tile, relu=True).double()
            assert relative_error(found, expected) <= 4 * UNIT  # the compiler may fuse other products and sums


@pytest.mark.slow
@needs_compiler
@pytest.mark.skipif(sys.platform != "linux", reason="looks for the sanitizers of gcc on Linux")
@pytest.mark.parametrize("name", ["portable", "avx2", "avx512"])
def test_nothing_is_read_or_written_beside_and_nothing_is_undefined(name: str, tmp_path: Path) -> None:
    """AddressSanitizer and UndefinedBehaviorSanitizer over many sizes; every buffer is as large as it must be."""
    there(name)
    (chosen,) = (one for one in build.sets() if one.name == name)
    program = tmp_path / "sizes"
    command = [
        *build.compiler(), *build.FLAGS, "-O1", "-g", *chosen.flags, "-Wall", "-Wextra", "-Werror", "-Wno-psabi",
        "-fsanitize=address,undefined", "-fno-sanitize-recover=all",
        f"-DWIDTH={chosen.width}", f"-DTILES_AT_ONCE={chosen.tiles}", "-DNAME(x)=percept_##x##_tested",
        str(build.HERE / "convolve.c"), str(Path(__file__).with_name("sizes.c")), f"-I{build.HERE}",
        "-o", str(program),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "cannot find" in done.stderr and "san" in done.stderr:
        pytest.skip("the compiler comes without sanitizers")
    assert done.returncode == 0, done.stderr
    done = subprocess.run([program], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("all of ")
