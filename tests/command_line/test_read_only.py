"""Every command with --read-only, on services that fail at any write: none goes out, and none is left to go later."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.command_line.arguments import COMMANDS
from cockpit.engine.desk import JOURNAL
from cockpit.engine.journal import Journal
from cockpit.sandbox import SandboxThread
from tests.command_line.conftest import Run

WRITING: dict[str, list[list[str]]] = {
    "declare": [["--title", "Hub down"], ["--ticket", "4038"]],
    "note": [["1924", "a note"]],
    "run": [["--incident", "1924", "--", "sh", "-c", "echo ran >&2"]],
    "tick": [["1924", "resolve.validated"], ["1924", "start.service", "--override", "it will do"]],
}
"""The commands that write: refused, with a sentence, as a wrong use of the command line is."""

READING: dict[str, list[list[str]]] = {
    "status": [["1924"], ["ticket:4038", "--json"]],
    "report": [["1924"], ["ticket:4038", "--format", "json"]],
    "doctor": [["--json"]],
    "log": [["1924", "--json"]],
    "followups": [["--json"]],
    "process": [["show"]],
    "config": [["show"], ["check"], ["path"]],
}

ELSEWHERE = {
    "demo": "draws the cockpit, on a sandbox of its own: see tests/tui/test_read_only.py",
    "init": "asks the services what the doctor asks",
    "sandbox": "serves, and asks nobody",
}


def test_every_command(cockpit: Run, served: SandboxThread, tmp_path: Path) -> None:
    assert {*WRITING, *READING, *ELSEWHERE} == {*COMMANDS}
    served.fail_writes()
    for name, uses in WRITING.items():
        for use in uses:
            outcome = cockpit("--read-only", name, *use)
            assert (outcome.code, outcome.out) == (2, ""), (name, use)
            assert outcome.err == "cockpit: This command writes something, and with --read-only no write leaves.\n"
    assert not (tmp_path / "state").exists(), "nothing is kept that could go out later"
    for name, uses in READING.items():
        for use in uses:
            outcome = cockpit("--read-only", name, *use)
            assert outcome.code in (0, 1), (name, use, outcome)
    journal = Journal(tmp_path / "state" / JOURNAL)
    assert journal.cases() == ()
    journal.close()
    assert not (tmp_path / "state" / "runs").exists()
    assert [one for one in served.requests() if one.write] == []
    assert len(served.requests()) > 20, "it does read"


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_note_of_another_process_stays_where_it_is(cockpit: Run, served: SandboxThread, place: str) -> None:
    """`--read-only` before the command or after its name; what is queued here stays queued."""
    served.fault("slack", "500")
    assert cockpit("note", "1924", "waits").code == 3
    served.clear_faults()
    served.fail_writes()
    before = len(served.requests())
    words = ["--read-only", "status", "1924"] if place == "before" else ["status", "1924", "--read-only"]
    assert "1 waiting" in (told := cockpit(*words)).out + told.err or "queued" in told.out + told.err
    assert [one for one in served.requests()[before:] if one.write] == []
