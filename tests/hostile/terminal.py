"""What a program wrote to its terminal, taken apart: text, and the sequences that the terminal obeys."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.hostile.judging import unsafe

_STRING = re.compile(r"\x1b([\]P_^X])(.*?)(?:\x07|\x1b\\|\x9c)", re.S)
_CSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_SHORT = re.compile(r"\x1b[ -/]*[0-~]")


def faults(written: str) -> Iterator[str]:
    """What no program of ours writes; nothing when all is well.

    Of the strings (OSC, DCS, APC …) only the window's title, a desktop notification and the pointer's shape are ours,
    and those are plain.
    """

    def string(found: re.Match[str]) -> str:
        kind, payload = found[1], found[2]
        number, _, words = payload.partition(";")
        if kind != "]" or number not in ("2", "9", "22", "777"):
            strange.append(f"a string that isn't ours: {found[0][:80]!a}")
        elif problem := unsafe(words, newline=False):
            strange.append(f"in {found[0][:80]!a}: {problem}")
        return ""

    strange: list[str] = []
    text = _SHORT.sub("", _CSI.sub("", _STRING.sub(string, written)))
    yield from strange
    for line in re.split(r"[\r\n\x07\x08]+", text):
        if problem := unsafe(line, newline=False):
            yield problem
