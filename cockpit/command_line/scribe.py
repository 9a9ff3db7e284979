"""What `cockpit run` leaves behind: a process that notes the commands whose end nobody noted, and delivers.

It reads its input to the end, which comes when its cockpit ends, in whatever way. What was read, as JSON, is the case
that the command was noted for, and the command's words where a secret may be in them that only a command can tell: they
are written down once it has. Or nothing was: then the cockpit was killed.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.core_dumps import prevent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from cockpit.engine.desk import Desk
    from cockpit.engine.runs import Run
    from cockpit.engine.session import Session
    from cockpit.engine.view import Case
    from cockpit.settings import Settings

BETWEEN_LOOKS = 0.2
"""Seconds between two looks at whether something can go out again."""


def main() -> None:
    """Wait until the command and its cockpit have ended, then deliver."""
    prevent()
    config, told = sys.argv[1], json.loads(sys.stdin.read() or "{}")
    asyncio.run(_deliver(Path(config) if config else None, told))


async def _deliver(config: Path | None, told: Mapping[str, Any]) -> None:
    # Imported only now: while the command runs, this process costs next to nothing.
    from cockpit.command_line.acting import PATIENCE
    from cockpit.command_line.choosing import desk_for
    from cockpit.config import load
    from cockpit.engine.desk import RUNS
    from cockpit.engine.runs import Runs

    settings = load(config)
    async with desk_for(settings) as desk:
        await desk.learn_secrets()
        key = told.get("case")
        cases = {key: desk.journal.case(key)} if key else {}
        runs = Runs(settings.state_dir / RUNS)
        for run in runs.unwatched():
            if (case := await _case_of(desk, run)) is not None:
                runs.book(_told(run, told, settings), case, desk.journal)
                cases[case.key] = case
        for case in cases.values():
            session = desk.session(case)
            try:
                if case.channel_id is None:
                    await session.read_once()
                await session.start_delivering()
                with suppress(TimeoutError):
                    await asyncio.wait_for(_delivered(session), PATIENCE)
            finally:
                await session.close()


def _told(run: Run, told: Mapping[str, Any], settings: Settings) -> Run:
    """The run with the words that were handed on for it, if all secrets are known now."""
    from cockpit.command_line.run import with_words

    if told.get("run") != run.id or not all(secret.known for secret in settings.secrets):
        return run
    printed = str(told["printed"]).encode("utf-8", errors="surrogateescape")
    return with_words(run, settings, told["argv"], printed, told["tail"])


async def _case_of(desk: Desk, run: Run) -> Case | None:
    """The case that a command belongs to, asking the services where need be; None where they can't tell now."""
    from cockpit.command_line.choosing import choose
    from cockpit.command_line.outcome import Failure
    from cockpit.engine.desk import NoSuchIncident, UnknownReference
    from cockpit.services.errors import ServiceError

    try:
        return desk.journal.case(run.case) if run.case else await choose(desk, run.incident)
    except (Failure, NoSuchIncident, UnknownReference, ServiceError, KeyError):
        return None


async def _delivered(session: Session) -> None:
    """Wait until everything has gone out that can go without a person, also what a service asked to send later."""
    while any(_may_go(session, one.state, one.asks) for one in session.view.outbox.deliveries):
        await session.idle()
        await asyncio.sleep(BETWEEN_LOOKS)


def _may_go(session: Session, state: str, asks: bool) -> bool:
    if session.case.channel_id is None:
        return False
    return state in ("queued", "sending") or (state == "unknown" and not asks)


if __name__ == "__main__":
    main()
