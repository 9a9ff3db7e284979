"""Every command's output, with the corpus in every field of every service; and words that aren't UTF-8."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

from cockpit.cli import main
from tests.hostile.judging import unsafe
from tests.hostile.terminal import faults
from tests.waiting import PATIENCE

COMMANDS = (
    ("tick", "1925", "validate.test", "--note", b"looked at it\xff\xed\xa0\x80"),
    ("note", "1925", b"a note \x1b]52;c;aGk=\x07 that isn't UTF-8: \xff"),
    ("status", "1925"),
    ("status", "1925", "--json"),
    ("log", "1925"),
    ("log", "1925", "--json"),
    ("report", "1925"),
    ("report", "1925", "--format", "json"),
    ("followups",),
    ("doctor",),
    ("doctor", "--json"),
    ("status", b"no such \x1b[2J\xff"),
    ("declare", "--title", "x", "--service", b"no such \x1b[2J\xff"),
    ("status",),
)
"""In this order: the first ones make what the others tell of."""


Run = Callable[..., tuple[str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process: what it printed and what it said."""
    for name in [name for name in os.environ if name.startswith(("COCKPIT_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COCKPIT_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))

    def run(config: Path, *argv: str | bytes) -> tuple[str, str]:
        main(["--config", str(config), *map(os.fsdecode, argv)])
        return tuple(capsys.readouterr())  # type: ignore[return-value]

    return run


@pytest.fixture
def declared(plain_config: Path, run: Run) -> None:
    """Incident 1925, with its channel and its ticket."""
    out, err = run(plain_config, "declare", "--ticket", "4038", "--title", b"Hub is down \x1b[2J\xff")
    assert "✓ done: declare" in out, err


@pytest.mark.usefixtures("declared")
def test_no_command_prints_what_a_terminal_obeys(config: Path, run: Run) -> None:
    silent = []
    for argv in COMMANDS:
        out, err = run(config, *argv)
        assert not (problem := unsafe(out) or unsafe(err)), (argv, problem)
        if "json" in str(argv):
            json.loads(out)
        silent += [argv] if "¶" not in out + err else []
    assert len(silent) <= len(COMMANDS) // 2, f"the corpus went through hardly any: {silent}"


@pytest.mark.usefixtures("declared")
def test_nothing_but_ours_is_written_to_the_terminal(config: Path) -> None:
    terminal = pexpect.spawn(
        sys.executable, ["-m", "cockpit", "--config", str(config), "1925"], env={**os.environ, "TERM": "foot"},
        dimensions=(40, 120), encoding="utf-8", timeout=PATIENCE,
    )  # fmt: skip
    written: list[str] = []
    terminal.expect("¶")
    written += [terminal.before, terminal.after]
    for key in "23+g+4?":
        terminal.send(key)
        terminal.expect(r"\x1b\[[0-9;]*m[^\x1b]*")  # something is drawn for it
        written += [terminal.before, terminal.after]
    terminal.send("\x11")
    terminal.expect(pexpect.EOF)
    whole = "".join(written) + terminal.before
    assert "\x1b]2;" in whole, "the title is written"
    assert list(faults(whole)) == []


def test_the_scanner_sees_what_is_not_ours() -> None:
    for text in (
        "\x1b]52;c;aGk=\x07",
        "\x1b]8;;http://x\x1b\\y",
        "\x1bPq\x1b\\",
        "\x1b]2;a\u202eb\x07",
        "a\u200bb",
        "\x9b2J",
    ):
        assert list(faults(text)), text
    assert list(faults("\x1b[1mok\x1b[0m\r\n\x1b]2;a title\x1b\\")) == []
