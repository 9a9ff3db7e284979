"""`cockpit tick`: attest a step of the process, or say why it doesn't apply."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cockpit.command_line.acting import Act, must_write, perform
from cockpit.command_line.arguments import INCIDENT_FORMS, split_incident
from cockpit.command_line.choosing import choose, desk_for
from cockpit.command_line.outcome import Exit, Failure
from cockpit.config import load
from cockpit.config_table import nearest

if TYPE_CHECKING:
    import argparse

    from cockpit.config import Settings
    from cockpit.incident.process import Process

VERDICTS = ("outage", "not_outage", "asked_for_more")


def configure(parser: argparse.ArgumentParser) -> None:
    """Give the parser the command's arguments."""
    parser.usage = "cockpit tick [INCIDENT] STEP [--note TEXT | --not-applicable REASON | --override REASON]"
    parser.add_argument(
        "words",
        nargs="+",
        metavar="[INCIDENT] STEP",
        help="the step's id, as `cockpit status` shows it, such as resolve.validated; before it, which incident: "
        f"{INCIDENT_FORMS}; without one, the only open incident of the process",
    )
    parser.add_argument("--note", metavar="TEXT", help="what you saw, for the record")
    parser.add_argument("--link", metavar="URL", help="where it can be seen: the postmortem, an action item")
    parser.add_argument("--verdict", choices=VERDICTS, help="what a test came to, for the step that asks for one")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--not-applicable", metavar="REASON", help="it doesn't apply here, and why")
    instead.add_argument("--override", metavar="REASON", help="go on without it, and why")


def run(args: argparse.Namespace) -> int:
    """Do it; the exit code."""
    reference, step = split_incident(args.words, "STEP")
    act = _act(args, step)
    settings = load(args.config, read_only=args.read_only)
    must_write(settings)
    return asyncio.run(_tick(settings, reference, act, step))


def _act(args: argparse.Namespace, step: str) -> Act:
    """The action that the flags ask for. Raises Failure where they don't go together."""
    attested = {
        key: value
        for key, value in (("note", args.note), ("link", args.link), ("verdict", args.verdict))
        if value is not None
    }
    for kind, flag, reason in (
        ("not_applicable", "--not-applicable", args.not_applicable),
        ("override", "--override", args.override),
    ):
        if reason is None:
            continue
        if attested:
            raise Failure(Exit.USAGE, f"{flag} takes its reason, and neither a note, a link nor a verdict.")
        if not reason.strip():
            raise Failure(Exit.USAGE, f"{flag} needs a reason: it is what the others and the report will read.")
        return Act(kind, step, {"reason": reason.strip()})
    return Act("attest", step, attested)


async def _tick(settings: Settings, reference: str | None, act: Act, step: str) -> int:
    async with desk_for(settings) as desk:
        _must_exist(desk.process, step)
        case = await choose(desk, reference)
        return await perform(desk, case, act)


def _must_exist(process: Process, step: str) -> None:
    """Raise Failure, with the nearest right name, for a step that the process doesn't have."""
    known = [one.id for one in process.steps]
    if step not in known:
        guess = nearest(step, known)
        hint = f"Did you mean `{guess}`?" if guess else f"It has: {', '.join(known)}."
        raise Failure(Exit.USAGE, f"The process “{process.title}” has no step `{step}`. {hint}")
