from __future__ import annotations

import pytest

from percept_cli.errors import OutputUnwritable, UnreadableFolder
from percept_cli.storage import requests as module
from percept_cli.storage.address import parse_address
from percept_cli.storage.backends.base import Backend, Changed
from percept_cli.storage.requests import PATIENCE_LOST, Requests

ADDRESS = parse_address("http://127.0.0.1:9/a.png")  # that nobody asks: requests are functions here

BUCKET = parse_address("s3://bucket/a.png")


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE", 0)


def test_a_request_that_broke_off_is_made_again_and_no_more_than_that() -> None:
    tries = []

    def request(_: Backend) -> int:
        tries.append(1)
        if len(tries) < 3:
            raise ConnectionResetError
        return 7

    assert Requests(1).ask(UnreadableFolder, ADDRESS, request) == 7
    tries.clear()

    def never(_: Backend) -> int:
        tries.append(1)
        raise ConnectionResetError

    with pytest.raises(UnreadableFolder, match="broke off"):
        Requests(1).ask(UnreadableFolder, ADDRESS, never)
    assert len(tries) == 3


def test_a_silent_server_is_not_asked_for_ever() -> None:
    asked = []

    def silent(_: Backend) -> int:
        asked.append(1)
        raise TimeoutError

    requests = Requests(1)
    for _ in range(PATIENCE_LOST + 2):
        with pytest.raises(UnreadableFolder):
            requests.ask(UnreadableFolder, ADDRESS, silent)
    assert len(asked) == PATIENCE_LOST
    with pytest.raises(UnreadableFolder, match="left 3 requests unanswered"):
        requests.ask(UnreadableFolder, ADDRESS, silent)


def test_a_change_is_asked_for_once() -> None:
    asked = []

    def broken(_: Backend) -> None:
        asked.append(1)
        raise ConnectionResetError

    with pytest.raises(OutputUnwritable, match="broke off"):
        Requests(1).change(BUCKET, broken)
    assert asked == [1]

    def other(_: Backend) -> None:
        raise Changed

    with pytest.raises(Changed):
        Requests(1).change(BUCKET, other)
    with pytest.raises(OutputUnwritable, match="can only be read"):
        Requests(1).change(ADDRESS, other)
