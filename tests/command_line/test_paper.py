"""Columns on a terminal and off it."""

from __future__ import annotations

import io

import pytest

from cockpit.command_line.paper import Paper


class Terminal(io.StringIO):
    """A terminal that keeps what was written on it."""

    def isatty(self) -> bool:
        return True


LONG = "no title or alert carries the tag that proves an outage, so that it has to be tested by hand by a person"
ROWS = [("✓", "start.p1", "Make it a P1", "short"), ("○", "validate", "Test 中文", LONG)]


def written(paper: Paper) -> list[str]:
    paper.columns(ROWS)
    return paper.stream.getvalue().splitlines()


def on_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> Paper:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")
    return Paper(Terminal())


def test_off_a_terminal_a_row_is_a_line() -> None:
    assert written(Paper(io.StringIO())) == [
        "  ✓  start.p1  Make it a P1  short",
        f"  ○  validate  Test 中文     {LONG}",
    ]


def test_on_a_wide_terminal_the_last_column_is_wrapped_beside_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = written(on_terminal(monkeypatch, 80))
    assert lines[0] == "  ✓  start.p1  Make it a P1  short"
    assert lines[1].startswith("  ○  validate  Test 中文     no title")
    assert all(line.startswith(" " * 29) and line[29] != " " for line in lines[2:])
    assert all(len(line) <= 80 for line in lines)
    assert " ".join([lines[1][27:].strip(), *(line.strip() for line in lines[2:])]) == LONG


def test_on_a_narrow_one_below_them(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = written(on_terminal(monkeypatch, 60))
    assert lines[:3] == ["  ✓  start.p1  Make it a P1", "     short", "  ○  validate  Test 中文"]
    assert all(line.startswith("     ") and line[5] != " " and len(line) <= 60 for line in lines[3:])
    assert " ".join(line.strip() for line in lines[3:]) == LONG


@pytest.mark.parametrize(
    ("no_colour", "term", "bold"), [("", "xterm", True), ("1", "xterm", False), ("", "dumb", False)]
)
def test_emphasis_only_where_it_is_wanted(
    monkeypatch: pytest.MonkeyPatch, no_colour: str, term: str, bold: bool
) -> None:
    monkeypatch.setenv("NO_COLOR", no_colour)
    monkeypatch.setenv("TERM", term)
    assert (Paper(Terminal()).strong("x") == "\x1b[1mx\x1b[0m") is bold
    assert Paper(io.StringIO()).strong("x") == "x"
