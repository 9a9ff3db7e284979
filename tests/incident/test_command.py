"""How a command ended, and the last lines of what it printed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.incident.command import KEPT, LONGEST_TAIL, MOST_LINES, ending, last_lines


@pytest.mark.parametrize(
    ("code", "words"),
    [(0, "exit 0"), (7, "exit 7"), (137, "exit 137 (SIGKILL)"), (255, "exit 255"), (None, "its end wasn't seen")],
)
def test_how_it_ended(code: int | None, words: str) -> None:
    assert ending(code) == words


@pytest.mark.parametrize(
    ("output", "told"),
    [
        (b"one\ntwo\nthree\n", "two\nthree"),
        (b"one\r\ntwo\r\n\r\n", "one\ntwo"),
        (b" 1%\r 50%\r100%\ndone\n", "100%\ndone"),
        (b"\x1b[31mred\x1b[0m\x07\n\xff\xfe\n", "red\n\ufffd\ufffd"),
        (b"before\n\x1b[?1049h\x1b[2Jscreen\nfull\x1b[?1049lafter\n", "before\nafter"),
        (b"password: hunter2\n", "password: •••"),
        (b"", ""),
    ],
)
def test_the_last_lines(output: bytes, told: str) -> None:
    assert last_lines(output, 2) == told


def test_a_first_line_that_was_cut_in_two_is_left_out() -> None:
    assert last_lines(b"x" * (KEPT - 6) + b"\nlast\n", 5) == "last"


@given(st.binary(max_size=5000), st.integers(1, MOST_LINES))
def test_they_are_never_more_than_asked_for(output: bytes, lines: int) -> None:
    told = last_lines(output, lines)
    assert len(told) <= LONGEST_TAIL
    assert len(told.split("\n")) <= lines
    assert "\x1b" not in told
