"""Values of JSON → those of dataclasses, by the types of their fields; nothing of what is read is believed unseen.

By hand, where pydantic or msgspec would be one more thing to install for every user, for five small classes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from functools import cache
from typing import Any, Literal, cast, get_args, get_origin, get_type_hints

_MOST = 2**63 - 1  # of whole numbers, as Parquet and others hold them
_LONGEST_TOLD = 80  # characters of a wrong value in a message


@cache
def reader_of(kind: Any) -> Callable[[Any], Any]:
    """What reads a value of a type: of a dataclass an object with its fields, of a tuple an array.

    It raises KeyError, TypeError, AttributeError or ValueError for what is none.
    """
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    if is_dataclass(kind):
        make, types = cast(type[Any], kind), get_type_hints(kind)
        return lambda entry: make(**{name: reader_of(types[name])(value) for name, value in entry.items()})
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Literal:
        return lambda word: one_of(word, parts)
    each = [reader_of(part) for part in parts if part not in (type(None), Ellipsis)]
    first, last = each[0], each[-1]
    if origin is Mapping:
        return lambda values: {first(key): last(value) for key, value in values.items()}
    if origin is tuple and Ellipsis in parts:
        return lambda values: tuple(map(first, values))
    if origin is tuple:
        return lambda values: tuple(read(value) for read, value in zip(each, values, strict=True))
    return lambda value: None if value is None else first(value)


def text(value: object) -> str:
    """Text."""
    if not isinstance(value, str):
        raise TypeError(f"{_cut(value)} is not text")
    return value


def whole(value: object) -> int:
    """A whole number."""
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _MOST:
        raise TypeError(f"{_cut(value)} is not a 64-bit whole number")
    return value


def number(value: object) -> float:
    """A number that is there, and is one."""
    if value is None:
        raise TypeError("null is not allowed here")
    return number_or_nan(value)


def number_or_nan(value: object) -> float:
    """A number as a row has it, where null stands for what JSON has no number for."""
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(f"{_cut(value)} is not a number")
    return float(value)


def flag(value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise TypeError(f"{_cut(value)} is not true or false")
    return value


def one_of(word: object, words: tuple[Any, ...]) -> Any:
    """One of some words."""
    if word not in words:
        raise ValueError(f"{_cut(word)} is none of {', '.join(words)}")
    return word


_SIMPLE: Mapping[Any, Callable[[Any], Any]] = {str: text, int: whole, float: number, bool: flag}


def _cut(value: object) -> str:
    told = ascii(value)
    return told if len(told) <= _LONGEST_TOLD else f"{told[:_LONGEST_TOLD]}…"
