"""How numbers and other people's text are written to a person."""

from __future__ import annotations


def printable(text: str) -> str:
    """Make text of a file harmless to a terminal: control codes are spelt out."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def counted(count: int, noun: str) -> str:
    """Write a number of things."""
    if count == 1:
        return f"1 {noun}"
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count:,} {plural}"
