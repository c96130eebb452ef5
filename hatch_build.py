"""Compiles the CPU's convolutions when percept is built or installed, where there is a C compiler.

A wheel is then for this system and processor. Without a compiler it is the pure one, and percept computes with
torch alone, which takes longer. ``PERCEPT_BUILD_KERNEL=0`` asks for the pure one; with ``PERCEPT_BUILD_KERNEL=1``
the build fails where nothing can be compiled.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NATIVE = Path("percept_cli", "engine", "native")


class CompiledConvolutions(BuildHookInterface):  # type: ignore[type-arg] # hatchling names no type for a config
    """For wheels, and for editable installs, whose library lies beside its sources."""

    PLUGIN_NAME = "custom"
    _folder: str | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and say so to the builder."""
        wanted = os.environ.get("PERCEPT_BUILD_KERNEL", "")
        if self.target_name != "wheel" or wanted == "0":
            return
        here = Path(self.root, NATIVE)
        native = _module(here / "build.py")
        if version == "editable":
            library = here / native.LIBRARY
        else:
            self._folder = tempfile.mkdtemp()
            library = Path(self._folder, native.LIBRARY)
        try:
            sets = native.build(library)
        except native.NotCompiled as error:
            if wanted == "1":
                raise
            self.app.display_warning(f"percept will compute convolutions with torch, which takes longer: {error}")
            if version == "editable":
                library.unlink(missing_ok=True)  # of other sources
            return
        self.app.display_info(f"compiled convolutions for {', '.join(sets)}")
        if version != "editable":
            build_data["force_include"][str(library)] = str(NATIVE / native.LIBRARY)
            # Nothing in it depends on Python: ctypes loads it.
            build_data["pure_python"] = False
            build_data["tag"] = f"py3-none-{_platform()}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Leave nothing behind."""
        del version, build_data, artifact_path
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def _platform() -> str:
    """What the wheel is for, as its tag says it."""
    name = sysconfig.get_platform()
    if sys.platform == "darwin":  # Python may be for two processors, and for older systems, where cc is not
        target = os.environ.get("MACOSX_DEPLOYMENT_TARGET") or f"{platform.mac_ver()[0].split('.')[0]}.0"
        name = f"macosx-{target}-{platform.machine()}"
    return name.replace("-", "_").replace(".", "_")


def _module(path: Path) -> ModuleType:
    """A module by its file: percept itself cannot be imported before its dependencies are installed."""
    spec = importlib.util.spec_from_file_location("percept_native_build", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look
    spec.loader.exec_module(module)
    return module
