"""What this process may use of the machine it runs on: containers give it less than there is.

Control groups are read by hand, since psutil knows nothing of them; so is ``/proc``, where it is: psutil reads the
same files, and importing it takes longer than comparing two equal pictures may. Everywhere else psutil is asked.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from percept_cli.errors import InvalidSetting

_CGROUPS = Path("/sys/fs/cgroup")
_PROC = Path("/proc")
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_UNITS |= {"ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}


def parse_size(text: str | int) -> int:
    """Bytes from ``2GB``, ``1.5 GiB``, ``800M`` or a plain number of bytes.

    Raises:
        InvalidSetting: for anything else, and for nothing.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]i?)?b?", str(text).strip(), re.IGNORECASE)
    size = int(float(found[1]) * _UNITS[(found[2] or "").lower()]) if found else 0
    if size < 1:
        raise InvalidSetting(
            f"max-memory must be a memory size, not {text!r}",
            hint="write it as 2GB, 1.5GiB, 800MB or a number of bytes.",
        )
    return size


def processors(cgroups: Path = _CGROUPS) -> int:
    """Processors that this process may keep busy: its affinity and its control group's quota, rounded up."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _processor_quota(cgroups)
    return usable if quota is None else max(1, min(usable, -int(-quota // 1)))


def _processor_quota(cgroups: Path) -> float | None:
    """Processors' worth of time, or None without a limit."""
    limits = [_numbers(folder / "cpu.max") for folder in _own_groups(cgroups)]
    first = [_numbers(cgroups / "cpu" / f"cpu.cfs_{name}_us") for name in ("quota", "period")]  # version 1
    if first[0] and first[1]:
        limits.append([first[0][0], first[1][0]])
    return min((limit[0] / limit[1] for limit in limits if limit and limit[0] > 0), default=None)


def free_memory(cgroups: Path = _CGROUPS) -> int:
    """Bytes that this process may still take: what the system has, what its control group and its limits allow."""
    found = [_available()]
    for folder, names in (
        *((folder, ("memory.max", "memory.current")) for folder in _own_groups(cgroups)),
        (cgroups / "memory", ("memory.limit_in_bytes", "memory.usage_in_bytes")),  # version 1
    ):
        limit, used = (_numbers(folder / name) for name in names)
        if limit and used:
            # Cached files are given back when memory is wanted.
            cached = re.search(r"^(?:total_)?inactive_file (\d+)$", _text(folder / "memory.stat"), re.MULTILINE)
            found.append(limit[0] - used[0] + (int(cached[1]) if cached else 0))
    space = address_space_left()
    return max(0, min(found if space is None else (*found, space)))


def address_space_left() -> int | None:
    """Bytes of addresses that this process may still take; None without a limit (``ulimit -v``)."""
    if sys.platform == "win32":
        return None
    import resource

    space, _ = resource.getrlimit(resource.RLIMIT_AS)
    if space == resource.RLIM_INFINITY:
        return None
    return max(0, space - _taken()[0])


def resident_memory() -> int:
    """Bytes of memory that this process has now."""
    return _taken()[1]


def _available() -> int:
    """Bytes of memory that the system could give."""
    told = re.search(r"^MemAvailable:\s+(\d+) kB$", _text(_PROC / "meminfo"), re.MULTILINE)
    if told:
        return int(told[1]) << 10
    import psutil

    return int(psutil.virtual_memory().available)


def _taken() -> tuple[int, int]:
    """Bytes of addresses and of memory that this process has."""
    pages = _numbers(_PROC / "self/statm")
    if pages:
        size = os.sysconf("SC_PAGE_SIZE")
        return pages[0] * size, pages[1] * size
    import psutil

    found = psutil.Process().memory_info()
    return found.vms, found.rss


def _own_groups(cgroups: Path) -> list[Path]:
    """The folders of this process's control group and of those above it (version 2)."""
    found = re.search(r"^0::/(.*)$", _text(_PROC / "self/cgroup"), re.MULTILINE)
    own = cgroups / found[1] if found else cgroups
    return [folder for folder in (own, *own.parents) if folder.is_relative_to(cgroups)]


def _numbers(path: Path) -> list[int] | None:
    """The numbers in a file of one line; None where it is missing or says that there is no limit."""
    words = _text(path).split()
    return [int(word) for word in words] if words and all(re.fullmatch(r"-?\d+", word) for word in words) else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
