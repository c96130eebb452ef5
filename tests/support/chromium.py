"""Chromium, or the reason why a test without it is skipped."""

from __future__ import annotations

import os
import shutil

import pytest


def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        reason = "this machine has no chromium, which the HTML report is tried in (apt-get install chromium)"
        if os.environ.get("PERCEPT_REQUIRE_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found
