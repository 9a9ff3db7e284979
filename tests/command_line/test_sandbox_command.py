"""`cockpit sandbox` and `cockpit demo`, as processes of their own."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import pexpect
import pytest

from cockpit.config import load
from tests.command_line.conftest import Run, ran, spawned


@contextmanager
def serving(*argv: object) -> Iterator[subprocess.Popen[str]]:
    """A sandbox that is ready, ended when the test is over."""
    with spawned("sandbox", *argv) as process:
        try:
            assert process.stdout.readline() == "ready\n", process.stderr.read()
            yield process
        finally:
            process.kill()


def test_it_says_ready_when_it_serves_and_writes_a_config_for_its_reader_alone(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "c.toml"
    own = tmp_path / "own.toml"
    own.write_text((resources.files("cockpit.sandbox") / "scenarios" / "quiet.toml").read_text())
    before = os.umask(0)
    try:
        with serving("--write-config", path, "--scenario", own):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            settings = load(path)
            assert settings.clock is None or settings.clock.speed == 1
            assert settings.me == "Ana Ruiz"
            assert settings.tech_leads == {"kim.tanaka@example.org"}
            assert settings.placeholders == {"out-of-hours@example.org"}
            outcome = run("--config", path, "status", "1924")
            assert (outcome.code, outcome.err) == (0, "")
            with pytest.raises(urllib.error.HTTPError, match="401"):
                urllib.request.urlopen(f"{settings.pagerduty.api_url}/incidents", timeout=10)
    finally:
        os.umask(before)
    assert list(path.parent.iterdir()) == [path]


def test_a_scenario_of_ones_own_that_cannot_be_told_is_refused_in_words(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('title = "It never begins"\n')
    outcome = run("sandbox", "--scenario", path)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"cockpit: The scenario can't be told: {path}: ")


def test_its_speed_is_in_the_config_and_the_person_is_chosen(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    with serving("--write-config", path, "--speed", "50", "--person", "ben"):
        settings = load(path)
        assert settings.clock.speed == 50
        assert settings.me == "Ben Okafor"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_quietly_when_told_to(number: int) -> None:
    with serving() as process:
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out) == (0, "")
        assert "Traceback" not in err


def test_nobody_of_that_name(tmp_path: Path) -> None:
    outcome = ran("sandbox", "--person", "zoe", "--write-config", tmp_path / "c.toml")
    assert outcome.code == 2
    assert "`zoe`" in outcome.err
    assert list(tmp_path.glob("*.toml")) == []


def test_a_config_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    outcome = ran("sandbox", "--write-config", tmp_path / "file" / "c.toml")
    assert outcome.code == 2
    assert outcome.out == ""
    assert str(tmp_path / "file") in outcome.err


def test_a_config_that_is_not_a_sandboxes_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text("[me]\nname = 'the real one'\n")
    outcome = ran("sandbox", "--write-config", path)
    assert (outcome.code, outcome.out) == (2, "")
    assert "isn't a sandbox's config" in outcome.err
    assert "the real one" in path.read_text()
    path.unlink()
    for _ in range(2):  # an earlier sandbox's is
        with serving("--write-config", path):
            assert load(path).me == "Ana Ruiz"


def test_a_port_that_is_taken_is_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        outcome = ran("sandbox", "--port", taken.getsockname()[1])
    assert outcome.code == 2
    assert outcome.err.startswith("cockpit: The sandbox can't be served: ")
    assert "in use" in outcome.err


def test_the_list_has_the_main_scenario(run: Run) -> None:
    outcome = run("sandbox", "--list")
    assert outcome.code == 0
    assert "long_outage" in outcome.out.splitlines()


# --- demo ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[pexpect.spawn]:
    """The demo in a terminal, with a folder of its own for what is temporary."""
    (tmp_path / "tmp").mkdir()
    environment = {
        **os.environ, "TERM": "xterm-256color", "TMPDIR": str(tmp_path / "tmp"), "TEXTUAL_ANIMATIONS": "none",
        "COCKPIT_CONFIG": str(tmp_path / "none.toml"),
    }  # fmt: skip
    child = pexpect.spawn(sys.executable, ["-m", "cockpit", "demo"], dimensions=(40, 120), env=environment, timeout=60)
    yield child
    child.close(force=True)


def test_the_demo_needs_no_config_and_leaves_nothing(demo: pexpect.spawn, tmp_path: Path) -> None:
    demo.expect("Hub unreachable: rivendell/prod")
    assert len(list((tmp_path / "tmp").iterdir())) == 1
    demo.send("\x11")  # ctrl+q
    demo.expect(pexpect.EOF)
    demo.wait()  # it may take a moment more to end than to close its terminal
    demo.close()
    assert demo.exitstatus == 0
    assert b"Traceback" not in demo.before
    assert list((tmp_path / "tmp").iterdir()) == []
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_demo_whose_window_is_closed_leaves_nothing_either(demo: pexpect.spawn, tmp_path: Path, number: int) -> None:
    demo.expect("Hub unreachable: rivendell/prod")
    demo.kill(number)
    demo.expect(pexpect.EOF)
    demo.close()
    assert b"Traceback" not in demo.before
    assert list((tmp_path / "tmp").iterdir()) == []
