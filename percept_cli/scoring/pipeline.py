"""Many pairs → results in their order: files are read ahead of the device, and pairs of one size batched together.

One thread owns the device and hands out results; workers read, decode and plan. Nothing here grows with the
number of pairs: so many pairs are in flight, and so many bytes of pictures, and no more are taken before the
first of them is handed out. Batches are whatever is ready when the device is free: parts of one size, of
whichever pairs. A pair's distance does not depend on which others share its batch, so neither timing nor a
resumed run moves a number.
"""

from __future__ import annotations

import queue
import time
from collections import deque
from collections.abc import Callable, Generator, Hashable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from percept_cli.errors import DeviceOutOfMemory, InvalidSetting, PerceptError
from percept_cli.pairs import Pairs
from percept_cli.results.pair import PairResult
from percept_cli.scoring.device_time import DeviceTime
from percept_cli.scoring.feed import Feed
from percept_cli.scoring.outcomes import OF_EVERY_PAIR
from percept_cli.scoring.readers import Job, Known, PairReader, Readers
from percept_cli.scoring.reading import References
from percept_cli.scoring.scorer import Part, Scorer
from percept_cli.scoring.scorers import Scorers
from percept_cli.system.machine import processors

if TYPE_CHECKING:
    from percept_cli.engine.transfer import Ticket

PAIRS_IN_FLIGHT = 256
"""Pairs taken and not yet handed out: enough for batches of the smallest pictures, whatever sizes lie between."""
BYTES_IN_FLIGHT = 256 << 20
"""Decoded pictures that wait for the device: beyond this no worker decodes another pair."""


@dataclass(frozen=True)
class _Task:
    """A part of a pair that waits for the device, or is there."""

    job: Job
    part: Part

    @property
    def key(self) -> Hashable:
        """Of equal keys, tasks may share a batch."""
        return id(self.job.scorer), self.part.key


@dataclass(frozen=True)
class _Batch:
    tasks: list[_Task]
    ticket: Ticket
    started: float
    depth: int
    """How many batches may run at once where it runs."""


def worker_count(wanted: int | None = None) -> int:
    """How many threads read and decode: as asked, or one per processor that this process may use, at most 8.

    Raises:
        InvalidSetting: for fewer than one.
    """
    if wanted is None:
        return min(8, processors())
    if wanted < 1:
        raise InvalidSetting(f"workers must be at least 1, not {wanted}", hint="leave out --workers.")
    return wanted


class Pipeline:
    """Compares any number of pairs.

    Args:
        scorer: the recipe, the device and the thresholds.
        workers: the number of threads that read and decode; None for one per processor, at most 8.
        batch_size: the most pairs per batch; None to choose by image size and device.
        known: results of an earlier run that need not be computed again.
        say: called with messages for people, such as that a batch did not fit into memory.

    Raises:
        InvalidSetting: for fewer than one worker, or batches of fewer than one pair.
    """

    def __init__(
        self,
        scorer: Scorer,
        *,
        workers: int | None = None,
        batch_size: int | None = None,
        known: Known | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        if batch_size is not None and batch_size < 1:
            raise InvalidSetting(
                f"batch-size must be at least 1, not {batch_size}", hint="leave out --batch-size."
            )
        self._scorers = Scorers(scorer)
        self._workers = worker_count(workers)
        self._batch_size = batch_size
        self._say = say
        self._reader = PairReader(known, References(scorer.spec.pictures))
        self._begin()
        self._limits: dict[tuple[int, int], int] = {}
        self._stopping = False
        self.stopped_early = False
        """Whether ``stop`` was called before the last pair was handed out."""
        self.device_time = DeviceTime()
        self.pixels = 0
        """Of all pairs that were read, those of one side."""
        self.pixels_computed = 0
        """How many of them went through the network, by the plans."""

    def _begin(self) -> None:
        """Forget what an earlier run has left."""
        self._events: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._readers = Readers(self._reader.read, self._workers, BYTES_IN_FLIGHT, self._events)
        self._jobs: deque[Job] = deque()  # in the order of the input, from the first that is not handed out
        self._read_ahead: deque[Job] = deque()  # those of them that are read
        self._ready: list[_Task] = []  # their parts, which wait for the device
        self._running: deque[_Batch] = deque()
        self._taken = 0

    def stop(self) -> None:
        """Take no more pairs, finish the batch in flight, hand out what is done, end. Safe in signal handlers."""
        self._stopping = True
        self._events.put(None)

    def results(self, source: Pairs) -> Generator[tuple[PairResult, bool]]:
        """Score the pairs.

        A pair that cannot be compared has a result of status ``error``; only what would befall every pair is
        raised.

        Yields:
            Each pair's result as soon as it and all before it are there, and whether it is an earlier run's.

        Raises:
            InvalidSetting: if the source finds that it cannot be read.
            DeviceUnavailable, WeightsUnavailable: if the network is needed and cannot run.
            LibraryUnavailable: if a library cannot be loaded.
        """
        self._begin()
        feed = Feed(source, self._wake)
        readers, clock = self._readers, time.perf_counter
        try:
            while True:
                self._take(feed)
                handed_out = False
                for done in self._finished():
                    handed_out = True
                    yield done
                if self._stopping or (feed.ended and not self._jobs):
                    break
                # Whoever has got further looks again: there may be room, or a result, and nobody else to say so.
                if not handed_out and not self._advance():
                    self._wait(feed)
            self._collect_all()
            yield from self._finished(skipping=True)
            self.stopped_early = not feed.ended or bool(self._jobs)
        finally:
            # Of one that was abandoned this may be run when modules, and so their names, are gone already.
            self.device_time.end(clock())
            feed.close()
            readers.close()

    def _wake(self) -> None:
        self._events.put(None)

    def _take(self, feed: Feed) -> None:
        """Take pairs while there is room for them."""
        while not self._stopping and len(self._jobs) < PAIRS_IN_FLIGHT and (pair := feed.take()) is not None:
            job = Job(self._taken, pair, self._scorers.scorer_for(pair))
            self._taken += 1
            self._jobs.append(job)
            if pair.trouble is not None:
                job.result = self._reader.failed(job, pair.trouble)
            elif pair.reference is None or pair.candidate is None:
                job.result = job.scorer.unmatched(pair)
            else:
                self._readers.add(job)
        self._readers.hire()

    def _wait(self, feed: Feed) -> None:
        """Wait for a reader, or for a source that is live: nothing is ready, and nothing is running."""
        # In this order: who has ended has put its event before.
        if not self._readers.at_work and not feed.awaited and self._events.empty():
            raise RuntimeError("the pipeline has unfinished pairs and nobody to wait for")
        self._settle(self._events.get())

    def _settle(self, job: Job | None) -> None:
        """Take in what a reader has done."""
        if job is None:  # only woken up
            return
        if job.defect is not None:
            raise job.defect
        if job.reading is not None:
            plans = [sight.plan for sight in job.reading.sights]
            self.pixels += sum(plan.height * plan.width for plan in plans)
            self.pixels_computed += sum(crop.pixels.pixels for plan in plans for crop in plan.crops)
            if not any(plan.crops for plan in plans):
                self._finish(job)
            else:
                self._read_ahead.append(job)

    def _finished(self, *, skipping: bool = False) -> Iterator[tuple[PairResult, bool]]:
        """Hand out what is done up to the first pair that is not, or leaving such pairs out."""
        while not self._events.empty():
            self._settle(self._events.get())
        undone = []
        while self._jobs and (skipping or self._jobs[0].result is not None):
            job = self._jobs.popleft()
            if job.result is None:
                undone.append(job)
            else:
                yield job.result, job.reused
        self._jobs.extend(undone)

    def _advance(self) -> bool:
        """Divide pairs, and start a batch or wait for one that is running. False where there is nothing to do."""
        divided = self._divide()
        if self._ready:
            self._start()
            while self._running and len(self._running) >= self._running[-1].depth:
                self._collect()
        elif self._running:
            self._collect()
        else:
            return divided
        return True

    def _divide(self) -> bool:
        """Divide the pairs that were read into parts. False where there was none."""
        any_read = bool(self._read_ahead)
        while self._read_ahead:
            job = self._read_ahead.popleft()
            assert job.reading is not None
            try:
                parts = job.scorer.parts(job.reading)
            except OF_EVERY_PAIR:
                raise
            except (PerceptError, MemoryError) as error:
                self._give_up(job, error)
            else:
                job.waiting = job.unfinished = len(parts)
                self._ready += [_Task(job, part) for part in parts]
        self._ready.sort(key=lambda task: task.job.index)
        return any_read

    def _start(self) -> None:
        """Start a batch with the oldest part that is ready and those like it; halve it until it fits."""
        oldest = self._ready[0]
        alike = [task for task in self._ready if task.key == oldest.key]
        scorer = oldest.job.scorer
        while True:
            tasks = alike[: self._limit(oldest)]
            started = time.perf_counter()
            self.device_time.begin(started)
            try:
                ticket = scorer.start([task.part for task in tasks])
            except (DeviceOutOfMemory, MemoryError) as error:
                if self._running:  # it may fit when the one before is done
                    self._collect_all()
                    continue
                if len(tasks) > 1:
                    self._halve(tasks)
                    continue
                self.device_time.pause(time.perf_counter())
                self._give_up(oldest.job, error)
                return
            self._running.append(_Batch(tasks, ticket, started, scorer.engine.depth))
            break
        started_now = set(map(id, tasks))
        self._ready = [task for task in self._ready if id(task) not in started_now]
        for task in tasks:
            task.job.waiting -= 1
            if not task.job.waiting:
                self._readers.release(task.job)

    def _give_up(self, job: Job, error: PerceptError | MemoryError) -> None:
        job.result = self._reader.failed(job, error)
        self._readers.release(job)
        job.reading = None
        job.found = []
        self._ready = [task for task in self._ready if task.job is not job]

    def _limit(self, task: _Task) -> int:
        limit = task.job.scorer.engine.batch_size(task.part.piece, self._batch_size)
        return min(limit, self._limits.get(_size(task), limit))

    def _halve(self, tasks: list[_Task]) -> None:
        self._limits[_size(tasks[0])] = len(tasks) // 2
        width, height = _size(tasks[0])
        self._say(
            f"Note: {len(tasks)} pairs of {width}×{height} pixels together do not fit into the memory of "
            f"device {tasks[0].job.scorer.device}; continuing with {len(tasks) // 2}"
        )

    def _collect_all(self) -> None:
        while self._running:
            self._collect()

    def _collect(self) -> None:
        """Wait for the oldest batch that is running and make its results."""
        batch = self._running.popleft()
        try:
            found = batch.ticket.result()
        except (DeviceOutOfMemory, MemoryError) as error:
            for task in batch.tasks:
                self._give_up(task.job, error)
            found = []
        now = time.perf_counter()
        if not self._running:
            self.device_time.pause(now)
        if not found:
            return
        share = (now - batch.started) / len(batch.tasks)
        for task, contribution in zip(batch.tasks, found, strict=True):
            job = task.job
            job.found.append((task.part.sight, contribution))
            job.seconds += share
            job.unfinished -= 1
            if not job.unfinished:
                self._finish(job)

    def _finish(self, job: Job) -> None:
        """Make the result of a pair whose parts have all contributed; not of one that was given up."""
        if job.reading is None:
            return
        try:
            seconds = job.reading.seconds + job.seconds
            job.result = self._scorers.told(job.scorer.finish(job.reading, job.found, seconds), job.pair)
        except OF_EVERY_PAIR:
            raise
        except (PerceptError, MemoryError) as error:
            self._give_up(job, error)
        self._readers.release(job)
        job.reading = None
        job.found = []


def _size(task: _Task) -> tuple[int, int]:
    pixels = task.part.piece.crop.pixels
    return pixels.width, pixels.height
