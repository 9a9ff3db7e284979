"""Lines of ink: whatever the text and the width, nothing is lost and nothing sticks out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cockpit.tui import moments
from cockpit.tui.ink import clip, measure, spread, wrap

WORDS = st.text(alphabet="abc défg😀漢 \n", max_size=200)


@given(WORDS, st.integers(2, 60))
def test_wrapping_keeps_within_the_width_and_loses_nothing(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert lines
    assert all(cell_len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(WORDS, WORDS, st.integers(0, 80))
def test_a_spread_line_is_never_wider_than_its_room(left: str, right: str, width: int) -> None:
    line = spread(((left.replace("\n", " "), "plain"),), ((right.replace("\n", " "), "dim"),), width)
    assert measure(line) <= width


def test_a_clipped_line_says_that_something_is_missing() -> None:
    assert clip((("abcdef", "plain"),), 4) == (("abc…", "plain"),)
    assert clip((("abcdef", "plain"),), 6) == (("abcdef", "plain"),)


NOW = datetime(2026, 11, 23, 18, 2, 11, tzinfo=UTC)


def test_times_are_short_in_lists_and_exact_in_detail() -> None:
    assert moments.stamp(NOW, NOW) == "18:02"
    assert moments.stamp(NOW - timedelta(days=1), NOW) == "22 Nov 18:02"
    assert moments.exactly(NOW, UTC) == "Mon 23 Nov 2026, 18:02:11 UTC"
    assert moments.exactly(NOW, __import__("zoneinfo").ZoneInfo("Europe/Berlin")).endswith("UTC (19:02 CET)")
    assert moments.until(NOW + timedelta(minutes=17), NOW) == "in 17 min"
    assert moments.until(NOW - timedelta(minutes=5), NOW) == "5 min late"
    assert moments.ago(NOW + timedelta(hours=1), NOW) == "now", "a clock that runs ahead"


@pytest.mark.parametrize(("passed", "full"), [(0, 0), (60, 3), (120, 6), (500, 6), (-10, 0)])
def test_the_gauge_fills_as_time_passes(passed: int, full: int) -> None:
    began = NOW - timedelta(minutes=passed)
    assert moments.gauge(began, began + timedelta(hours=2), NOW).count("▰") == full
