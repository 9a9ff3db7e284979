"""What can be typed, and how a slip is answered."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import cockpit as package
from cockpit.command_line.arguments import COMMANDS, OPEN, looks_like_reference, parse
from cockpit.command_line.outcome import Failure
from tests.command_line.conftest import Run, ran, spawned
from tests.waiting import eventually


def test_the_overview_names_every_command_and_the_exit_codes(run: Run) -> None:
    outcome = run("--help")
    assert outcome.code == 0
    for command in COMMANDS.values():
        assert re.search(rf"^  {command.name} +{re.escape(command.summary)}$", outcome.out, re.MULTILINE)
    assert "0 yes, 1 the thing asked about is not so, 2 usage or config" in outcome.out
    assert all(len(line) <= 100 for line in outcome.out.splitlines())


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_its_help_with_the_flags_for_everywhere(run: Run, name: str) -> None:
    for argv in ((name, "--help"), ("--help", name), (name, "-h")):
        outcome = run(*argv)
        assert outcome.code == 0
        assert outcome.out.startswith(f"usage: cockpit {name}")
        for flag in ("--config FILE", "--read-only", "--version", "--help"):
            assert flag in outcome.out


@pytest.mark.parametrize("argv", [("--version",), ("status", "--version"), ("--version", "status")])
def test_the_version(run: Run, argv: tuple[str, ...]) -> None:
    outcome = run(*argv)
    assert (outcome.code, outcome.out) == (0, f"cockpit {package.__version__}\n")


@pytest.mark.parametrize(
    "argv",
    [
        ["--config", "c.toml", "--read-only", "status", "1924"],
        ["status", "1924", "--config", "c.toml", "--read-only"],
        ["--read-only", "status", "--config=c.toml", "1924"],
        ["status", "--read-only", "1924", "--config", "c.toml"],
    ],
)
def test_a_flag_for_everywhere_may_stand_anywhere(argv: list[str]) -> None:
    command, args = parse(argv)
    assert command.name == "status"
    assert (args.config, args.read_only, args.incident) == (Path("c.toml"), True, "1924")


@pytest.mark.parametrize(
    "reference",
    ["1924", "#1924", "Q1ABCDEFGH2345", "ticket:4038", "https://x.pagerduty.com/incidents/Q1", "http://h/a/tickets/1"],
)
def test_an_incident_opens_the_cockpit_on_it(reference: str) -> None:
    assert looks_like_reference(reference)
    command, args = parse([reference, "--read-only"])
    assert command is OPEN
    assert (args.incident, args.read_only, args.config) == (reference, True, None)


def test_nothing_opens_the_cockpit() -> None:
    command, args = parse([])
    assert command is OPEN
    assert args.incident is None


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["statsu"], "no command `statsu`. Did you mean `cockpit status`?"),
        (["Status"], "Did you mean `cockpit status`?"),
        (["--read-only", "tik"], "Did you mean `cockpit tick`?"),
        (["whatever"], "neither a command nor an incident"),
        (["ticket:"], "`ticket:`"),
        (["status", "1", "2"], "unrecognized arguments: 2. See `cockpit status --help`."),
        (["status", "--jsn"], "unrecognized arguments: --jsn"),
        (["status", "--js"], "unrecognized arguments: --js"),
        (["--config"], "argument --config: expected one argument"),
        (["config"], "the following arguments are required: what"),
        (["config", "shwo"], "invalid choice"),
        (["note"], "required: [INCIDENT] TEXT"),
        (["tick", "a.b", "--override", "x", "--not-applicable", "y"], "not allowed with argument"),
        (["declare", "--ticket", "abc"], "invalid int value"),
        (["sandbox", "--port", "70000"], "0 to 65535"),
        (["sandbox", "--speed", "0"], "--speed is a number above 0"),
        (["sandbox", "--speed", "nan"], "--speed is a number above 0"),
        (["sandbox", "--scenario", "long_outge"], "Did you mean `long_outage`?"),
        (["demo", "--scenario", "zzz"], "There are: "),
    ],
)
def test_what_cannot_be_understood_is_a_sentence_and_2(run: Run, argv: list[str], said: str) -> None:
    outcome = run(*argv)
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.startswith("cockpit: ")
    assert said in outcome.err


def test_a_stray_word_is_no_reference() -> None:
    with pytest.raises(Failure, match="nor an incident"):
        parse(["xyzzy"])


# --- in a process of its own ---------------------------------------------------------------------------------------

IMPORTED = """
import json, sys
sys.stdout.reconfigure(errors="replace")
from cockpit.cli import main
heavy = {"textual", "pdpyras", "httpx", "aiohttp", "slack_sdk", "sqlite3"}
for argv in json.loads(sys.argv[1]):
    try:
        main(argv)
    except SystemExit:
        pass
    print("LOADED", *sorted(heavy & {name.split(".")[0] for name in sys.modules}), file=sys.stderr)
"""


def loaded(config: Path, *commands: str) -> list[set[str]]:
    """What is loaded after each of these commands, one after the other in a process of their own."""
    words = json.dumps([["--config", str(config), *command.split()] for command in commands])
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, words], capture_output=True, text=True, check=False, timeout=60
    )
    return [set(line.split()) for line in re.findall(r"^LOADED(.*)$", done.stderr, re.MULTILINE)]


def test_what_needs_no_service_loads_no_network_library_and_no_interface(config: Path) -> None:
    commands = ("--help", "status --help", "demo --help", "config path", "config show", "sandbox --list")
    assert loaded(config, *commands) == [set()] * len(commands)


def test_a_command_without_the_screen_loads_no_interface(config: Path) -> None:
    commands = ("status 1924", "status 1924 --json", "log 1924", "note 1924 x", "doctor")
    assert ["textual" in libraries for libraries in loaded(config, *commands)] == [False] * len(commands)


def test_without_a_terminal_the_cockpit_points_to_status(config: Path) -> None:
    for argv in ((), ("1924",)):
        outcome = ran("--config", config, *argv)
        assert outcome.code == 2
        assert outcome.out == ""
        assert "needs a terminal" in outcome.err
        assert "`cockpit status`" in outcome.err
    assert ran("demo").code == 2


def test_without_a_config_every_command_says_how_to_make_one(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COCKPIT_CONFIG", str(tmp_path / "none.toml"))
    for argv in ((), ("status",), ("note", "x"), ("tick", "a.b"), ("declare", "--title", "x"), ("log",), ("doctor",),
                 ("config", "show"), ("config", "check")):  # fmt: skip
        outcome = run(*argv)
        assert outcome.code == 2
        assert outcome.err.startswith("cockpit: No config yet: ")
        assert "`cockpit init`" in outcome.err
        assert len(outcome.err.splitlines()) == 1


def test_a_reader_who_leaves_is_no_fault(config: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as closed:
        done = subprocess.run(
            [sys.executable, "-m", "cockpit", "--config", str(config), "config", "show"],
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize(
    ("redirected", "code", "said"),
    [
        (">&-", 0, ""),
        ("2>&-", 0, ""),
        (">/dev/full", 2, "cockpit: What it prints or keeps can't be written: No space left on device."),
    ],
)
def test_output_that_goes_nowhere_is_no_traceback(redirected: str, code: int, said: str) -> None:
    command = f"'{sys.executable}' -m cockpit config path {redirected}"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr[: len(said) or None]) == (code, said)


def test_without_a_place_for_talk_it_is_not_taken_for_data() -> None:
    command = f"'{sys.executable}' -m cockpit nonsense 2>&-"
    done = subprocess.run(command, shell=True, capture_output=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, b"")


def test_ctrl_c_is_quiet(config: Path, served) -> None:
    served.fault("*", "hang")
    with spawned("--config", config, "status", "1924") as process:
        eventually(lambda: served.requests() or process.poll() is not None, "it asks")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, "", "")


def test_a_terminal_that_cannot_show_a_sign_gets_a_question_mark(config: Path) -> None:
    outcome = ran("--config", config, "status", "1924", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert outcome.code == 0
    assert "? " in outcome.out
