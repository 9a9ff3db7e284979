"""The command line against a sandbox on a thread of its own, in this process or in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cockpit.cli import main
from cockpit.command_line.sandbox import config_text
from cockpit.sandbox import SandboxClock, SandboxThread
from tests.conftest import BEGIN


@dataclass(frozen=True)
class Outcome:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith(("COCKPIT_", "XDG_")):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("COCKPIT_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def served() -> Iterator[SandboxThread]:
    """The small world: one triggered incident and one ticket, on a clock that stands still."""
    with SandboxThread("quiet", clock=SandboxClock(BEGIN, 0), rate_limits=False) as sandbox:
        yield sandbox


@pytest.fixture
def config(served: SandboxThread, tmp_path: Path) -> Path:
    """A config that points at the small world."""
    path = tmp_path / "config.toml"
    path.touch(0o600)
    path.write_text(config_text(served))
    return path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process."""

    def run(*argv: object) -> Outcome:
        try:
            code = main([str(word) for word in argv])
        except SystemExit as end:  # --help and --version
            code = int(end.code or 0)
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return Outcome(int(code), out, err)

    return run


@pytest.fixture
def cockpit(config: Path, run: Run) -> Run:
    """Run a command with the config of the small world."""
    return lambda *argv: run("--config", config, *argv)


def spawned(*argv: object, **options: object) -> subprocess.Popen[str]:
    """A `cockpit` in a process of its own, with pipes for a terminal."""
    return subprocess.Popen(
        [sys.executable, "-m", "cockpit", *map(str, argv)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def ran(*argv: object, **options: object) -> Outcome:
    """The same, to its end."""
    with spawned(*argv, **options) as process:
        out, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    return Outcome(process.returncode, out, err)
