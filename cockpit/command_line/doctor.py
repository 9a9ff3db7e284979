"""`cockpit doctor`: check every credential, permission, scope, setting and clock; say what to do about each fault."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from cockpit.command_line.checking import examine
from cockpit.command_line.finding import Level, any_fault, write
from cockpit.command_line.machine import examine_machine
from cockpit.command_line.outcome import Exit
from cockpit.command_line.paper import Paper
from cockpit.config import load
from cockpit.incident.facts import Source

if TYPE_CHECKING:
    import argparse

    from cockpit.command_line.finding import Finding
    from cockpit.config import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    """Give the parser the command's arguments."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Do it; the exit code: 1 where a fault was found."""
    settings = load(args.config, read_only=args.read_only)
    findings = [*examine_machine(settings), *asyncio.run(_services(settings))]
    fault = any_fault(findings)
    if args.json:
        document = {"ok": not fault, "findings": [finding.as_json() for finding in findings]}
        print(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        paper = Paper()
        write(findings, paper)
        counts = {level: sum(finding.level is level for finding in findings) for level in Level}
        faults, warnings = counts[Level.FAULT], counts[Level.WARNING]
        paper.heading(
            f"{faults} fault{'s' * (faults != 1)}, {warnings} warning{'s' * (warnings != 1)}."
            if faults or warnings
            else "Everything is well."
        )
    return Exit.NOT_SO if fault else Exit.YES


async def _services(settings: Settings) -> list[Finding]:
    """All three at once: each takes its time, and one that hangs holds up none of the others."""
    from cockpit.engine.connection import Connection
    from cockpit.engine.desk import configured_process

    process = configured_process(settings)
    connection = Connection(settings)
    try:
        found = await asyncio.gather(*(examine(source, settings, connection, process) for source in Source))
    finally:
        await connection.close()
    return [finding for findings in found for finding in findings]
