"""`cockpit report`: the incident's report, from the services alone, as Markdown or JSON."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cockpit.command_line.acting import Act, carry_out, must_write
from cockpit.command_line.arguments import add_incident
from cockpit.command_line.choosing import choose, desk_for
from cockpit.command_line.deliveries import ended, line
from cockpit.command_line.outcome import Exit, Failure, say
from cockpit.command_line.status import configured
from cockpit.config import load
from cockpit.engine.actions.report import SAID_ALREADY, said_last
from cockpit.engine.report_file import NotWritten, earlier, is_data, report_of, text_of, write, zone_of
from cockpit.engine.view import DeliveryState
from cockpit.incident.facts import LABELS, Freshness, Source
from cockpit.incident.impact import FORMS, NotAMoment, landmarks, meant, understood

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from cockpit.config import Settings
    from cockpit.engine.desk import Desk
    from cockpit.engine.report_file import Written
    from cockpit.engine.session import Session
    from cockpit.engine.view import Delivery, View
    from cockpit.incident.report import Report

_FORMATS: Final = ("md", "json")


def configure(parser: argparse.ArgumentParser) -> None:
    """Give the parser the command's arguments."""
    add_incident(parser)
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE",
        help="write it there, and note that in the channel when it has changed; a report that is there already keeps "
        "what was edited in its prose",
    )  # fmt: skip
    parser.add_argument("--anonymous", action="store_true", help="roles instead of names; no addresses, no communities")
    parser.add_argument("--format", choices=_FORMATS, help="md, or json (which FILE.json means too)")
    parser.add_argument(
        "--impact-start", metavar="WHEN",
        help=f"note that users were hit from then on, where that wasn't the first sign of it: {FORMS}",
    )  # fmt: skip
    parser.add_argument("--impact-end", metavar="WHEN", help="note until when, where that wasn't the resolution")


def run(args: argparse.Namespace) -> int:
    """Do it; the exit code: 3 where a configured service couldn't be read."""
    settings = load(args.config, read_only=args.read_only)
    if args.impact_start is not None or args.impact_end is not None:
        must_write(settings)
    return asyncio.run(_report(settings, args))


async def _report(settings: Settings, args: argparse.Namespace) -> int:
    output: Path | None = args.output
    as_data = args.format == "json" or (args.format is None and output is not None and is_data(output))
    try:
        old = earlier(output, as_data) if output is not None else None  # before anything is asked: it may be refused
    except NotWritten as error:
        raise Failure(Exit.USAGE, str(error)) from None
    async with desk_for(settings) as desk:
        session = desk.session(await choose(desk, args.incident))
        try:
            await session.read_once()
            code, blind = _told(session.view, settings)
            code = max(code, await _say_impact(desk, session, args.impact_start, args.impact_end))
            written = report_of(desk, session.view, args.anonymous)
            if old is not None and blind:
                names = " and ".join(LABELS[source] for source in blind)
                raise Failure(
                    Exit.UNREACHABLE, f"{output} was left as it is: nothing of {names} is known for a new one."
                )
            if output is None:
                print(text_of(written, zone_of(settings), as_data), end="")
            else:
                try:
                    file = write(written, output, old, zone_of(settings), as_data)
                except NotWritten as error:
                    raise Failure(Exit.USAGE, str(error)) from None
                _say_written(file)
                code = max(code, await _note(desk, session, file, written))
                _advise(session.view, written)
        finally:
            await session.close()
    if args.anonymous:
        say("Read it before you publish it: only names that the three services know could be replaced.")
    return code


async def _say_impact(desk: Desk, session: Session, start: str | None, end: str | None) -> Exit:
    """Note when users were hit, as typed. Raises Failure for what isn't a time, Impossible for one that can't be."""
    marks = landmarks(session.view.snapshot, session.now())
    data = {}
    for key, typed in (("impact_start", start), ("impact_end", end)):
        if typed is not None:
            try:
                at = meant(typed, marks, end=key == "impact_end")
            except NotAMoment as error:
                raise Failure(Exit.USAGE, str(error)) from None
            data[key] = at.isoformat()
            say(f"{'From' if key == 'impact_start' else 'Until'}: {understood(at, marks)}.")
    if not data or session.possible("impact", **data) == SAID_ALREADY:
        return Exit.YES
    return _how_it_ended(await carry_out(desk, session, [Act("impact", None, data)], fresh=True))


async def _note(desk: Desk, session: Session, file: Written, written: Report) -> Exit:
    """Note in the channel that the report was written, if it has changed; how that ended."""
    data = {"file": file.path.name, "digest": file.digest, "draft": written.draft}
    reason = session.possible("report", **data)
    if reason is not None:
        say(f"Not noted in the channel. {reason}")
        return Exit.YES
    step = next((one.id for one in desk.process.steps if one.action == "report"), None)
    if session.view.snapshot.health[Source.SLACK].state is not Freshness.OK:
        session.act("report", step=step, **data)  # nobody waits here for a service that doesn't answer
        say("It is noted in the channel once a cockpit on this machine reaches Slack.")
        return Exit.YES
    return _how_it_ended(await carry_out(desk, session, [Act("report", step, data)], fresh=True))


def _how_it_ended(deliveries: Sequence[Delivery]) -> Exit:
    """Say of each note that isn't in the channel how it ended; one that still may get there spoils nothing."""
    code = Exit.YES
    for delivery in deliveries:
        if delivery.state is not DeliveryState.DONE:
            say(f"In the channel: {line(delivery)}")
        if delivery.state is DeliveryState.REFUSED or delivery.asks:
            code = max(code, ended(delivery))
    return code


def _say_written(file: Written) -> None:
    say(f"Wrote {file.path}{' again' if file.again else ''}.")
    if file.kept is not None:
        say(
            f"Somebody had edited {' and '.join(file.lost)}, which is always written anew: the file as it was is "
            f"{file.kept}. Put your own words into a section of your own."
        )


def _told(view: View, settings: Settings) -> tuple[Exit, list[Source]]:
    """Say which service couldn't be read; how the command exits, and of which services nothing at all is known."""
    code, blind = Exit.YES, []
    for source in configured(settings):
        health = view.snapshot.health[source]
        if health.state is not Freshness.OK:
            code = Exit.UNREACHABLE
            say(f"cockpit: {LABELS[source]} couldn't be read. {health.error or ''}".rstrip())
            if _unknown(view, settings, source):
                blind.append(source)
    return code, blind


def _unknown(view: View, settings: Settings, source: Source) -> bool:
    """Whether a part of that service's facts was never read, here or before."""
    from cockpit.incident.tickets import linked

    snapshot = view.snapshot
    if source is Source.PAGERDUTY:
        return snapshot.pagerduty is None
    if source is Source.SLACK:
        return snapshot.slack is None
    url = settings.freshdesk.url if settings.freshdesk else ""
    return any(snapshot.ticket(number) is None for number in linked(snapshot.records, snapshot.pagerduty, url))


def _advise(view: View, written: Report) -> None:
    """What the process wants next."""
    if written.draft:
        say(f"It is a draft: {written.draft}. Write it again when that has changed; what you edit is kept.")
        return
    if written.impact.start is not None and said_last(view, "impact_start") is None:
        say("It counts from the first sign of the outage: --impact-start WHEN says so if users were hit before it.")
