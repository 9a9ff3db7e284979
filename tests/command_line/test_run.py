"""`run`: the command as if there were no cockpit, and one note on it, whatever happens meanwhile."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cockpit.cli import main
from cockpit.command_line import run as room
from cockpit.command_line.run import to_start
from tests.command_line.conftest import Outcome, Run
from tests.command_line.test_acting import records
from tests.waiting import PATIENCE, eventually

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def scribes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """The processes that the commands leave behind; none is left at the end of the test."""
    left: list[subprocess.Popen[bytes]] = []
    start = room._scribe

    def kept(config: Path | None) -> subprocess.Popen[bytes]:
        left.append(start(config))
        return left[-1]

    monkeypatch.setattr(room, "_scribe", kept)
    yield left
    for process in left:
        process.kill()
        process.wait()


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process, with what its own children print."""

    def run(*argv: object) -> Outcome:
        code = main([str(word) for word in argv])
        return Outcome(int(code), *capfd.readouterr())

    return run


@pytest.fixture
def declared(cockpit: Run) -> None:
    """A P1 with its channel."""
    assert cockpit("declare", "--ticket", "4038").code == 0


def notes(served) -> list[dict[str, Any]]:
    """Our notes on commands."""
    return [one for one in records(served) if one["metadata"]["event_payload"]["kind"] == "run"]


def only_note(served) -> dict[str, Any]:
    """The one note, once it is there."""
    (found,) = eventually(lambda: notes(served), "the note is in the channel")
    return found


def test_a_command_passes_through_and_is_noted_once(cockpit: Run, declared: None, served) -> None:
    outcome = cockpit("run", "--", "sh", "-c", "echo out; echo err >&2; exit 7")
    assert outcome.code == 7
    assert outcome.out == "out\n"
    assert outcome.err == "err\ncockpit: Noted for #1925.\n"
    note = only_note(served)
    assert note["text"] == "$ sh -c 'echo out; echo err &gt;&amp;2; exit 7' → exit 7 in 0 s — Ana Ruiz"
    assert note.get("thread_ts") is None
    data = note["metadata"]["event_payload"]["data"]
    assert (data["command"], data["exit"]) == ("sh -c 'echo out; echo err >&2; exit 7'", 7)
    assert set(data) == {"command", "exit", "seconds"}


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (("sh", "-c", "kill -TERM $$"), 143, "Noted"),
        (("sh", "-c", "kill -KILL $$"), 137, "Noted"),
        (("no-such-command",), 127, "no-such-command: command not found"),
        (("/",), 126, "Permission denied"),
        (("sh", "-c", "exit 200"), 200, "Noted"),
    ],
)
@pytest.mark.parametrize("tail", [(), ("--tail", "3")])
def test_it_exits_as_the_command_did(
    cockpit: Run, declared: None, tail: tuple[str, ...], argv: tuple[str, ...], code: int, said: str
) -> None:
    outcome = cockpit("run", *tail, "--", *argv)
    assert outcome.code == code
    assert said in outcome.err


def test_what_never_ran_is_not_noted(cockpit: Run, declared: None, served, scribes, tmp_path: Path) -> None:
    assert cockpit("run", "--", "no-such-command").code == 127
    scribes[0].wait(PATIENCE)
    assert notes(served) == []
    assert list((tmp_path / "state" / "runs").iterdir()) == []


def test_the_last_lines_go_with_it_and_not_into_the_metadata(cockpit: Run, declared: None, served) -> None:
    outcome = cockpit("run", "--tail", "2", "--", "sh", "-c", "echo one; echo two; echo token=abc")
    assert outcome.code == 0
    assert outcome.out == "one\ntwo\ntoken=abc\n", "what is seen isn't masked"
    note = only_note(served)
    assert note["text"].endswith("exit 0 in 0 s\n```\ntwo\ntoken=•••\n``` — Ana Ruiz")
    assert set(note["metadata"]["event_payload"]["data"]) == {"command", "exit", "seconds"}


def test_a_secret_is_nowhere_outside_the_command(cockpit: Run, declared: None, served, tmp_path: Path) -> None:
    assert cockpit("run", "--", "true", "--password", "hunter2hunter2").code == 0
    only_note(served)
    for path in (tmp_path / "state").rglob("*"):
        if path.is_file():
            assert b"hunter2" not in path.read_bytes()
    assert "hunter2" not in json.dumps(served.state())
    assert "hunter2" not in cockpit("log", "--json").out


def test_a_pipe_is_untouched(config: Path, declared: None, served) -> None:
    data = bytes(range(256)) * 4096
    for tail in ((), ("--tail", "1")):
        done = subprocess.run(
            [sys.executable, "-m", "cockpit", "--config", str(config), "run", *tail, "--", "cat"],
            input=data, capture_output=True, timeout=PATIENCE,
        )  # fmt: skip
        assert done.returncode == 0
        assert done.stdout == data
    eventually(lambda: len(notes(served)) == 2, "both are noted")


def test_a_reader_that_stops_ends_the_command_as_without_us(config: Path, declared: None, served) -> None:
    for tail in ("", "--tail 1"):
        line = f"{sys.executable} -m cockpit --config {config} run {tail} -- yes | head -1; echo ${{PIPESTATUS[0]}}"
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=PATIENCE)
        assert done.stdout == "y\n141\n"
    eventually(lambda: len(notes(served)) == 2, "both are noted")


@pytest.mark.parametrize("tail", [(), ("--tail", "1")])
def test_it_waits_for_nothing_that_the_command_left_running(
    cockpit: Run, declared: None, tail: tuple[str, ...], tmp_path: Path
) -> None:
    kept = tmp_path / "pid"
    outcome = cockpit("run", *tail, "--", "sh", "-c", f"sleep 600 & echo $! > {kept}; exit 0")
    assert outcome.code == 0
    os.kill(int(kept.read_text()), signal.SIGKILL)  # which fails where it has ended


def test_no_service_is_asked_before_the_command_has_ended_and_we_have_gone(
    cockpit: Run, declared: None, served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_scribe", lambda config: None)
    before = len(served.requests())
    assert cockpit("run", "--", "true").code == 0
    assert len(served.requests()) == before, "so none can delay it"
    log = json.loads(cockpit("log", "--json").out)
    assert [one["kind"] for one in log][-1] == "run", "it is in the journal"


def test_a_note_that_cannot_go_out_now_goes_out_later(cockpit: Run, declared: None, served, scribes) -> None:
    served.fault("slack", "500")
    assert cockpit("run", "--", "false").code == 1
    scribes[0].wait(PATIENCE)
    assert notes(served) == []
    served.clear_faults()
    assert cockpit("note", "meanwhile").code == 0
    eventually(lambda: notes(served), "the next command delivers it")
    assert len(notes(served)) == 1


def test_nothing_remembered_asks_for_the_only_open_p1(cockpit: Run, served, tmp_path: Path) -> None:
    assert cockpit("declare", "--ticket", "4038").code == 0
    for path in (tmp_path / "state").glob("journal*"):
        path.unlink()
    outcome = cockpit("run", "--", "sh", "-c", "exit 3")
    assert outcome.code == 3
    assert "PagerDuty is being asked for the incident" in outcome.err
    assert "exit 3" in only_note(served)["text"]


def test_with_no_incident_at_all_it_waits_for_the_one_opened_next(cockpit: Run, served, scribes) -> None:
    outcome = cockpit("run", "--", "true")
    assert outcome.code == 0
    assert "the one you open next" in outcome.err
    scribes[0].wait(PATIENCE)
    assert cockpit("declare", "--ticket", "4038").code == 0
    only_note(served)


def test_a_named_incident_that_is_known_here_is_taken(cockpit: Run, declared: None, served) -> None:
    assert cockpit("status", "1924").code == 0
    outcome = cockpit("run", "--incident", "#1925", "--", "true")
    assert outcome.err == "cockpit: Noted for #1925.\n"
    only_note(served)


def test_an_incident_named_by_its_ticket_is_found_afterwards(cockpit: Run, declared: None, served) -> None:
    outcome = cockpit("run", "--incident", "ticket:4038", "--", "true")
    assert outcome.err == "cockpit: The note is queued: it is being looked up which incident “ticket:4038” is.\n"
    only_note(served)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ((), "Which command?"),
        (("--",), "Which command?"),
        (("1925", "--", "ls", "-l"), "Did you mean `cockpit run --incident 1925 -- ls -l`?"),
        (("--incident", "nonsense", "--", "ls"), "isn't an incident"),
        (("--tail", "500", "--", "ls"), "from 0 to 50"),
        (("--read-only", "--", "ls"), "no write leaves"),
    ],
)
def test_what_makes_no_sense_runs_nothing(cockpit: Run, argv: tuple[str, ...], said: str, scribes) -> None:
    outcome = cockpit("run", *argv)
    assert outcome.code == 2
    assert said in outcome.err
    assert scribes == []


def test_flags_after_the_command_are_the_commands(cockpit: Run, declared: None) -> None:
    outcome = cockpit("run", "echo", "--config", "x", "--help", "--", "-h")
    assert outcome.code == 0
    assert outcome.out == "--config x --help -- -h\n"


def test_a_state_folder_that_cannot_be_written_is_no_reason_not_to_run(
    cockpit: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COCKPIT_STATE_DIR", str(tmp_path / "file"))
    outcome = cockpit("run", "--", "sh", "-c", "echo ran; exit 4")
    assert outcome.code == 4
    assert outcome.out == "ran\n"
    assert "This command isn't noted" in outcome.err


def test_one_word_that_is_a_line_goes_to_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/bin/zsh")
    assert to_start(["ls | wc"]) == ["/bin/zsh", "-c", "ls | wc"]
    assert to_start(["ls"]) == ["ls"]
    assert to_start(["ls", "a b"]) == ["ls", "a b"]


def test_a_cockpit_that_is_killed_tells_that_the_end_was_not_seen(
    config: Path, declared: None, served, tmp_path: Path
) -> None:
    started = tmp_path / "started"
    process = subprocess.Popen(
        [sys.executable, "-m", "cockpit", "--config", str(config), "run", "--",
         "sh", "-c", f"echo $$ > {started}.part; mv {started}.part {started}; exec sleep 60"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    eventually(started.exists, "the command runs")
    process.kill()
    process.wait()
    try:
        note = only_note(served)
        assert note["text"].split(" → ")[1] == "its end wasn't seen — Ana Ruiz"
        os.kill(int(started.read_text()), 0)  # the command itself goes on
    finally:
        os.kill(int(started.read_text()), signal.SIGKILL)
    assert list((tmp_path / "state" / "runs").iterdir()) == []


def test_it_works_beside_an_open_cockpit(cockpit: Run, declared: None, served, config: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(config)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    with holder:
        assert holder.stdout.readline() == "open\n"
        assert cockpit("status", "1924").code == 0  # the one last looked at isn't the one that is open
        outcome: Outcome = cockpit("run", "--", "true")
        assert outcome.err == "cockpit: Noted for #1925.\n"
        only_note(served)
        holder.stdin.close()
    assert len(notes(served)) == 1


HOLD = """
import asyncio, sys
from pathlib import Path
from cockpit.config import load
from cockpit.engine.desk import Desk

async def main():
    desk = Desk(load(Path(sys.argv[1])))
    session = desk.session(await desk.find("1925"))
    await session.start()
    while not session._outbox.delivering:
        await asyncio.sleep(0.01)
    print("open", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await session.close()
    await desk.close()

asyncio.run(main())
"""
