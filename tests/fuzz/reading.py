"""An input of the fuzzer, both ways: bytes to a property, a text and its dice, and back."""

from __future__ import annotations

from collections.abc import Sequence

from tests.fuzz.properties import Property

LONGEST = 8_000
"""Characters that a repetition makes at most."""

_HEAD = 4
_REPEATS = (1, 1, 1, 1, 1, 2, 17, 300, 10_000)


def read(data: bytes, properties: Sequence[Property]) -> tuple[Property, str, int]:
    """The property, the text and the dice. Any bytes are an input."""
    head, body = data[:_HEAD].ljust(_HEAD, b"\0"), data[_HEAD:]
    text = body.decode("utf-8", "surrogatepass" if b"\xed" in body and _passes(body) else "replace")
    unit, parted, rest = text.partition("\x1f")
    times = _REPEATS[head[1] % len(_REPEATS)]
    if times > 1 and unit:
        unit *= max(1, min(times, LONGEST // len(unit)))
    return properties[head[0] % len(properties)], unit + (rest if parted else ""), head[2] << 8 | head[3]


def _passes(body: bytes) -> bool:
    try:
        body.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def written(index: int, text: str, repeats: int = 0, dice: int = 0) -> bytes:
    """An input for the seeds."""
    return bytes((index, repeats, dice >> 8 & 255, dice & 255)) + text.encode("utf-8", "surrogatepass")
