"""The share of the time in which the device had work, by times that are told."""

from percept_cli.scoring.device_time import DeviceTime


def test_the_first_batch_warms_it_up() -> None:
    times = DeviceTime()
    times.begin(0.0)
    times.pause(10.0)
    times.end(10.0)
    assert times.share is None


def test_batches_that_overlap_count_once() -> None:
    times = DeviceTime()
    times.begin(0.0)
    times.pause(1.0)
    times.begin(2.0)
    times.begin(3.0)  # while the one before runs
    times.pause(5.0)
    times.end(7.0)
    assert times.share == (5 - 2) / (7 - 1)
