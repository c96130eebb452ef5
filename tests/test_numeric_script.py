"""The script that runs the tests of computed numbers with other instruction sets."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts import numeric_tests
from tests.conftest import ROOT

CPUINFO = """processor : 0
model name : Xeon
flags : fpu avx2 fma avx512f amx_tile

processor : 1
model name : Xeon
flags : fpu avx2 fma avx512f amx_tile
"""


def test_one_variable_is_set_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in numeric_tests.VARIABLES:
        monkeypatch.setenv(name, "whatever")
    (plain, nothing), *others = numeric_tests.runs()
    assert plain == "plain"
    assert not numeric_tests.VARIABLES.keys() & nothing.keys()
    for (variable, value), (name, environment) in zip(numeric_tests.VARIABLES.items(), others, strict=True):
        assert name == f"{variable}={value}"
        assert dict(environment.items() - nothing.items()) == {variable: value}


def test_it_says_what_processor_this_is(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text(CPUINFO)
    assert numeric_tests.processor(tmp_path / "cpuinfo") == "Xeon (avx2 fma avx512f amx_tile)"
    assert "instructions unknown" in numeric_tests.processor(tmp_path / "nowhere")


def test_a_failure_is_its_exit_code(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(numeric_tests, "VARIABLES", {})
    assert numeric_tests.main(["tests/test_numeric_script.py"]) == 1  # no test here is numeric: pytest says 5
    assert "failed with plain" in capfd.readouterr().out


def test_contributing_names_it() -> None:
    assert "scripts.numeric_tests" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
