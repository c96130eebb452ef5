"""Reports → files: checked before the work, written late, whole or not at all."""

from __future__ import annotations
