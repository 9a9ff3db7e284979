"""The kind of action that is about a clock: putting its signal off, with a reason."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cockpit.engine.actions.kind import ActionKind, Data
from cockpit.incident.deadlines import Deadline, Due
from cockpit.incident.text import one_line

if TYPE_CHECKING:
    from cockpit.engine.journal import Action
    from cockpit.engine.view import Case, View

LONGEST = timedelta(days=30)
"""How far off a clock can be snoozed: the slowest one, publishing, takes two weeks."""


class Snooze(ActionKind):
    """Keep a clock quiet until a moment. Everyone's cockpit reads it in the channel, with the reason.

    `deadline` and `ticket` are the deadline's own; `until` is an ISO 8601 moment with its zone.
    """

    name = "snooze"
    title = "snooze a clock, with a reason"
    needs = frozenset({"deadline", "until", "reason"})

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """The clock must be running, the moment ahead, the reason given."""
        if "deadline" in data:
            found = _deadline(view, data)
            if found is None or found.state is Due.MET:
                return "That clock isn't running."
        if "until" in data:
            until = _moment(data["until"])
            if until is None:
                return "Until when? It takes a moment with its zone."
            if until <= view.now:
                return "That moment has passed: snooze until a later one."
            if until - view.now > LONGEST:
                return "That is more than a month away."
        if "reason" in data and not str(data["reason"]).strip():
            return "Please give a reason: the others see that the clock is quiet, and ask why."
        return None

    def words(self, action: Action) -> str:
        """Which clock."""
        return f"snooze: {_about(action)}"

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """◷ Snoozed …"""
        until = _moment(action.data["until"])
        when = f"{until:%H:%M} UTC" if until and until.date() == action.at.date() else f"{until:%Y-%m-%d %H:%M} UTC"
        return f"◷ Snoozed “{_about(action)}” until {when} — {one_line(str(action.data['reason']), 300)}"

    def public(self, action: Action, outcome: Data) -> Data:
        """All of it: it is by this that every cockpit keeps the clock quiet."""
        return {name: action.data[name] for name in ("deadline", "ticket", "until", "reason") if name in action.data}


def _about(action: Action) -> str:
    name = str(action.data["deadline"]).replace("_", " ")
    ticket = action.data.get("ticket")
    return f"{name}, ticket {ticket}" if ticket is not None else name


def _deadline(view: View, data: Data) -> Deadline | None:
    wanted = data["deadline"], data.get("ticket")
    return next((one for one in view.assessment.deadlines if (one.id, one.ticket) == wanted), None)


def _moment(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
