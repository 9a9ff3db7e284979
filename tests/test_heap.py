"""What a program that runs for hours does about its memory, each time in a process of its own."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

GIVEN_BACK = """
import re
from pathlib import Path
from cockpit.heap import give_back

def own():
    return int(re.search(r"Anonymous: +(\\d+)", Path("/proc/self/smaps_rollup").read_text())[1])

blocks = [bytearray(700) for _ in range(50_000)]
kept = blocks[::100]
del blocks
before = own()
give_back()
print(before - own())
"""

SETTLED = """
import gc
from cockpit.heap import settle

class Knot:
    def __init__(self):
        self.me = self

    def __del__(self):
        print("gone")

gc.disable()
Knot()
later = Knot()
before = len(gc.get_objects())
settle()
print(len(gc.get_objects()) * 10 < before)
del later
gc.collect()
print("and then")
settle()
"""


def told_by(program: str) -> str:
    """What that program prints."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be asked to")
def test_what_lies_free_between_blocks_in_use_is_given_back() -> None:
    assert int(told_by(GIVEN_BACK)) > 20_000, "of 34 MiB that were let go of, in KiB"


def test_what_stays_is_not_looked_at_again_and_what_was_dead_is_gone() -> None:
    assert told_by(SETTLED).split("\n") == ["gone", "True", "and then", "gone"]
