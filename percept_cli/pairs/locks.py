"""Lock files: which images a baseline that lives elsewhere holds, so that a commit names exactly its baseline."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from percept_cli.errors import InvalidSetting
from percept_cli.storage.address import Address, address_in
from percept_cli.storage.locked import LockedObject
from percept_cli.storage.stamp import ObjectStamp
from percept_cli.system.names import printable, shown

USUAL_NAME = "percept-baseline.lock"
_FORMAT = 1
_SHA256 = re.compile(r"[0-9a-f]{64}")
_AGAIN = "write it again with: percept baseline lock"


def lock_text(baseline: Address, objects: Mapping[str, LockedObject]) -> Iterator[str]:
    """A lock file, piece by piece: JSON with a line for each image, sorted, so that changes read well."""
    yield f'{{\n"format": {_FORMAT},\n"baseline": {json.dumps(str(baseline))},\n"images": {{'
    for number, name in enumerate(sorted(objects)):
        one = objects[name]
        entry: dict[str, Any] = {"sha256": one.sha256, "size": one.stamp.size, "etag": one.stamp.etag}
        if one.stamp.version is not None:
            entry["version"] = one.stamp.version
        yield f"{',' * bool(number)}\n{json.dumps(name)}: {json.dumps(entry)}"
    yield "\n}\n}\n"


def read_lock(path: Path, baseline: Path) -> tuple[Address, dict[str, LockedObject]]:
    """What a lock file says of a baseline.

    The address is the caller's: one that only stands in a file is nobody's wish to make requests.

    Args:
        path: the lock file.
        baseline: the folder that is checked.

    Returns:
        Where the baseline lives, and what it holds, by names.

    Raises:
        InvalidSetting: if the file cannot be read, is none, or is of another baseline.
    """
    address = address_in(baseline)
    if address is None:
        raise InvalidSetting(
            f"{shown(baseline)} is a folder of this machine, which --lock does not apply to",
            hint="give the address of the baseline, or leave out --lock.",
        )
    try:
        document = json.loads(path.read_bytes())
        locked, images = document["baseline"], document["images"]
        if document["format"] != _FORMAT:
            raise InvalidSetting(f"{shown(path)}: its format is of another version of percept", hint=f"{_AGAIN}.")
        objects = {_name(name): _object(entry) for name, entry in images.items()}
    except OSError as error:
        raise InvalidSetting(f"{shown(path)}: cannot be read: {error.strerror}", hint=f"{_AGAIN}.") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InvalidSetting(f"{shown(path)}: not a lock file of percept", hint=f"{_AGAIN}.") from None
    if locked != str(address):
        raise InvalidSetting(
            f"{shown(path)}: it locks {printable(str(locked))}, not {address}",
            hint=f"give that baseline, or {_AGAIN}.",
        )
    return address, objects


def _name(name: str) -> str:
    if any(part in ("", ".", "..") for part in name.split("/")):
        raise ValueError(name)
    return name


def _object(entry: Mapping[str, Any]) -> LockedObject:
    sha256, size, etag, version = entry["sha256"], entry["size"], entry["etag"], entry.get("version")
    texts = all(value is None or isinstance(value, str) for value in (etag, version))
    if not _SHA256.fullmatch(sha256) or isinstance(size, bool) or not isinstance(size, int | None) or not texts:
        raise ValueError(entry)
    return LockedObject(ObjectStamp(size, 0, etag or f"sha256-{sha256}", version), sha256)
