from __future__ import annotations

import pytest

from percept_cli.errors import UnreadableImage
from percept_cli.storage.backends.base import Changed, TooSlow
from percept_cli.storage.faults import in_words, is_silence, may_pass, told_as


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError("x"), "access denied"),
        (FileNotFoundError("x"), "no such object"),
        (TimeoutError(), "did not answer for 7 s"),
        (ConnectionResetError(), "broke off"),
        (Changed(), "it changed while"),
        (TooSlow(), "too slowly"),
        (type("NoCredentialsError", (Exception,), {})(), "no credentials"),
        (type("EndpointConnectionError", (Exception,), {})(), "cannot be reached"),
        (OSError("quota exceeded"), "quota exceeded"),
    ],
)
def test_what_went_wrong_is_said(error: Exception, words: str) -> None:
    what, hint = in_words(error, 7)
    assert words in what and hint


def test_no_signature_gets_into_a_message() -> None:
    error = OSError("GET https://me:hush@h/a.png?X-Amz-Signature=hush failed")
    with pytest.raises(UnreadableImage) as caught, told_as(UnreadableImage, "a.png", 1):
        raise error
    assert str(caught.value).startswith("a.png: ") and "hush" not in str(caught.value)


def test_what_may_pass_is_tried_again_and_silence_is_not() -> None:
    assert may_pass(ConnectionResetError()) and not may_pass(TimeoutError()) and not may_pass(PermissionError())
    assert is_silence(TimeoutError()) and not is_silence(ConnectionResetError())
    wrapped = OSError("x")
    wrapped.__cause__ = type("ReadTimeoutError", (Exception,), {})()
    assert is_silence(wrapped)
