"""`cockpit log --check`: whether an audit is whole, this machine's own or one that somebody handed over."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.command_line.choosing import choose, desk_for
from cockpit.command_line.outcome import Exit, Failure, say
from cockpit.services.errors import ServiceError

if TYPE_CHECKING:
    from cockpit.config import Settings
    from cockpit.engine.audit_check import Verdict
    from cockpit.engine.desk import Desk
    from cockpit.engine.view import Case
    from cockpit.incident.facts import Anchor


async def check_case(desk: Desk, case: Case) -> int:
    """Check the case's audit in the journal; the exit code."""
    from cockpit.engine.auditor import check_journal

    if desk.journal.notice is not None:
        print(desk.journal.notice)
        return Exit.NOT_SO
    anchors, unread = await _proofs(desk, case)
    return _told(check_journal(desk.journal, case.key, anchors or ()), anchors, unread)


async def check_file(name: str, settings: Settings | None, reference: str | None) -> int:
    """Check what `cockpit log --json` wrote; with `settings`, against the channel of the incident too."""
    from cockpit.engine.audit_check import check

    document = _read(name)
    if settings is None:
        return _told(check(document), None, None)
    async with desk_for(settings) as desk:
        anchors, unread = await _proofs(desk, await choose(desk, reference))
    return _told(check(document, anchors or ()), anchors, unread)


def _read(name: str) -> object:
    """The JSON in the file. Raises Failure."""
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except FileNotFoundError:
        own = "" if "/" in name else f" To check an incident's own: cockpit log {name} --check"
        raise Failure(Exit.USAGE, f"There is no file {name}.{own}") from None
    except (OSError, UnicodeError) as error:
        raise Failure(Exit.USAGE, f"{name} can't be read: {error}") from error
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Failure(Exit.USAGE, f"{name} isn't JSON, so not what `cockpit log --json` wrote: {error}") from error


async def _proofs(desk: Desk, case: Case) -> tuple[tuple[Anchor, ...] | None, ServiceError | None]:
    """What the channel proves, None without one; or why it couldn't be read."""
    from cockpit.engine.auditor import proofs

    try:
        return await proofs(desk, case), None
    except ServiceError as error:
        return None, error


def _told(verdict: Verdict, anchors: tuple[Anchor, ...] | None, unread: ServiceError | None) -> int:
    for fault in verdict.faults:
        print(fault)
    if verdict.faults:
        return Exit.NOT_SO
    lines = "1 line" if verdict.count == 1 else f"{verdict.count:,} lines"
    print(f"{lines}, none altered and none missing between them; the last has the hash {verdict.head}.")
    if unread is not None:
        say(f"Whether lines are missing at the end, only the channel proves, and it couldn't be read. {unread}")
        return Exit.UNREACHABLE
    if anchors is None:
        say("Whether lines are missing at the end, only the channel's notes prove, and none was read.")
    elif verdict.strangers:
        logs = "another log" if verdict.strangers == 1 else f"{verdict.strangers} other logs"
        say(f"The channel has notes of {logs} too: of other machines, or of a journal that was here before this one.")
    return Exit.YES
