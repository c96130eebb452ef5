"""Approval where the baseline, or what was compared with it, lives elsewhere.

An object is written whole, and only over the version that was looked at: the store itself refuses if another came
in between, where it can (S3); otherwise it is looked at once more just before.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from percept_cli.errors import InvalidSetting, OutputUnwritable, PerceptError
from percept_cli.runs.approval import Approval
from percept_cli.runs.steps import BaselineStep, Refused, copy_and_hash
from percept_cli.storage.address import Address, address_in, is_remote
from percept_cli.storage.backends.base import Changed
from percept_cli.storage.stamp import ObjectStamp
from percept_cli.storage.store import current
from percept_cli.system.beneath import FilePlace, below
from percept_cli.system.names import printable

_PROBE = ".percept/approve"  # never written: whether it could be is asked
_HAS_CHANGED = "the baseline has changed since it was compared"


def approval_of(folders: tuple[str, str], *arguments: Any, **options: Any) -> Approval:
    """What takes steps within two folders, as ``Approval``, wherever these are."""
    kind = ApprovalElsewhere if any(map(is_remote, folders)) else Approval
    return kind(folders, *arguments, **options)


class ApprovalElsewhere(Approval):
    """As ``Approval``; at least one of its folders is an address."""

    def _check_folders(self) -> None:
        self._stamps: dict[str, ObjectStamp] = {}  # of what was looked at in the baseline folder, by place
        self._base, self._now = address_in(self._baseline), address_in(self._current)
        if self._base is not None and self._base.is_of_web:
            raise InvalidSetting(
                f"{self._base}: addresses of the web can only be read",
                hint="write the baseline to a folder, or to s3://, gs:// or az://.",
            )
        if self._base is None or self._now is None:
            # The side that is here is looked at as ever; of the other a folder that surely is one stands in.
            sides = self._baseline, self._current
            self._baseline = Path() if self._base is not None else self._baseline
            self._current = Path() if self._now is not None else self._current
            try:
                super()._check_folders()
            finally:
                self._baseline, self._current = sides

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody is kept out: each object is written by its version. Whether it may be is known before the first.

        Raises:
            OutputUnwritable: if the store does not let objects be written.
        """
        if self._base is None:
            with super().alone():
                yield
            return
        if not self._dry_run:
            current().check_writable(self._base / _PROBE)
        yield

    def _sha256_of(self, place: str) -> str | None:
        if self._base is None:
            return super()._sha256_of(place)
        address = self._base / place
        with _refusing():
            stamp = current().look(address)
            if stamp is None:
                return None
            self._stamps[place] = stamp
            current().expect(address, stamp)
            return current().fetch(address, self._policy.limits.file).sha256

    def _is_there(self, place: str) -> bool:
        return super()._is_there(place) if self._base is None else _is_at(self._base / place)

    def _is_now(self, name: str) -> bool:
        return super()._is_now(name) if self._now is None else _is_at(self._now / name)

    def _candidate(self, name: str) -> tuple[Path, str]:
        if self._now is None:
            return super()._candidate(name)
        with _refusing():
            file = current().hold(self._now / name, self._policy.limits.file)
        return file.parent, file.name

    def _delete(self, step: BaselineStep, target: str) -> None:
        if self._base is None:
            super()._delete(step, target)
            return
        with _refusing():
            stamp = self._stamps.get(target) or current().stat_now(self._base / target)
            current().delete(self._base / target, stamp)

    def _copy(self, step: BaselineStep, target: str) -> None:
        if self._base is not None:
            self._stamps.pop(target, None)  # what is looked at now counts
        super()._copy(step, target)

    def _write(self, step: BaselineStep, target: str, root: Path, source: str, *, is_large: bool) -> None:
        if self._base is None:
            super()._write(step, target, root, source, is_large=is_large)
            return
        with tempfile.TemporaryDirectory(prefix="percept-approve-") as folder:
            new = FilePlace(Path(folder), Path(target).name)
            with below(root, source) as candidate:
                if copy_and_hash(candidate, new, None) != step.after:
                    raise Refused("the image has changed since it was compared")
            if is_large and step.source is not None and step.after is not None:
                self._check_picture(new.path, step.source, step.after)
            is_new = step.kind == "new"
            with _refusing(_NOW_THERE if is_new else _HAS_CHANGED):
                expected = None if is_new else self._stamps[target]
                current().put(self._base / target, new.path, expected, new=is_new)


_NOW_THERE = "a baseline exists now"


def _is_at(address: Address) -> bool:
    with _refusing():
        return current().look(address) is not None


@contextmanager
def _refusing(if_changed: str = _HAS_CHANGED) -> Iterator[None]:
    """Turn what goes wrong with a store into why a step is not taken."""
    try:
        yield
    except Changed:
        raise Refused(if_changed) from None
    except OutputUnwritable as error:
        raise Refused(printable(str(error))) from None
    except PerceptError as error:
        raise Refused(f"it cannot be read: {printable(str(error))}") from None
