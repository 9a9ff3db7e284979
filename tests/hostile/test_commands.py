"""Every command's output, with the corpus in every field of every service; and words that aren't UTF-8."""

from __future__ import annotations

import json
import os
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pexpect
import pytest
import tomli_w

from cockpit.cli import main
from cockpit.incident.process_file import shipped
from cockpit.sandbox import SandboxThread
from tests.command_line.test_init import Interview, me
from tests.command_line.test_run import eventually, notes
from tests.hostile.judging import unsafe
from tests.hostile.nasties import NASTIES
from tests.hostile.spoiler import Spoiler
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
        return tuple(capsys.readouterr())

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


def test_a_config_or_a_process_that_holds_the_corpus(plain_config: Path, run: Run, tmp_path: Path) -> None:
    settings, process = tomllib.loads(plain_config.read_text()), tomllib.loads(shipped()["web-service"].read_text())
    file, ours = tmp_path / "spoilt.toml", tmp_path / "process.toml"
    file.touch(0o600)
    for name, text in NASTIES.items():
        text = text.encode(errors="replace").decode()  # TOML is UTF-8
        first, *others = process["phase"]
        step = {**first["step"][0], "title": text, "hint": text}
        for wrong in (False, True):
            config = {**settings, "me": {**settings["me"], "name": text}, **({text: {text: text}} if wrong else {})}
            file.write_text(tomli_w.dumps(config))
            steps = [{**step, "sensor": text, text: text} if wrong else step, *first["step"][1:]]
            phases = [{**first, "title": text, "step": steps}, *others]
            ours.write_text(tomli_w.dumps({**process, "title": text, "phase": phases}))
            whole = (("config", "show"), ("config", "check"), ("process", "check", ours), ("process", "show", ours))
            for argv in whole:
                out, err = run(file if argv[0] == "config" else plain_config, *map(str, argv))
                assert not (problem := unsafe(out) or unsafe(err)), (name, argv, problem)
                if argv == ("config", "show") and out:
                    assert tomllib.loads(out)["me"]["name"] == text, "it is still the same config"
    for path in (file, ours):
        path.write_bytes(b'[me]\nname = "caf\xff\xed\xa0\x80"')
        out, err = run(path, "config", "check") if path is file else run(plain_config, "process", "check", str(path))
        assert "UTF-8" in err and not unsafe(out + err)  # noqa: PT018


@pytest.mark.usefixtures("declared")
def test_a_command_of_hostile_words_is_run_and_told(plain_config: Path, run: Run, world: SandboxThread) -> None:
    words = [text.replace("\0", "").encode(errors="replace") for text in NASTIES.values()]
    out, err = run(plain_config, "run", "--incident", "1925", "--tail", "20", "--", "true", *words, b"\xff\xed\xa0\x80")
    assert not unsafe(out + err)
    told = lambda: [one["text"] for one in notes(world) if "→ exit 0" in one["text"]]
    (text,) = eventually(told, "it is noted")
    assert not unsafe(text)


def test_init_asks_services_that_speak_the_corpus(world: SandboxThread, tmp_path: Path) -> None:
    given = world.credentials()
    with Spoiler(world.url) as spoiler:
        at = spoiler.in_place
        places = SimpleNamespace(pagerduty_url=at(world.pagerduty_url), slack_url=at(world.slack_url))
        interview = Interview(places, tmp_path / "new" / "config.toml", 0)
        me(interview)
        interview.answer("Use PagerDuty?", "")
        interview.answer("PagerDuty's API", "")
        interview.answer("Keep it in the [f]ile", "")
        interview.answer("The token (not shown)", given["pagerduty_token"])
        interview.answer("Use Slack?", "y")
        interview.answer("Keep it in the [f]ile", "f")
        interview.answer("The token (not shown)", given["slack_token"])
        interview.answer("Use Freshdesk?", "yes")
        interview.answer("Your Freshdesk", at(world.call(lambda sandbox: sandbox.freshdesk_url)))
        interview.answer("Keep it in the [f]ile", "f")
        interview.answer("The api key (not shown)", given["freshdesk_key"])
        interview.child.expect("PagerDuty users who hold the rota|Use Freshdesk")
        interview.heard += interview.child.before
        interview.child.close(force=True)
    assert "Traceback" not in interview.heard
    assert "¶" in interview.heard
    assert list(faults(interview.heard)) == []
