"""`run` in a terminal, with a shell around it: what the command sees, the keys, job control, the window."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

from tests.command_line.conftest import Run
from tests.command_line.test_run import notes
from tests.waiting import PATIENCE, eventually

TAILS = pytest.mark.parametrize("tail", ["", "--tail 3"])
ROOT = Path(__file__).parents[2]


class Shell:
    """A shell in a pseudo-terminal of 30 lines by 100."""

    def __init__(self, config: Path) -> None:
        environment = {**os.environ, "TERM": "xterm-256color", "PS1": "READY> ", "PYTHONPATH": str(ROOT)}
        self.run = f"{sys.executable} -m cockpit --config {config} run"
        self.tty: Any = pexpect.spawn(
            "bash", ["--norc", "--noprofile", "-i"], env=environment, cwd=str(config.parent),
            dimensions=(30, 100), encoding="utf-8", timeout=PATIENCE,
        )  # fmt: skip
        self.tty.expect_exact("READY> ")
        self.type("bind 'set enable-bracketed-paste off'; stty -echo")
        self.tty.expect_exact("READY> ")

    def type(self, line: str) -> None:
        self.tty.sendline(line)

    def see(self, *what: str) -> None:
        for one in what:
            self.tty.expect(one)


@pytest.fixture
def shell(config: Path, cockpit: Run) -> Iterator[Shell]:
    assert cockpit("declare", "--ticket", "4038").code == 0
    shell = Shell(config)
    yield shell
    shell.tty.close(force=True)


@TAILS
def test_it_is_a_terminal_of_the_same_size_and_kind(shell: Shell, tail: str) -> None:
    line = 'test -t 0 && test -t 1 && test -t 2 && echo "terminal $(stty size) $TERM"'
    shell.type(f"{shell.run} {tail} -- sh -c '{line}'; echo code=$?")
    shell.see("terminal 30 100 xterm-256color\r\n", "Noted for #1925", "code=0")


@TAILS
def test_ctrl_c_is_the_commands(shell: Shell, tail: str, served) -> None:
    trap = 'trap "echo caught; exit 5" INT; echo begun; while :; do sleep 0.1; done'
    shell.type(f"{shell.run} {tail} -- sh -c '{trap}'; echo code=$?")
    shell.see("begun\r\n")
    shell.tty.sendintr()
    shell.see("caught", "Noted for #1925", "code=5")
    plain = "import signal, time; signal.signal(2, signal.SIG_DFL); print(6 * 7, flush=True); time.sleep(60)"
    shell.type(f"{shell.run} {tail} -- {sys.executable} -c '{plain}'; echo code=$?")
    shell.see("42\r\n")
    shell.tty.sendintr()
    shell.see("code=130")
    texts = [one["text"] for one in eventually(lambda: len(notes(served)) == 2 and notes(served), "both are noted")]
    assert re.search(r"exit 130 \(SIGINT\)", texts[1])


@TAILS
def test_it_can_be_stopped_and_continued(shell: Shell, tail: str) -> None:
    shell.type(f"{shell.run} {tail} -- sh -c 'echo begun; read x; echo got-$x; exit 6'; echo after")
    shell.see("begun\r\n")
    shell.tty.send("\x1a")
    shell.see("Stopped", "READY> ")
    shell.type("echo shell-$((40+2))")
    shell.see("shell-42", "READY> ")
    shell.type("fg; echo code=$?")
    shell.see("run ")
    shell.type("hello")
    shell.see("got-hello", "Noted for #1925", "code=6")


@TAILS
def test_it_learns_of_a_new_size(shell: Shell, tail: str) -> None:
    line = 'trap "stty size; exit 3" WINCH; echo begun; while :; do sleep 0.1; done'
    shell.type(f"{shell.run} {tail} -- sh -c '{line}'; echo code=$?")
    shell.see("begun\r\n")
    shell.tty.setwinsize(40, 120)
    shell.see("40 120", "code=3")


@TAILS
def test_the_shells_terminal_is_as_before(shell: Shell, tail: str) -> None:
    shell.type("stty -a > before")
    shell.see("READY> ")
    shell.type(f"{shell.run} {tail} -- sh -c 'stty raw -echo; exit 0'; stty -a > after; cmp before after && echo alike")
    if tail:
        shell.see("alike")
    else:  # untouched means untouched, as without us
        shell.see("differ")


def test_much_typed_ahead_while_much_is_printed(shell: Shell) -> None:
    line = "import sys; sys.stdout.write('x' * 300000); sys.stdout.flush(); print(len(sys.stdin.readline()), 'read')"
    shell.type(f'{shell.run} --tail 1 -- {sys.executable} -c "{line}"; echo code=$?')
    shell.see("xxxx")
    shell.type("y" * 3000)
    shell.see("3001 read", "code=0")


def test_output_to_a_terminal_keeps_its_colours_where_the_input_is_a_pipe(shell: Shell) -> None:
    line = "cat; test -t 1 && echo still-one; test -t 0 || echo no-input"
    shell.type(f"echo in | {shell.run} --tail 2 -- sh -c '{line}'")
    shell.see("in\r\n", "still-one\r\n", "no-input\r\n", "Noted")
