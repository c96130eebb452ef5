"""A JSON object in a file, member by member and item by item: what is held is one value, never the file.

By hand, on the standard library's decoder of one value: readers of streams of JSON have no limit for a value, name
no line, and the fast ones replace the lone surrogates that stand for bytes in the names of files.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import Any, BinaryIO, NoReturn

MOST_OF_A_VALUE = 32_000_000
"""Characters of one value. A result has some kilobytes and its heat map; ten thousand views come to 3 million."""

_PIECE = 1 << 20  # bytes that are read at once
_SPACE = " \t\n\r"


class NotJson(ValueError):
    """What the file holds is no such object; ``line`` says where that shows."""

    def __init__(self, why: str, line: int) -> None:
        super().__init__(why)
        self.line = line


class Unfinished(NotJson):
    """The file ends, or is no JSON any more, in the middle of the object."""


class Members:
    """The members of the object that a file begins with.

    Args:
        file: read from where it is to its end, piece by piece.

    Raises:
        NotJson: from any method, for what is no JSON object, nested too deeply, or longer than what may be held.
        UnicodeDecodeError: from any method, for what is no text in UTF-8.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._json = json.JSONDecoder(parse_constant=_refuse)
        self._text, self._at = "", 0
        self._over = False
        self._lines = 1

    def __iter__(self) -> Iterator[str]:
        """The names of the members; the value of each is to be taken before the next one is asked for."""
        self._expect("{")
        if self._take("}"):
            return
        while True:
            if self._peek() != '"':
                self._fail()
            name = self.value()
            self._expect(":")
            yield name
            if not self._take(","):
                break
        self._expect("}")

    def value(self) -> Any:
        """The whole value that comes next."""
        self._peek()
        wanted = _PIECE
        while True:
            try:
                value, end = self._json.raw_decode(self._text, self._at)
            except json.JSONDecodeError:
                if self._over:
                    self._fail()
            except RecursionError:
                raise NotJson("it is nested too deeply", self._line) from None
            except ValueError as error:  # a number of thousands of digits, or none
                raise NotJson(str(error), self._line) from None
            else:
                # What ends where the text ends may go on, such as a number.
                if end < len(self._text) or self._over:
                    self._check_size(end)
                    self._at = end
                    return value
            self._check_size(len(self._text))
            # Twice as much each time, so that trying anew costs no more than reading.
            self._read(wanted)
            wanted *= 2

    def _check_size(self, end: int) -> None:
        if end - self._at > MOST_OF_A_VALUE:
            raise NotJson("one of its values is larger than any that percept writes", self._line)

    def items(self) -> Iterator[Any]:
        """The items of the array that comes next, one at a time."""
        if not self._take("["):
            raise NotJson("its results are not a list", self._line)
        if self._take("]"):
            return
        while True:
            yield self.value()
            if not self._take(","):
                break
        self._expect("]")

    def rest(self) -> str:
        """The first character that is no space behind what was taken; empty at the end of the file."""
        return self._peek()

    def _peek(self) -> str:
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if self._over:
                return ""
            self._read(_PIECE)

    def _take(self, sign: str) -> bool:
        if self._peek() != sign:
            return False
        self._at += 1
        return True

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            self._fail()

    def _fail(self) -> NoReturn:
        raise Unfinished("the file is cut off or was changed by hand", self._line)

    @property
    def _line(self) -> int:
        return self._lines + self._text.count("\n", 0, self._at)

    def _read(self, size: int) -> None:
        data = self._file.read(size)
        self._lines = self._line
        self._text = self._text[self._at :] + self._decoder.decode(data, final=not data)
        self._at = 0
        self._over = not data


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")
