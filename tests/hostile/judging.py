"""What must never come out, said apart from the product's own tables."""

from __future__ import annotations

import unicodedata

_HIDDEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2028\u2029")
"""Invisible, though Unicode doesn't call them format characters."""

_MARKS = 4


def unsafe(text: str, *, newline: bool = True) -> str:
    """What is wrong with text that is to be drawn, in words; empty: nothing."""
    marks = 0
    for at, character in enumerate(text):
        if character == "\n" and newline:
            continue
        kind = unicodedata.category(character)
        marks = marks + 1 if kind in ("Mn", "Me") else 0
        if kind in ("Cc", "Cf", "Cs") or character in _HIDDEN or marks > _MARKS:
            # Category Cf holds visible Arabic number signs and the like too, which order and hide nothing.
            if kind == "Cf" and character in "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2":
                continue
            if kind == "Cf" and 0x110BD <= ord(character) <= 0x1343F:
                continue
            return f"{character!a} at {at} of {text[max(0, at - 20) : at + 20]!a}"
    return ""
