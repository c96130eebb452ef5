"""Threads that read pairs ahead of the device: read, decode, plan.

None of them waits for another thread, so none can be left waiting: a reader that finds no pair to read, or no room
for its pictures, ends, and the thread that hands out results hires another when there is some. So nothing of a run
that is given up in its middle, by an error, Ctrl-C or a caller that lost interest, stays behind.
"""

from __future__ import annotations

import queue
import stat
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from percept_cli.errors import DeviceOutOfMemory, PerceptError, UnreadableImage
from percept_cli.pairs import Pair
from percept_cli.results.pair import PairResult
from percept_cli.scoring.outcomes import OF_EVERY_PAIR, without_rest
from percept_cli.scoring.reading import Reading, References
from percept_cli.scoring.scorer import Measured, Scorer
from percept_cli.system.names import shown


class Known(Protocol):
    """Results of an earlier run."""

    def look_up(self, pair: Pair) -> PairResult | None:
        """The pair's result, if both of its files are what they were; called by readers."""


@dataclass
class Job:
    """One pair on its way. A reader fills in a reading or a result; the device turns a reading into a result."""

    index: int
    pair: Pair
    scorer: Scorer
    """By whose recipe it is measured."""
    reading: Reading | None = None
    result: PairResult | None = None
    reused: bool = False
    """Whether the result is an earlier run's."""
    defect: BaseException | None = None
    """What is to be raised by the thread that hands out results."""
    waiting: int = 0
    """Its parts that wait for the device."""
    unfinished: int = 0
    """Its parts that have not contributed yet."""
    found: list[Measured] = field(default_factory=list)
    seconds: float = 0.0
    """Its share of the device's time so far."""
    held: int = 0
    """Bytes of its decoded pictures, while they wait for the device."""


class Readers:
    """Up to so many threads, which come and go.

    Args:
        read: fills in a job.
        count: most threads at once.
        room: bytes of pictures that may be held; beyond, no reader begins with another pair.
        done: where every job goes when it is filled in, or its defect is.
    """

    def __init__(
        self, read: Callable[[Job], None], count: int, room: int, done: queue.SimpleQueue[Job | None]
    ) -> None:
        self._read, self._count, self._room, self._done = read, count, room, done
        self._lock = threading.Lock()
        self._jobs: deque[Job] = deque()  # to be read
        self._closed = False
        self._starting = 0  # threads that have not looked for their first job yet
        self._owner = threading.current_thread()
        self.at_work = 0
        """Threads. One that ends has put its last job before."""
        self.held = 0
        """Bytes of decoded pictures that wait for the device."""

    def add(self, job: Job) -> None:
        """A pair that is to be read, by those who are ``hire``d."""
        with self._lock:
            self._jobs.append(job)

    def hire(self) -> None:
        """Let as many threads read as there is work and room for; called by the one who hands out results.

        Raises:
            DeviceOutOfMemory: if the system gives no thread at all.
        """
        self._owner = threading.current_thread()
        while True:
            with self._lock:
                enough = self.at_work >= self._count or self._starting >= len(self._jobs)
                if enough or not self._may_begin():
                    return
                self.at_work += 1
                self._starting += 1
                alone = self.at_work == 1
            try:
                threading.Thread(target=self._work, name="percept-read").start()
            except BaseException as error:  # Ctrl-C included: there is one less than was counted
                with self._lock:
                    self.at_work -= 1
                    self._starting -= 1
                if not isinstance(error, RuntimeError | MemoryError):
                    raise
                if alone:
                    raise DeviceOutOfMemory(
                        f"cannot start a thread to read images: {error}",
                        hint="give this process more memory and threads (ulimit -v, ulimit -u).",
                    ) from None
                return  # fewer do as well

    def release(self, job: Job) -> None:
        """The pictures of a pair wait no longer: others may be decoded. Doing so twice is no harm."""
        with self._lock:
            self.held -= job.held
            job.held = 0
        self.hire()

    def close(self) -> None:
        """Begin nothing more; those who are reading end with the pair that they are at."""
        with self._lock:
            self._closed = True
            self._jobs.clear()

    def _may_begin(self) -> bool:
        # The interpreter waits for its threads at its end: whoever abandoned this run must not be kept by it.
        return not self._closed and self.held < self._room and self._owner.is_alive()

    def _next(self) -> Job | None:
        with self._lock:  # deciding to end and being counted out are one, so that hire is never mistaken
            if self._jobs and self._may_begin():
                return self._jobs.popleft()
            self.at_work -= 1
            return None

    def _work(self) -> None:
        with self._lock:
            self._starting -= 1
        while (job := self._next()) is not None:
            try:
                self._read(job)
                if job.reading is not None:
                    with self._lock:
                        job.held = job.reading.bytes
                        self.held += job.held
            except BaseException as error:  # whatever it is, the thread that hands out results raises it
                job.defect = error
            self._done.put(job)


class PairReader:
    """What a reader does with a pair.

    Args:
        known: results of an earlier run.
        references: where a reference that several pairs share is kept.
    """

    def __init__(self, known: Known | None, references: References) -> None:
        self._known, self._references = known, references

    def read(self, job: Job) -> None:
        """Fill in the reading of a pair, or its result where that is known, or an error."""
        try:
            known = None if self._known is None else self._known.look_up(job.pair)
            if known is not None:
                job.reused = True  # first: with its result a job may be handed out at any moment
                job.result = known
            else:
                _refuse_special(job.pair)
                job.reading = job.scorer.read(job.pair, self._references)
        except OF_EVERY_PAIR:
            raise
        except (PerceptError, MemoryError) as error:
            job.result = self.failed(job, error)

    def failed(self, job: Job, error: PerceptError | MemoryError) -> PairResult:
        """The result of a pair that cannot be compared, or not the rest of its two sizes."""
        if job.reading is not None and job.reading.mismatch is not None:
            error = without_rest(job.reading.mismatch, error)
        return failed(job.scorer, job.pair, error)


def failed(scorer: Scorer, pair: Pair, error: PerceptError | MemoryError) -> PairResult:
    """The result of a pair that cannot be compared, whatever comes up while that is made."""
    if isinstance(error, MemoryError):
        error = DeviceOutOfMemory(
            "not enough memory", hint="close other programs, or split the images into smaller ones."
        )
    try:
        return scorer.failed(pair, error)
    except PerceptError as other:  # what identifies a file is read for it, and the file may just have gone
        return scorer.failed(pair, other)


def _refuse_special(pair: Pair) -> None:
    refuse_special(pair.reference, pair.candidate)


def refuse_special(*sides: Path | None) -> None:
    """A pipe, or a device, could be waited for without end, and the other pairs with it.

    Raises:
        UnreadableImage: if a side is one.
    """
    for side in sides:
        try:
            special = side is not None and not (stat.S_ISREG(mode := side.stat().st_mode) or stat.S_ISDIR(mode))
        except (OSError, ValueError):  # reading it will say what is wrong
            continue
        if special:
            raise UnreadableImage(
                f"{shown(str(side))} is a pipe or a device, not a file", hint="save the image as a file first."
            )
