"""Tests mirror the package: the test of a module is found without searching, and so is the module of a test."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

import percept_cli
from tests.conftest import ROOT

PACKAGE = Path(percept_cli.__file__).parent
TESTS = ROOT / "tests"
LEAST_LINES = 6
"""A shorter module decides nothing."""

TESTED_ELSEWHERE = {
    "cli/commands/*": "options and help of a command: tests/cli/ has what it does with them",
    "formats/scenes": "one line for each reader of light: tests/formats/ has those of exr, radiance and npy",
}
"""Modules without a test file, by patterns, and why."""

OF_NO_MODULE = {
    "test_action": "action.yml",
    "test_arrows": "all of the package: imports",
    "test_mirror": "all of the package: this",
    "test_declared": "all of the package: what it imports is declared",
    "test_corpus": "the labelled pairs",
    "test_verdicts": "all of a check, on the labelled pairs",
    "test_samples": "the whole of percept, on the sample pairs, against float64",
    "test_*_parity": "the whole of percept, against public code",
    "test_fuzz": "all readers, on damaged files",
    "test_examples": "docs/examples",
    "test_human": "scripts/human and docs/numbers/human-data.md",
    "test_loss_examples": "docs/examples, judged by other measures",
    "test_numeric_script": "scripts/numeric_tests.py",
    "test_readme": "README.md",
    "docs/test_*": "README.md and the pages of docs/",
    "test_wheel": "what is built",
    "test_publishing": "workflows, CITATION.cff, issue templates, and what PyPI is told",
    "test_pre_commit": ".pre-commit-hooks.yaml",
    "test_set_owner": "scripts/set_owner.py",
    "test_gpu_check": "scripts/gpu_check.py, its steps, and what carries it to a machine with a GPU",
    "engine/test_on_a_gpu": "the engine and the loss on GPUs that are not there, by tensors without values",
    "test_words_used": "all of the package: the words of its texts",
    "reports/html/test_browser": "the HTML report in a real browser: its style and its script",
}
"""Test files without a module, by patterns, and what they test."""


def reason_of(name: str, reasons: dict[str, str]) -> str | None:
    return next((reason for pattern, reason in reasons.items() if fnmatch(name, pattern)), None)


def files_for(module: str) -> list[str]:
    """Where the test of a module may be; that of a package's own file is beside those of its modules, or above."""
    room, _, name = f"/{module}".rpartition("/")
    if name == "__init__":
        above, _, name = room.rpartition("/")
        return [f"{place}/test_{name or PACKAGE.name}"[1:] for place in (room, above)]
    return [f"{room}/test_{name.strip('_')}"[1:]]


MODULES = {file.relative_to(PACKAGE).with_suffix("").as_posix(): file for file in PACKAGE.rglob("*.py")}
FILES = {file.relative_to(TESTS).with_suffix("").as_posix() for file in TESTS.rglob("test_*.py")}


def is_plain(module: str) -> bool:
    return len(MODULES[module].read_text(encoding="utf-8").splitlines()) < LEAST_LINES


def test_there_is_something_to_look_at() -> None:
    assert len(MODULES) > 100
    assert len(FILES) > 100


def test_every_module_has_its_test() -> None:
    missing = [
        f"{module}: tests/{files_for(module)[0]}.py"
        for module in sorted(MODULES)
        if not FILES.intersection(files_for(module))
        and not is_plain(module)
        and not reason_of(module, TESTED_ELSEWHERE)
        # What a room exports is tested with the modules that have it.
        and not module.endswith("__init__")
    ]
    assert missing == []


def test_every_test_has_its_module() -> None:
    mirrored = {name for module in MODULES for name in files_for(module)}
    lost = sorted(name for name in FILES - mirrored if not reason_of(name, OF_NO_MODULE))
    assert lost == []


def test_exceptions_are_needed() -> None:
    for pattern in TESTED_ELSEWHERE:
        found = [module for module in MODULES if fnmatch(module, pattern)]
        assert any(not FILES.intersection(files_for(module)) for module in found), pattern
    for pattern in OF_NO_MODULE:
        assert any(fnmatch(name, pattern) for name in FILES), pattern


def test_nothing_is_shared_from_a_test() -> None:
    """What several tests need is in tests/support/."""
    shared = [
        f"{file.relative_to(ROOT)}: {line.strip()}"
        for file in sorted(TESTS.rglob("*.py"))
        for line in file.read_text(encoding="utf-8").splitlines()
        if line.lstrip().startswith("from tests.") and ".test_" in line.partition(" import ")[0]
    ]
    assert shared == []


def test_only_conftest_lies_beside_the_tests() -> None:
    assert {file.stem for file in TESTS.glob("*.py")} - {name for name in FILES if "/" not in name} == {
        "__init__",
        "conftest",
    }
