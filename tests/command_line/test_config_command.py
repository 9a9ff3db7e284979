"""`cockpit config path|show|check`."""

from __future__ import annotations

import os
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from cockpit.config import Settings, load
from tests.command_line.conftest import Run


def test_path_is_where_it_is_looked_for(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert run("config", "path").out.endswith("/cockpit/config.toml\n")
    assert run("--config", "there.toml", "config", "path").out == "there.toml\n"
    monkeypatch.setenv("COCKPIT_CONFIG", str(tmp_path / "mine.toml"))
    assert run("config", "path").out == f"{tmp_path / 'mine.toml'}\n"


def test_show_is_what_is_in_effect_and_no_secret(
    config: Path, cockpit: Run, served, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = cockpit("config", "show")
    assert outcome.code == 0
    credentials = served.credentials()
    for key in ("pagerduty_token", "slack_token", "freshdesk_key"):
        assert credentials[key] in config.read_text()
        assert credentials[key] not in outcome.out
    assert outcome.out.count(": from the config file") == 3
    shown = tomllib.loads(outcome.out)
    assert shown["pagerduty"] == {"api_url": served.pagerduty_url, "email": credentials["pagerduty_email"]}
    assert shown["polls"] == {"pagerduty": 15, "slack": 5, "freshdesk": 20}


def test_what_is_shown_is_a_config_again(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "all.toml"
    path.write_text(
        """
        process = "ours.toml"
        [me]
        name = "Ana"
        [slack]
        token_command = ["echo", "hunter2"]
        status_card = false
        [communities]
        "prod/rivendell" = { company = "Rivendell", contacts = ["r.osei@rivendell.example"] }
        mordor = { contacts = ["s@mordor.example"] }
        [replies]
        internal_hosts = ["*.ours"]
        [clocks]
        update = "90 min"
        soon_fraction = 0.5
        [keys]
        help = "f1"
        [ui]
        timezone = "Europe/Zurich"
        theme = "nord"
        signals = ["title", "bell"]
        """
    )
    text = run("--config", path, "config", "show").out
    assert "token: from the command `echo …`" in text
    assert "hunter2" not in text
    again = tmp_path / "again.toml"
    again.write_text(text)
    one, other = load(path), load(again)
    for name in {field.name for field in fields(Settings)} - {"path", "slack"}:
        assert getattr(one, name) == getattr(other, name), name


def test_show_tells_a_variable_that_is_not_set(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c.toml"
    path.write_text("[me]\nname = 'Ana'\n[slack]\n")
    assert (
        "# token: from the environment variable COCKPIT_SLACK_TOKEN, which isn't set\n"
        in run("--config", path, "config", "show").out
    )
    monkeypatch.setenv("COCKPIT_SLACK_TOKEN", "hunter2")
    out = run("--config", path, "config", "show").out
    assert "# token: from the environment variable COCKPIT_SLACK_TOKEN\n" in out
    assert "hunter2" not in out


def test_check_says_that_it_is_right_or_what_is_not(run: Run, cockpit: Run, tmp_path: Path) -> None:
    outcome = cockpit("config", "check")
    assert (outcome.code, outcome.out) == (0, "")
    assert "is right" in outcome.err
    path = tmp_path / "wrong.toml"
    path.write_text("[me]\nnmae = 'Ana'\n")
    outcome = run("config", "check", "--config", path)
    assert outcome.code == 2
    assert f"{path}: [me] has no key `nmae`. Did you mean `name`?" in outcome.err
    path.write_text("process = 'none.toml'\n[me]\nname = 'Ana'\n[slack]\n")
    outcome = run("config", "check", "--config", path)
    assert outcome.code == 2
    assert "none.toml" in outcome.err


def test_secrets_that_others_can_read_stop_every_command(config: Path, cockpit: Run) -> None:
    config.chmod(0o644)
    outcome = cockpit("status")
    assert outcome.code == 2
    assert f"chmod 600 '{config}'" in outcome.err
    assert os.stat(config).st_mode & 0o777 == 0o644
