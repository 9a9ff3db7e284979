"""`cockpit [INCIDENT]` in a terminal: it opens, and an incident that isn't there is a sentence and an exit code."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pexpect
import pytest


def opened(config: Path, *argv: str) -> pexpect.spawn:
    environment = {**os.environ, "TERM": "xterm-256color", "TEXTUAL_ANIMATIONS": "none"}
    return pexpect.spawn(
        sys.executable,
        ["-m", "cockpit", "--config", str(config), *argv],
        env=environment,
        dimensions=(40, 120),
        timeout=60,
        encoding="utf-8",
    )


def test_it_opens_on_the_incident_and_is_left_with_0(config: Path) -> None:
    cockpit = opened(config, "1924")
    cockpit.expect("#1924")
    cockpit.expect("Officially start")
    cockpit.send("\x11")  # ctrl+q
    cockpit.expect(pexpect.EOF)
    cockpit.wait()  # it may take a moment more to end than to close its terminal
    cockpit.close()
    assert cockpit.exitstatus == 0


@pytest.mark.parametrize(
    ("reference", "code", "said"),
    [
        ("99999", 4, "no incident with the number 99999"),
        ("ticket:99999", 4, "no ticket 99999"),
        ("https://elsewhere.freshdesk.com/a/tickets/1", 2, "elsewhere.freshdesk.com"),
    ],
)
def test_an_incident_that_is_not_there(config: Path, reference: str, code: int, said: str) -> None:
    cockpit = opened(config, reference)
    cockpit.expect(pexpect.EOF)
    cockpit.wait()  # it may take a moment more to end than to close its terminal
    cockpit.close()
    assert cockpit.exitstatus == code
    assert said in cockpit.before
    assert "Traceback" not in cockpit.before


def test_a_dumb_terminal_is_pointed_to_status(config: Path) -> None:
    cockpit = pexpect.spawn(
        sys.executable,
        ["-m", "cockpit", "--config", str(config)],
        env={**os.environ, "TERM": "dumb"},
        timeout=60,
        encoding="utf-8",
    )
    cockpit.expect(pexpect.EOF)
    cockpit.wait()  # it may take a moment more to end than to close its terminal
    cockpit.close()
    assert cockpit.exitstatus == 2
    assert "`cockpit status`" in cockpit.before
