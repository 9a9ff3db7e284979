"""`cockpit followups`: past incidents whose after-incident steps are still open, most overdue first."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final

from cockpit.command_line.choosing import desk_for
from cockpit.command_line.outcome import Exit, Failure, say
from cockpit.command_line.paper import Paper
from cockpit.config import load
from cockpit.incident.checklist import State
from cockpit.incident.deadlines import Due
from cockpit.incident.moments import moment, span, zulu

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable
    from datetime import datetime

    from cockpit.config import Settings
    from cockpit.engine.followups import Followup, OpenStep

MOST_DAYS: Final = 730
"""How far back one may look: a year has a few dozen incidents, each of which costs a few requests."""

_SIGNS: Final = {State.CANT_TELL: "?", State.DEFERRED: "◷"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Give the parser the command's arguments."""
    parser.add_argument("--days", type=int, default=90, metavar="N", help="how many days to look back (90)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Do it; the exit code: 3 or 4 where something couldn't be read."""
    if not 1 <= args.days <= MOST_DAYS:
        raise Failure(Exit.USAGE, f"--days is a number from 1 to {MOST_DAYS}, not {args.days}.")
    return asyncio.run(_followups(load(args.config, read_only=args.read_only), args.days, args.json))


async def _followups(settings: Settings, days: int, as_data: bool) -> int:
    from cockpit.engine.followups import followups

    async with desk_for(settings) as desk:
        found = await followups(desk, days)
    now = settings.now()
    if as_data:
        print(json.dumps([as_json(one, now) for one in found], indent=2, ensure_ascii=False))
    else:
        write(found, now, Paper())
        if not found:
            say(f"Nothing is left to do after the {desk.process.words.priority} incidents of the last {days} days.")
    return _told(found)


def _told(found: Iterable[Followup]) -> Exit:
    """How the command exits: 3 where a service didn't answer, 4 where one refused, and steps can't be told for it."""
    code = Exit.YES
    for one in found:
        if any(step.state.state is State.CANT_TELL for step in one.steps):
            code = max(code, Exit.UNREACHABLE if one.unreachable else Exit.REFUSED)
    return code


def write(found: Iterable[Followup], now: datetime, paper: Paper) -> None:
    """Print each incident with its steps."""
    for number, one in enumerate(found):
        if number:
            paper.write()
        when = f"resolved {moment(one.resolved_at, now)}" if one.resolved_at else "resolved"
        paper.write(f"{paper.strong(f'#{one.incident.number}  {one.incident.title}')}  {paper.faint(when)}")
        paper.columns([_row(step, now) for step in one.steps])
        if one.report:
            paper.write(f"  report: {one.report}")
        for trouble in one.troubles:
            paper.write(f"  ! {trouble}")


def _row(step: OpenStep, now: datetime) -> tuple[str, str, str]:
    state = step.state
    words = due_words(step, now)
    if state.state is State.CANT_TELL:
        words = f"can't tell{f', {words}' if words else ''}"
    return f"{_SIGNS.get(state.state, '○')} {state.step.id}", state.step.title, words


def due_words(step: OpenStep, now: datetime) -> str:
    """Until when: "overdue by 2 d 3 h", "due in 4 d"; empty without a deadline."""
    deadline = step.deadline
    if deadline is None:
        return ""
    if deadline.state is Due.OVERDUE:
        return f"overdue by {span(now - deadline.due)}"
    return f"due in {span(deadline.due - now)}"


def as_json(one: Followup, now: datetime) -> dict[str, Any]:
    """It as plain values."""
    return {
        "incident": {
            "number": one.incident.number,
            "id": one.incident.id,
            "title": one.incident.title,
            "url": one.incident.url,
        },
        "resolved_at": zulu(one.resolved_at),
        "steps": [
            {
                "id": step.state.step.id,
                "title": step.state.step.title,
                "state": step.state.state,
                "evidence": step.state.evidence,
                "due": zulu(step.deadline.due) if step.deadline else None,
                "deadline": step.deadline.state if step.deadline else None,
            }
            for step in one.steps
        ],
        "report": one.report,
        "troubles": list(one.troubles),
    }
