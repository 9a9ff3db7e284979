"""`cockpit init` in a terminal, against the sandbox."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from cockpit.config import load
from cockpit.sandbox import SandboxThread
from tests.command_line.conftest import ran
from tests.waiting import eventually


@pytest.fixture
def served() -> Iterator[SandboxThread]:
    """The small world at the time that it is: no config tells `init` of another."""
    with SandboxThread("quiet", rate_limits=False) as sandbox:
        yield sandbox


class Interview:
    """`cockpit init` under way: `hear` a question, `say` an answer."""

    def __init__(self, served, path: Path, umask: int) -> None:
        before = os.umask(umask)
        try:
            self.child = pexpect.spawn(
                sys.executable,
                ["-m", "cockpit", "--config", str(path), "init",
                 "--pagerduty-url", served.pagerduty_url, "--slack-url", served.slack_url],
                env={**os.environ, "TERM": "xterm", "NO_COLOR": "1"}, encoding="utf-8", timeout=30,
                dimensions=(50, 300),
            )  # fmt: skip
        finally:
            os.umask(before)
        self.heard = ""

    def answer(self, question: str, answer: str) -> None:
        self.child.expect(re.escape(question) + "[^\n]*: ")
        self.heard += self.child.before + self.child.after
        self.child.sendline(answer)

    def end(self) -> int:
        self.child.expect(pexpect.EOF)
        self.heard += self.child.before
        # It has closed its side of the terminal, and may be a moment from its end: closing ours too would hang it up.
        eventually(lambda: not self.child.isalive(), "it ends")
        self.child.close()
        assert "Traceback" not in self.heard
        return self.child.exitstatus


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "config.toml"


@pytest.fixture
def interview(served, path: Path) -> Iterator[Interview]:
    interview = Interview(served, path, 0)
    yield interview
    interview.child.close(force=True)


def me(interview: Interview) -> None:
    interview.answer("Your name", "Ana Ruiz")
    interview.answer("Your e-mail address", "ana.ruiz@example.org")


def test_the_whole_way(interview: Interview, served, path: Path) -> None:
    given = served.credentials()
    interview.answer("Your name", "")  # needed
    me(interview)
    interview.answer("Use PagerDuty?", "")
    interview.answer("PagerDuty's API", "")
    interview.answer("Keep it in the [f]ile", "")
    interview.answer("The token (not shown)", given["pagerduty_token"])
    interview.answer("Use Slack?", "y")
    interview.answer("Keep it in the [f]ile", "c")
    interview.answer("The command that prints it", f"echo {given['slack_token']}")
    interview.answer("Use Freshdesk?", "yes")
    interview.answer("Your Freshdesk", served.freshdesk_url)
    interview.answer("Keep it in the [f]ile", "f")
    interview.answer("The api key (not shown)", given["freshdesk_key"])
    interview.answer("PagerDuty users who hold the rota", "out-of-hours@example.org")
    interview.answer("Your tech leads", "kim.tanaka@example.org, nobody")
    interview.answer("Your tech leads", "kim.tanaka@example.org, lou.marsh@example.org")
    assert interview.end() == 0
    assert "✓ ok" in interview.heard
    assert "“nobody” isn't an e-mail address" in interview.heard
    assert given["pagerduty_token"] not in interview.heard
    assert given["freshdesk_key"] not in interview.heard

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]
    settings = load(path)
    assert (settings.me, settings.email) == ("Ana Ruiz", "ana.ruiz@example.org")
    assert settings.pagerduty.token.reveal() == given["pagerduty_token"]
    assert settings.slack.token.reveal() == given["slack_token"]
    assert settings.slack.token.where == "the command `echo …`"
    assert settings.freshdesk.api_key.reveal() == given["freshdesk_key"]
    assert settings.placeholders == {"out-of-hours@example.org"}
    assert settings.tech_leads == {"kim.tanaka@example.org", "lou.marsh@example.org"}
    assert ran("--config", path, "doctor").code == 0


def test_a_wrong_answer_is_told_and_asked_again_kept_or_left_out(interview: Interview, served, path: Path) -> None:
    me(interview)
    interview.answer("Use PagerDuty?", "")
    interview.answer("PagerDuty's API", "http://example.org")
    interview.answer("Keep it in the [f]ile", "")
    interview.answer("The token (not shown)", "x")
    interview.answer("Type it [a]gain", "")
    assert "`api_url` should be an https URL" in interview.heard
    interview.answer("PagerDuty's API", "")
    interview.answer("Keep it in the [f]ile", "")
    interview.answer("The token (not shown)", "wrong")
    interview.answer("Type it [a]gain", "l")
    interview.answer("Use Slack?", "")
    interview.answer("Keep it in the [f]ile", "x")
    interview.answer("Keep it in the [f]ile", "e")
    interview.answer("The variable", "")
    interview.answer("Type it [a]gain", "k")
    assert "COCKPIT_SLACK_TOKEN, which isn't set" in interview.heard
    interview.answer("Use Freshdesk?", "n")
    interview.answer("PagerDuty users who hold the rota", "")
    interview.answer("Your tech leads", "")
    assert interview.end() == 0
    settings = load(path)
    assert settings.pagerduty is None
    assert settings.freshdesk is None
    assert settings.slack.token.where == "the environment variable COCKPIT_SLACK_TOKEN"


def test_nothing_is_written_before_the_last_answer(interview: Interview, path: Path) -> None:
    me(interview)
    interview.child.expect("Use PagerDuty")
    interview.child.sendeof()
    assert interview.end() == 2
    assert "nothing was written" in interview.heard
    assert not path.exists()


def test_ctrl_c_is_quiet_and_writes_nothing(interview: Interview, path: Path) -> None:
    me(interview)
    interview.child.expect("Use PagerDuty")
    interview.child.sendintr()
    assert interview.end() == 130
    assert not path.exists()


@pytest.mark.parametrize("answer", ["", "n"])
def test_what_is_there_is_not_replaced_without_a_yes(served, path: Path, answer: str) -> None:
    path.parent.mkdir()
    path.write_text("mine")
    interview = Interview(served, path, 0o077)
    interview.answer("exists. Replace it?", answer)
    assert interview.end() == 1
    assert path.read_text() == "mine"


def test_what_is_there_is_replaced_in_one_stroke_after_a_yes(served, path: Path) -> None:
    path.parent.mkdir()
    path.write_text("mine")
    path.chmod(0o644)
    interview = Interview(served, path, 0)
    interview.answer("exists. Replace it?", "y")
    me(interview)
    interview.answer("Use PagerDuty?", "n")
    interview.answer("Use Slack?", "n")
    interview.answer("Use Freshdesk?", "n")
    interview.answer("Use PagerDuty?", "n")  # at least one is needed
    assert path.read_text() == "mine"
    interview.answer("Use Slack?", "")
    interview.answer("Keep it in the [f]ile", "")
    interview.answer("The token (not shown)", served.credentials()["slack_token"])
    interview.answer("Use Freshdesk?", "n")
    interview.answer("PagerDuty users who hold the rota", "")
    interview.answer("Your tech leads", "")
    assert interview.end() == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load(path).slack.token.reveal() == served.credentials()["slack_token"]


def test_without_a_terminal_it_says_what_to_do_instead(path: Path) -> None:
    outcome = ran("--config", path, "init")
    assert outcome.code == 2
    assert "needs a terminal" in outcome.err
    assert "config.example.toml" in outcome.err
    assert not path.exists()
