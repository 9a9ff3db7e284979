"""Deeds on the report: writing it to a file, and saying when users were hit."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work

from cockpit.incident.impact import FORMS, Landmarks, NotAMoment, landmarks, meant, understood
from cockpit.places import expanded
from cockpit.tui import moments
from cockpit.tui.deeds.base import Deeds
from cockpit.tui.screens.prompts import Ask, Choice, Choose

if TYPE_CHECKING:
    from datetime import datetime

    from cockpit.engine.report_file import Written
    from cockpit.engine.view import View

ENDS = {
    "impact_start": ("It began", "When were users first hit?", "the first sign of it counts"),
    "impact_end": ("It was over", "When were users no longer hit?", "the resolution counts"),
}
"""For each of the two moments: the choice, the question, and what counts while nobody has said it."""


class ReportDeeds(Deeds):
    """What remains of an incident."""

    # --- the file ------------------------------------------------------------------------------------------------

    def action_report(self) -> None:
        """Write the report."""
        self.do_report(self.step_of("report"))

    def do_report(self, step: str | None) -> None:
        """Ask for the file, write it, note it in the channel, open it."""
        self._report(step)

    @work(group="prompt")
    async def _report(self, step: str | None) -> None:
        from cockpit.engine.report_file import NotWritten

        number = self.view.case.number
        typed = await self.app.push_screen_wait(
            Ask("Write the report to", f"A file in {_here()}, or with a folder of its own. One that is "
                "there already keeps what was edited in its prose.",
                value=f"incident-{number}.md" if number is not None else "incident.md",
                placeholder="incident.md, or .json for other programs")
        )  # fmt: skip
        if not typed:
            return
        path, view = expanded(typed), self.view
        try:
            # Thousands of messages take their time: the screen goes on meanwhile.
            file, draft = await asyncio.to_thread(self._write, view, path)
        except NotWritten as problem:
            self.say(str(problem))
            return
        except OSError as problem:
            self.say(f"{problem.filename or path}: {problem.strerror}.")
            return
        data = {"file": path.name, "digest": file.digest, "draft": draft}
        reason = self.session.possible("report", **data)
        if reason is None:
            self.perform("report", step=step, **data)
        self.say(self._said(file, draft, reason))
        if await self.edit(path):
            self.say(f"{_at_home(path.absolute())}: D writes it again and keeps your words.")

    def _write(self, view: View, path: Path) -> tuple[Written, str]:
        """Make the report of that view and write it; with why it is a draft. Raises NotWritten and OSError."""
        from cockpit.engine.report_file import earlier, is_data, report_of, write, zone_of

        old = earlier(path, is_data(path))
        report = report_of(self.desk, view)
        return write(report, path, old, zone_of(self.session.settings), is_data(path)), report.draft

    @staticmethod
    def _said(file: Written, draft: str, reason: str | None) -> str:
        words = [f"Wrote {_at_home(file.path.absolute())}{' again' if file.again else ''}."]
        if draft:
            words.append(f"It is a draft: {draft}.")
        if file.kept is not None:
            lost = " and ".join(file.lost)
            words.append(f"Somebody had edited {lost}, which is written anew: see {file.kept.name} beside it.")
        if reason is not None:
            words.append(f"Not noted in the channel. {reason}")
        return " ".join(words)

    # --- the impact ----------------------------------------------------------------------------------------------

    def action_impact(self) -> None:
        """Say when users were hit."""
        self._impact()

    @work(group="prompt")
    async def _impact(self) -> None:
        if (reason := self.session.possible("impact")) is not None:
            self.say(reason)
            return
        choices = [Choice(key, words, self._known(key, fallback)) for key, (words, _, fallback) in ENDS.items()]
        key = await self.app.push_screen_wait(Choose("When were users hit?", choices))
        if key is None:
            return
        marks = landmarks(self.view.snapshot, self.session.now())
        typed = await self.app.push_screen_wait(
            Ask(ENDS[key][1], "Your best guess of the real moment. It stands in the report, with your name.",
                placeholder=FORMS, understand=lambda text: self._understood(key, text, marks))
        )  # fmt: skip
        if typed:
            self.perform("impact", **{key: _meant(key, typed, marks).isoformat()})

    def _known(self, key: str, fallback: str) -> str:
        from cockpit.engine.actions.report import said_last

        said = said_last(self.view, key)
        return f"said: {moments.stamp(said, self.session.now())} UTC" if said else f"not said: {fallback}"

    def _understood(self, key: str, text: str, marks: Landmarks) -> str:
        """How it is understood. Raises ValueError for what is no moment, or can't be that one."""
        at = _meant(key, text, marks)
        if (reason := self.session.possible("impact", **{key: at.isoformat()})) is not None:
            raise NotAMoment(reason)
        return understood(at, marks)


def _meant(key: str, text: str, marks: Landmarks) -> datetime:
    return meant(text, marks, end=key == "impact_end")


def _here() -> str:
    """Where a file without a folder is written."""
    try:
        return _at_home(Path.cwd())
    except FileNotFoundError:
        return "the folder where you began, which is gone"


def _at_home(path: Path) -> str:
    """A path, short where it is below one's own home."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) and path != home else str(path)
