"""`cockpit report`: the incident's report, from the services alone, as Markdown or JSON."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cockpit.command_line.arguments import add_incident
from cockpit.command_line.choosing import choose, desk_for
from cockpit.command_line.outcome import Exit, Failure, say
from cockpit.command_line.report_file import replace_file
from cockpit.command_line.status import configured
from cockpit.config import load
from cockpit.incident.facts import LABELS, Freshness, Source
from cockpit.incident.report_json import FORMAT, document

if TYPE_CHECKING:
    import argparse

    from cockpit.config import Settings
    from cockpit.engine.view import View
    from cockpit.incident.report import Report
    from cockpit.incident.report_markdown import Zone

_FORMATS: Final = ("md", "json")


def configure(parser: argparse.ArgumentParser) -> None:
    """Give the parser the command's arguments."""
    add_incident(parser)
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE",
        help="write it there; a report that is there already keeps what was edited in its prose",
    )  # fmt: skip
    parser.add_argument("--anonymous", action="store_true", help="roles instead of names; no addresses, no communities")
    parser.add_argument("--format", choices=_FORMATS, help="md, or json (which FILE.json means too)")


def run(args: argparse.Namespace) -> int:
    """Do it; the exit code: 3 where a configured service couldn't be read."""
    settings = load(args.config, read_only=args.read_only)
    as_data = args.format == "json" or (
        args.format is None and args.output is not None and args.output.suffix.lower() == ".json"
    )
    return asyncio.run(_report(settings, args.incident, args.output, args.anonymous, as_data))


async def _report(
    settings: Settings, reference: str | None, output: Path | None, anonymous: bool, as_data: bool
) -> int:
    from cockpit.incident.report import report

    old = _old(output, as_data) if output is not None else None  # before anything is asked: it may be refused
    async with desk_for(settings) as desk:
        session = desk.session(await choose(desk, reference))
        try:
            await session.read_once()
            view = session.view
        finally:
            await session.close()
        written = report(
            desk.process, view.snapshot, desk.people, view.now,
            freshdesk_url=settings.freshdesk.url if settings.freshdesk else "",
            configured=frozenset(configured(settings)), anonymous=anonymous, title=view.case.title,
        )  # fmt: skip
    code, blind = _told(view, settings)
    if old is not None and blind:
        names = " and ".join(LABELS[source] for source in blind)
        raise Failure(Exit.UNREACHABLE, f"{output} was left as it is: nothing of {names} is known for a new one.")
    text = _text(written, old, output, as_data, zone_of(settings))
    if output is None:
        print(text, end="")
    else:
        replace_file(output, text)
        say(f"Wrote {output}{'' if old is None else ' again'}.")
        _advise(view, written)
    if anonymous:
        say("Read it before you publish it: only names that the three services know could be replaced.")
    return code


def _text(written: Report, old: str | None, output: Path | None, as_data: bool, zone: Zone) -> str:
    """What is to be written. Raises Failure for a file that can't be written over."""
    if as_data:
        data = document(written)
        known = json.loads(old) if old is not None else data
        if known.get("incident", {}).get("id") not in (None, written.incident_id):
            raise Failure(Exit.USAGE, f"{output}: it is another incident's report: give another name.")
        if known.get("anonymous") is True and not written.anonymous:
            raise Failure(Exit.USAGE, f"{output}: it was written with --anonymous: give another name.")
        return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    from cockpit.incident.report_markdown import page
    from cockpit.incident.report_page import NotOurs, read, written_again

    new = page(written, zone)
    if old is None or output is None:
        return new.text()
    try:
        before = read(old)
        text = written_again(before, new).text()
    except NotOurs as error:
        raise Failure(Exit.USAGE, f"{output}: {error}.") from None
    if lost := before.rewritten:
        kept = output.with_name(output.name + "~")
        replace_file(kept, old)
        say(
            f"Somebody had edited {' and '.join(lost)}, which is always written anew: the file as it was is {kept}. "
            "Put your own words into a section of your own."
        )
    return text.replace("\n", "\r\n") if "\r\n" in old else text


def _old(output: Path, as_data: bool) -> str | None:
    """What is in the file now; None if there is none. Raises Failure for one that isn't a report."""
    try:
        with output.open(encoding="utf-8", newline="") as file:
            text = file.read()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise Failure(Exit.USAGE, f"{output}: it isn't a report that a cockpit wrote: give another name.") from None
    if not text.strip():
        return None
    if as_data:
        try:
            ours = json.loads(text)["format"] == FORMAT
        except (ValueError, TypeError, KeyError):
            ours = False
        if not ours:
            raise Failure(Exit.USAGE, f"{output}: it isn't a report that a cockpit wrote: give another name.")
        return text
    from cockpit.incident.report_page import NotOurs, read

    try:
        read(text)
    except NotOurs as error:
        raise Failure(Exit.USAGE, f"{output}: {error}.") from None
    return text


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
    for state in view.assessment.steps:
        if state.step.action == "report" and not state.settled and written.number is not None:
            say(f"Once it is complete: cockpit tick {written.number} {state.step.id}")


def zone_of(settings: Settings) -> Zone:
    """The local time beside UTC: the config's zone, or the machine's."""
    from cockpit.incident.report_markdown import Zone

    zone = settings.local_zone

    def local(at: datetime) -> datetime:
        return at.astimezone(zone)  # None: the machine's

    return Zone(zone.key if zone is not None else "", local)
