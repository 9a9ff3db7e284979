"""Three secrets, from each of the three places, through everything: then all that the program wrote is searched."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pexpect
import pytest
import tomli_w

from cockpit.command_line.sandbox import config_text
from cockpit.sandbox import SandboxClock, SandboxThread
from tests.command_line.test_run import notes
from tests.conftest import BEGIN
from tests.waiting import PATIENCE, eventually

ROOT = Path(__file__).parents[2]
FAULTS = ("echo", "redirect", "html", "401")
KEYS = {"pagerduty": "token", "slack": "token", "freshdesk": "api_key"}
GIVEN = {"pagerduty": "pagerduty_token", "slack": "slack_token", "freshdesk": "freshdesk_key"}
DRAWN = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\s\x00-\x1f]|\xe2[\x94\x95][\x80-\xbf]"
)
"""What stands between the letters on a terminal: colours, positions, line breaks, frames."""


class Planted:
    """A sandbox, its three secrets, a config that has each from one of the places, and folders of its own."""

    def __init__(self, served: SandboxThread, home: Path, places: dict[str, str]) -> None:
        self.served, self.home, self.places = served, home, places
        credentials = served.credentials()
        self.secrets = {service: credentials[name] for service, name in GIVEN.items()}
        self.vault = home.parent / "vault"
        self.vault.mkdir()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("COCKPIT_", "XDG_"))},
            "HOME": str(home), "COCKPIT_STATE_DIR": str(home / "state"), "PYTHONPATH": str(ROOT),
            "TERM": "xterm-256color", "SHELL": "/bin/sh",
        }  # fmt: skip
        self.config = home.parent / "config.toml"
        self.config.touch(0o600)
        document = tomllib.loads(config_text(served))
        for service, place in places.items():
            self._place(document[service], service, place)
        self.config.write_text(tomli_w.dumps(document))

    def _place(self, table: dict[str, Any], service: str, place: str) -> None:
        key, secret = KEYS[service], self.secrets[service]
        if place == "file":
            return
        del table[key]
        if place == "environment":
            table[f"{key}_env"] = f"PLANTED_{service.upper()}"
            self.environment[f"PLANTED_{service.upper()}"] = secret
        else:
            (self.vault / service).write_text(secret)
            # Who asks, and with which words, as anybody on the machine can see in the list of processes.
            seen = f"{{ cat /proc/$PPID/cmdline /proc/$$/cmdline; env; }} >> '{self.home}/processes'"
            table[f"{key}_command"] = ["/bin/sh", "-c", f"{seen}; cat '{self.vault}/{service}'"]

    def forms(self) -> list[bytes]:
        """How each secret could stand anywhere."""
        written = []
        for secret in self.secrets.values():
            basic = b64encode(f"{secret}:X".encode()).decode()
            written += [secret, quote(secret), quote(secret, safe=""), basic, repr(secret)[1:-1]]
        return [form.encode() for form in dict.fromkeys(written)]

    def found_in(self, *texts: bytes) -> list[bytes]:
        """The secrets that are in what a terminal or a pipe was given, however it was drawn."""
        plain = [DRAWN.sub(b"", text) for text in texts]
        return [form for form in self.forms() if any(form in text for text in (*texts, *plain))]

    def found_anywhere(self) -> list[tuple[str, bytes]]:
        """The secrets in every file that was written, and in every request but for the one header."""
        files = {str(path): path.read_bytes() for path in self.home.rglob("*") if path.is_file()}
        assert any("journal.sqlite3" in name for name in files)
        arrived = "\n".join(f"{one.path}?{one.query} {one.body}" for one in self.served.requests()).encode()
        places = {**files, "what the services got": arrived}
        return [(name, form) for name, data in places.items() for form in self.forms() if form in data]

    def found_in_processes(self) -> list[bytes]:
        """The secrets among the words of every process that runs now."""
        words = b""
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words += path.read_bytes() + b"\n"
            except OSError:
                continue  # it has ended
        assert b"cockpit" in words
        return [form for form in self.forms() if form in words]


@pytest.fixture
def served() -> Iterator[SandboxThread]:
    with SandboxThread("quiet", clock=SandboxClock(BEGIN, 0), rate_limits=False) as sandbox:
        yield sandbox


def command_lines(planted: Planted) -> list[list[str] | str]:
    """Everything that can be done without a screen, a secret in each text that a person types; then on bad days."""
    typed = list(planted.secrets.values())
    reading = [
        ["doctor"], ["doctor", "--json"], ["status", "1925"], ["status", "1925", "--json"], ["report", "1925"],
        ["log", "1925"], ["log", "1925", "--json"], ["followups", "--json"],
    ]  # fmt: skip
    lines: list[list[str]] = [
        ["config", "show"], ["config", "check"], ["process", "show"],
        ["declare", "--ticket", "4038"],
        ["note", "1925", "looked at the pods"],
        ["tick", "1925", "resolve.validated", "--note", "it holds"],
        ["report", "1925", "-o", str(planted.home / "report.md")],
    ]  # fmt: skip
    for secret in typed:
        lines += [
            ["note", "1925", f"it is {secret}"],
            ["declare", "--title", f"Hub down {secret}"],
            ["tick", "1925", "resolve.validated", "--note", secret],
            ["tick", "1925", "resolve.validated", "--link", f"https://h.example/?t={quote(secret)}"],
            ["tick", "1925", "start.service", "--override", f"because {secret}"],
        ]
    given = ["--config", str(planted.config)]
    whole: list[list[str] | str] = [given + line for line in (*lines, *reading)]
    for fault in FAULTS:
        whole += [fault, [*given, "doctor"], [*given, "status", "1925", "--json"]]
    whole += ["echo", [*given, "note", "1925", "on a bad day"]]
    # Last and with all well again, since what delivers its note works on when this process has ended.
    run = ["run", "--incident", "1925", "--tail", "5", "--", "sh", "-c", "echo printed: $0; echo $1 $2", *typed]
    return [*whole, "", [*given, *run]]


@pytest.mark.parametrize("place", ["environment", "command", "file"])
def test_no_command_writes_one_anywhere(served: SandboxThread, tmp_path: Path, place: str) -> None:
    home = tmp_path / "home"
    home.mkdir()
    planted = Planted(served, home, dict.fromkeys(KEYS, place))
    done = subprocess.run(
        [sys.executable, "-m", "tests.secrets.program", "commands", served.call(lambda sandbox: sandbox.url)],
        input=json.dumps(command_lines(planted)).encode(), capture_output=True, cwd=home, env=planted.environment,
        timeout=20 * PATIENCE,
    )  # fmt: skip
    said = done.stderr.decode()
    assert done.returncode == 0, said
    assert "Traceback" not in said
    assert "config → 0" in said and "note → 0" in said and "doctor → 0" in said, said  # noqa: PT018
    assert said.count("from the config, which nobody may read: take it out.") == 15
    told = lambda: [one["text"] for one in notes(served) if "••• ••• ••• → exit 0" in one["text"]]
    assert "printed: •••" in eventually(told, "the command that was run is noted")[0]
    if place == "command":
        assert (home / "processes").read_bytes()
    ours, _, theirs = done.stdout.rpartition(b"printed: ")  # the last command's own output is passed on as it is
    assert theirs.count(b"\n") == 2
    assert planted.found_in(ours, done.stderr) == []
    assert planted.found_anywhere() == []


def cockpit_in_terminal(planted: Planted, *module: str) -> Any:
    return pexpect.spawn(
        sys.executable, ["-m", *module, "--config", str(planted.config), "1924"], env=planted.environment,
        cwd=str(planted.home), dimensions=(40, 120), timeout=PATIENCE,
    )  # fmt: skip


def test_the_screen_shows_none_whatever_the_services_say(served: SandboxThread, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    planted = Planted(served, home, {"pagerduty": "environment", "slack": "command", "freshdesk": "file"})
    opener = tmp_path / "opener"
    opener.write_text(f"#!/bin/sh\nenv >> '{home}/processes'\necho opened \"$@\" >> '{home}/processes'\n")
    opener.chmod(0o700)
    planted.environment |= {"BROWSER": str(opener), "VISUAL": str(opener)}
    cockpit = cockpit_in_terminal(planted, "cockpit")
    cockpit.expect(b"1924")
    drawn: list[bytes] = [cockpit.before + cockpit.after]

    def shown(what: bytes, *, after: bytes = b"") -> bool:
        """Whether it is in what is drawn, or was opened, once these keys were pressed."""
        cockpit.send(after)
        with suppress(pexpect.TIMEOUT):
            drawn.append(cockpit.read_nonblocking(1 << 20, timeout=0.2))
        return what in DRAWN.sub(b"", b"".join(drawn)) or what in (home / "processes").read_bytes()

    eventually(lambda: shown(b"opened https://", after=b"2o"), "the browser, once there is something to open")
    cockpit.send(b"D")
    eventually(lambda: shown(b"incident-1924.md"), "it asks for a file")
    cockpit.send(b"\r")
    eventually(lambda: shown(b"opened incident-1924.md"), "the editor")

    def struck(fault: str) -> int:
        with suppress(pexpect.TIMEOUT):  # nothing new was drawn
            drawn.append(cockpit.read_nonblocking(1 << 20, timeout=0.2))
        return len({one.service for one in served.requests() if one.fault == fault})

    for fault in FAULTS:
        served.fault("*", fault)
        cockpit.send(b"r")
        deadline = time.monotonic() + PATIENCE
        while struck(fault) < 3:
            assert time.monotonic() < deadline, f"{fault} reaches all three"
        served.clear_faults()
    assert planted.found_in_processes() == []
    cockpit.send(b"q")
    drawn.append(cockpit.read())
    cockpit.wait()  # it may take a moment more to end than to close its terminal
    cockpit.close()
    assert cockpit.exitstatus == 0
    assert planted.found_in(b"".join(drawn)) == []
    assert planted.found_anywhere() == []


def test_a_fault_of_ours_is_reported_without_the_values_in_it(served: SandboxThread, tmp_path: Path) -> None:
    """Textual's own report prints every local value, of the network libraries' frames too."""
    home = tmp_path / "home"
    home.mkdir()
    planted = Planted(served, home, dict.fromkeys(KEYS, "file"))
    cockpit = cockpit_in_terminal(planted, "tests.secrets.program", "broken")
    drawn = cockpit.read()
    cockpit.wait()  # it may take a moment more to end than to close its terminal
    cockpit.close()
    assert cockpit.exitstatus == 1
    assert b"RuntimeError" in drawn
    assert b"please report the lines above" in DRAWN.sub(b" ", drawn)
    assert planted.found_in(drawn) == []
    assert planted.found_anywhere() == []


@pytest.mark.parametrize(
    ("how", "code"),
    [
        (signal.SIGTERM, 143),
        pytest.param(signal.SIGKILL, -9, marks=pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")),
    ],
)
def test_a_command_that_hangs_keeps_nothing_and_does_not_outlive_us(
    served: SandboxThread, tmp_path: Path, how: signal.Signals, code: int
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    planted = Planted(served, home, dict.fromkeys(KEYS, "file"))
    document = tomllib.loads(planted.config.read_text())
    del document["slack"]["token"]
    document["slack"]["token_command"] = ["/bin/sh", "-c", f"echo $$ > '{home}/asked'; exec sleep 600"]
    planted.config.write_text(tomli_w.dumps(document))
    slack = planted.secrets["slack"]
    noting = subprocess.Popen(
        [sys.executable, "-m", "cockpit", "--config", str(planted.config), "note", "1924", f"it is {slack}"],
        env=planted.environment, cwd=home,
    )  # fmt: skip
    asked = home / "asked"
    eventually(lambda: asked.exists() and asked.read_text().strip(), "the command is asked")
    noting.send_signal(how)
    assert noting.wait(PATIENCE) == code
    eventually(lambda: not Path(f"/proc/{asked.read_text().strip()}").exists(), "it ends with us")
    assert planted.found_anywhere() == []


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_no_core_is_dumped_of_us_and_a_command_that_is_run_may_have_one() -> None:
    dumpable = "import ctypes; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), flush=True)"
    ours = (
        f"import subprocess, sys; from cockpit.cli import main; main(['config', 'path']); {dumpable}; "
        "subprocess.run([sys.executable, '-c', sys.argv[1]])"
    )
    done = subprocess.run([sys.executable, "-c", ours, dumpable], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.split()[-2:] == ["0", "1"], done.stderr
