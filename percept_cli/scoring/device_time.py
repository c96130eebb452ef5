"""When the device had work."""

from __future__ import annotations


class DeviceTime:
    """The share of the wall time in which the device had a batch, after the first batch, which warms it up."""

    def __init__(self) -> None:
        self._warm: float | None = None
        self._since: float | None = None
        self._end: float | None = None
        self._busy = 0.0

    def begin(self, now: float) -> None:
        """A batch was started."""
        self._since = now if self._since is None else self._since

    def pause(self, now: float) -> None:
        """The last batch that was started is done."""
        if self._warm is None:
            self._warm = now
        elif self._since is not None:
            self._busy += now - self._since
        self._since = None

    def end(self, now: float) -> None:
        """The last result was handed out."""
        self._end = now

    @property
    def share(self) -> float | None:
        """0 to 1; None where there was no second batch."""
        if self._warm is None or self._end is None or not self._busy:
            return None
        return self._busy / (self._end - self._warm)
