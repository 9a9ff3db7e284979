"""The report and the impact, by keys: written where the person says, noted once, kept what they wrote."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from cockpit.incident.checklist import State
from cockpit.sandbox import Sandbox
from tests.tui.conftest import Driver, Open
from tests.tui.test_incident import incident, notes, start, state


async def over(driver: Driver, sandbox: Sandbox) -> None:
    """Take the incident to its resolution."""
    await start(driver)
    await driver.press("R")
    await driver.comes("Confirm")
    await driver.press("tab", "enter")
    await driver.until(lambda: incident(sandbox)["status"] == "resolved")
    await driver.until(lambda: state(driver, "resolve.pagerduty") is State.DONE, "and the cockpit knows it")


def problem(driver: Driver) -> str:
    """What the question on top says of the line."""
    return str(driver.app.screen.query_one(".problem").render())


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)


async def test_the_step_writes_the_report_and_is_done_by_that(cockpit: Open, sandbox: Sandbox, tmp_path: Path) -> None:
    async with cockpit() as driver:
        await over(driver, sandbox)
        await driver.choose_step("after.draft")
        await driver.press("enter")
        await driver.comes("Ask")
        await driver.press("enter")
        await driver.until(lambda: state(driver, "after.draft") is State.DONE, "it is sensed")
        file = tmp_path / "incident-1924.md"
        text = file.read_text()
        assert 'title: "Incident #1924: Hub unreachable: rivendell/prod"' in text
        assert any("incident-1924.md" in words and "Wrote" in words for words in driver.said()), "it says where"
        await driver.until(lambda: any("▤ Wrote the report: incident-1924.md" in note for note in notes(sandbox)))
        assert not any(str(tmp_path) in note for note in notes(sandbox))

        await driver.press("D")
        await driver.comes("Ask")
        await driver.press("enter")
        await driver.until(lambda: any("It hasn't changed since" in words for words in driver.said()))
        await driver.screen.session.idle()
        assert sum("▤" in note for note in notes(sandbox)) == 1


async def test_the_editor_opens_it_and_what_is_written_there_is_kept(
    cockpit: Open, sandbox: Sandbox, tmp_path: Path, monkeypatch: Any
) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nprintf "\\n## Where we got lucky\\n\\nIt was lunch.\\n" >> "$1"\n')
    editor.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(editor))
    async with cockpit() as driver:
        # There is no terminal to lend to the editor here.
        monkeypatch.setattr(driver.app, "suspend", nullcontext)
        await driver.press("D")
        await driver.comes("Ask")
        await driver.press("enter")
        file = tmp_path / "incident-1924.md"
        await driver.until(lambda: file.exists() and "It was lunch." in file.read_text())
        assert state(driver, "after.draft") is not State.DONE, "the incident is open: it is a draft"
        monkeypatch.delenv("EDITOR")
        await driver.press("D")
        await driver.comes("Ask")
        await driver.press("enter")
        await driver.until(lambda: any("again. It is a draft" in words for words in driver.said()))
        assert file.read_text().count("It was lunch.") == 1


async def test_a_file_that_is_something_else_stays_as_it_is(cockpit: Open, tmp_path: Path) -> None:
    (tmp_path / "incident-1924.md").write_text("# Mine\n")
    async with cockpit() as driver:
        await driver.press("D")
        await driver.comes("Ask")
        await driver.press("enter")
        await driver.until(lambda: any("isn't a report that a cockpit wrote" in words for words in driver.said()))
        await driver.press("D")
        await driver.comes("Ask")
        await driver.press("home")
        await driver.paste("no/")
        await driver.press("enter")
        await driver.until(lambda: any("there is no such folder" in words for words in driver.said()))
    assert (tmp_path / "incident-1924.md").read_text() == "# Mine\n"


async def test_no_folder_and_no_editor_of_a_person_ends_the_cockpit(
    cockpit: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", "/bin/sh -c 'kill -40 $$'")  # a signal without a name
    async with cockpit() as driver:
        monkeypatch.setattr(driver.app, "suspend", nullcontext)
        (gone := tmp_path / "gone").mkdir()
        monkeypatch.chdir(gone)
        gone.rmdir()
        await driver.press("D")
        await driver.comes("Ask")
        await driver.press("ctrl+u")
        await driver.paste("~nobody-of-that-name/it.md")
        await driver.press("enter")
        await driver.until(lambda: any("there is no such folder" in words for words in driver.said()))
        await driver.press("D")
        await driver.comes("Ask")
        await driver.press("home")
        await driver.paste(f"{tmp_path}/")
        await driver.press("enter")
        await driver.until(lambda: any("ended by signal 40" in words for words in driver.said()))
        monkeypatch.chdir(tmp_path)


async def test_the_impact_is_said_in_ones_own_words(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit() as driver:
        await start(driver)
        await driver.press("m")
        await driver.comes("Choose")
        await driver.press("enter")
        await driver.comes("Ask")
        await driver.paste("whenever")
        assert "isn't a time" in problem(driver)
        await driver.press("enter")
        assert driver.over == "Ask", "it isn't taken"
        await driver.press("ctrl+u")
        await driver.paste("25 min before the alert")
        assert "12:25 UTC, 25 min before the alert at 12:50 UTC" in problem(driver)
        await driver.press("enter")
        await driver.comes("IncidentScreen")
        await driver.until(lambda: any("◎ Users were hit from 2026-11-23 12:25 UTC" in note for note in notes(sandbox)))

        await driver.press("m")
        await driver.comes("Choose")
        assert "said: 12:25 UTC" in driver.app.screen._choices[0].aside
        await driver.press("down", "enter")
        await driver.comes("Ask")
        await driver.paste("2 h before the alert")
        assert "before it began" in problem(driver)
        await driver.press("escape")
        await driver.comes("IncidentScreen")


async def test_read_only_writes_the_file_and_says_nothing_to_anybody(
    cockpit: Open, sandbox: Sandbox, tmp_path: Path
) -> None:
    async with cockpit(read_only=True) as driver:
        await driver.press("D")
        await driver.comes("Ask")
        await driver.press("enter")
        await driver.until(lambda: any("Not noted in the channel. Read-only" in words for words in driver.said()))
        assert (tmp_path / "incident-1924.md").exists()
        await driver.press("m")
        await driver.until(lambda: any(words.startswith("Read-only") for words in driver.said()))
        assert driver.app.desk.history(driver.screen.session.case) == ()
    assert not [
        one for one in sandbox.requests if one.took_effect and one.method != "GET" and "/slack/" not in one.path
    ]
