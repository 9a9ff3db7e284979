"""What the fuzzer runs: `python -m tests.fuzz.target FOLDER [libFuzzer's options] CORPUS`.

An input is bytes: which property, how often the text is repeated, the dice, the text. A broken promise doesn't stop
the run: the input is kept in FOLDER, one for each place in which one broke.
"""

from __future__ import annotations

import sys
import time
import traceback
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["cockpit", "markdown_it", "html"]):
    from tests.fuzz.properties import PROPERTIES
    from tests.fuzz.reading import read

SLOW = 10
"""Seconds of the processor for one input of at most `reading.LONGEST` characters: linear work takes a fifth of it."""

FOUND: set[str] = set()


def one_input(folder: Path, data: bytes) -> None:
    """Run one input."""
    promise, text, dice = read(data, PROPERTIES)
    begun = time.process_time()
    try:
        promise(text, dice)
    except Exception as broken:
        last = traceback.extract_tb(broken.__traceback__)[-1]
        place = f"{promise.__name__}-{type(broken).__name__}-{Path(last.filename).stem}-{last.lineno}"
        keep(folder, place, data, f"{text[:2000]!a}\ndice {dice}\n{traceback.format_exc(limit=8)}")
    if (took := time.process_time() - begun) > SLOW:
        keep(folder, f"{promise.__name__}-slow", data, f"{text[:2000]!a}\ndice {dice}\n{took:.1f} s")


def keep(folder: Path, place: str, data: bytes, words: str) -> None:
    """Keep the first input that breaks a promise at that place."""
    if place not in FOUND:
        FOUND.add(place)
        (folder / place).write_bytes(data)
        (folder / f"{place}.txt").write_text(words)
        print(f"BROKEN {place}", flush=True)


def main() -> None:
    """Hand over to libFuzzer, which doesn't come back."""
    folder = Path(sys.argv.pop(1))
    atheris.Setup(sys.argv, lambda data: one_input(folder, data))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
