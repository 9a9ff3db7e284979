"""A command that a responder ran in their shell: it and how it ended are a note in the timeline."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from cockpit.engine.actions.kind import ActionKind, Data
from cockpit.incident.command import ending
from cockpit.incident.moments import span
from cockpit.incident.text import one_line

if TYPE_CHECKING:
    from cockpit.engine.journal import Action
    from cockpit.engine.view import Case

LONGEST_COMMAND = 600
"""Characters of a command that a note shows."""


class RunCommand(ActionKind):
    """A command was run. Its data: `command` (masked), `exit` (None: not seen), `seconds`, `tail` (perhaps empty).

    It is told once it has ended, as of then: before, there is nothing that the others could act on.
    """

    name = "run"
    title = "note a command and how it ended"
    needs = frozenset({"command", "exit", "seconds"})

    def words(self, action: Action) -> str:
        """The command."""
        return f"$ {one_line(str(action.data['command']), 60)}"

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """The command, how it ended and how long it took; below it the end of what it printed, if asked for."""
        data = action.data
        text = f"$ {one_line(str(data['command']), LONGEST_COMMAND)} → {ending(data['exit'])}"
        if data["exit"] is not None:
            text += f" in {span(timedelta(seconds=float(data['seconds'])))}"
        tail = str(data.get("tail") or "").replace("```", "'''")
        return f"{text}\n```\n{tail}\n```" if tail else text

    def public(self, action: Action, outcome: Data) -> Data:
        """The command, its exit code and its seconds; not what it printed, which may be anybody's words."""
        data = action.data
        command = one_line(str(data["command"]), LONGEST_COMMAND)
        return {"command": command, "exit": data["exit"], "seconds": data["seconds"]}
