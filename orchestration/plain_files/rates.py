"""Frames per second as written, exactly; and which written rates are short for another.

Conventions
-----------
A rate is what the file says, digit by digit: 23.976 is 2997/125 and not 24000/1001, because
who wrote 23.976 most likely also divided by it. Over ten hours the two differ by almost a
frame, so where seconds are snapped under such a rate it is counted how many boundaries the
other reading would put on another frame. Who means 24000/1001 writes it: ``"24000/1001"``.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final

from services.domain.errors import InputError

FASTEST: Final = 1_000_000
_LONGEST: Final = 40
_NTSC: Final = tuple(Fraction(whole * 1000, 1001) for whole in (24, 30, 48, 60, 120, 240))
_CLOSE: Final = Fraction(2, 10_000)
"""23.98 is the coarsest common way to write 24000/1001, 1.7 in 10,000 off."""

_REMEDY: Final = 'Give frames per second, such as 25, 29.97 or "30000/1001"'


def exact(value: int | Decimal) -> Fraction:
    """Return the number as a fraction, without ever building a huge power of ten.

    Raises
    ------
    InputError
        If the number is beyond anything that counts frames or seconds.
    """
    if value == 0:
        return Fraction(0)
    if isinstance(value, Decimal) and not -_LONGEST < value.adjusted() < _LONGEST:
        raise InputError(f"{value} is out of any sensible range.")
    return Fraction(value)


def read_rate(value: Any) -> Fraction | None:
    """Read the field ``fps``: null, a number, or a fraction as text.

    Raises
    ------
    InputError
        With what is wrong and what to write.
    """
    if value is None:
        return None
    if isinstance(value, str):
        rate = _written(value)
    elif isinstance(value, int | Decimal) and not isinstance(value, bool):
        rate = exact(value)
    else:
        raise InputError(f"fps must be a number, not {kind_of(value)}. {_REMEDY}.")
    if not 0 < rate <= FASTEST:
        raise InputError(f"fps must be above 0 and at most {FASTEST:,}, not {value}. {_REMEDY}.")
    return rate


def _written(text: str) -> Fraction:
    try:
        if len(text) > _LONGEST or "e" in text.lower():
            raise ValueError
        return Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise InputError(f'fps is "{text[:_LONGEST]}", which is no rate. {_REMEDY}.') from error


@lru_cache(maxsize=256)
def meant_perhaps(rate: Fraction) -> Fraction | None:
    """Return the NTSC rate that this one looks like a rounding of, or None."""
    if rate.denominator == 1:
        return None
    near = min(_NTSC, key=lambda known: abs(known - rate))
    return near if near != rate and abs(near - rate) <= near * _CLOSE else None


def write_rate(rate: Fraction) -> str:
    """Write a rate as people do: a decimal where that is exact, else a fraction."""
    rest = rate.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return str(rate)
    text = format(Decimal(rate.numerator) / Decimal(rate.denominator), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def kind_of(value: Any) -> str:
    """Name a JSON value's type to a person, with the value where it is short."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            return f'the text "{value[:_LONGEST]}"'
        case int() | Decimal():
            return f"the number {str(value)[:_LONGEST]}"
        case list():
            return "a list"
        case _:
            return "an object"
