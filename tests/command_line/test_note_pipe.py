"""`… | cockpit note -`: whatever comes down a pipe."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line.conftest import Run
from tests.command_line.test_acting import records
from tests.waiting import PATIENCE


@pytest.fixture
def declared(cockpit: Run) -> None:
    """A P1 with its channel."""
    assert cockpit("declare", "--ticket", "4038").code == 0


def piped(config: Path, data: bytes | None, served) -> str:
    """The note that comes of it."""
    command = [sys.executable, "-m", "cockpit", "--config", str(config), "note", "-"]
    done = subprocess.run(command, input=data, capture_output=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    text: str = records(served)[-1]["text"]
    return text.removeprefix("✎ ").removesuffix(" — Ana Ruiz")


def test_a_big_pipe_is_cut_and_says_by_how_much(config: Path, declared: None, served) -> None:
    text = piped(config, b"".join(b"line %06d\n" % number for number in range(200_000)), served)
    kept, last = text.rsplit("\n", 1)
    assert len(text) <= 2_800
    assert kept.startswith("line 000000\nline 000001\n")
    left = int(last.removeprefix("… (").split()[0].replace(",", ""))
    assert abs(left + len(kept) - 200_000 * 12) <= 2
    assert kept.endswith(f"line {len(kept) // 12:06d}"), "cut at the end of a line"


def test_a_small_pipe_is_whole(config: Path, declared: None, served) -> None:
    assert piped(config, b"one\n\n  two\n", served) == "one\n\n  two"


def test_bytes_that_are_no_text_and_escape_sequences(config: Path, declared: None, served) -> None:
    data = b"caf\xc3\xa9 \xff\xfe \x1b[31mred\x1b[0m \x1b]52;c;aGk=\x07bell\x07 nul\x00 a\r\nb\n"
    assert piped(config, data, served) == "café \ufffd\ufffd red bell nul a\nb"


@pytest.mark.parametrize("redirection", ["<&-", "</dev/null"])
def test_a_closed_input_is_an_empty_note(config: Path, redirection: str) -> None:
    line = f"{sys.executable} -m cockpit --config {config} note - {redirection}"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stderr) == (2, "cockpit: The note is empty.\n")


def test_what_came_before_the_writer_died_is_noted(config: Path, declared: None, served) -> None:
    line = f"sh -c 'echo seen; kill -9 $$' | {sys.executable} -m cockpit --config {config} note -"
    assert subprocess.run(["sh", "-c", line], capture_output=True, timeout=PATIENCE).returncode == 0
    assert records(served)[-1]["text"].startswith("✎ seen")


def test_typed_words_are_cleaned_too(cockpit: Run, declared: None, served) -> None:
    assert cockpit("note", "a\x1b[2Jb\x07").code == 0
    assert records(served)[-1]["text"].startswith("✎ ab —")
