"""What the commands that do something share: do it, deliver it, tell how it ended."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cockpit.command_line.deliveries import ended, line
from cockpit.command_line.outcome import Exit, Failure, say
from cockpit.engine.view import DeliveryState, Part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cockpit.config import Settings
    from cockpit.engine.desk import Desk
    from cockpit.engine.session import Session
    from cockpit.engine.view import Case, Delivery

PATIENCE: Final = 20.0
"""Seconds that a command waits for its deliveries, look-ups of an unknown one included."""

BETWEEN_LOOKS: Final = 0.2
"""Seconds between two looks at whether a delivery of unknown outcome was settled by looking it up."""


@dataclass(frozen=True, slots=True)
class Act:
    """An action to be: its kind, the step it serves, its data."""

    kind: str
    step: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


def must_write(settings: Settings) -> None:
    """Raise Failure where nothing may be written."""
    if settings.read_only:
        raise Failure(Exit.USAGE, "This command writes something, and with --read-only no write leaves.")


async def perform(desk: Desk, case: Case, *acts: Act) -> int:
    """Do the acts on a case, each once the one before is done; tell how each ended; the exit code.

    Raises Impossible where an act can't be done now.
    """
    await desk.learn_secrets()
    session = desk.session(case)
    try:
        deliveries = await carry_out(desk, session, acts)
        case = session.case
    finally:
        await session.close()
    for delivery in deliveries:
        print(line(delivery))
    if any(delivery.state is DeliveryState.QUEUED for delivery in deliveries):
        # The reason is in its line where there is one; a note without a channel simply waits.
        waits = "the incident has a channel" if case.channel_id is None else "a cockpit on this incident can deliver it"
        say(f"cockpit: What is queued is safe on this machine and goes out when {waits}.")
    return max(map(ended, deliveries), default=Exit.YES)


async def carry_out(desk: Desk, session: Session, acts: Sequence[Act], fresh: bool = False) -> Sequence[Delivery]:
    """Do the acts in a session, each once the one before is done; their deliveries. `fresh`: all was just read.

    Raises Impossible where an act can't be done now.
    """
    done: list[str] = []
    try:
        for act in acts:
            # On disk before anything is asked of a service, so that a kill from here on loses nothing.
            done.append(session.act(act.kind, step=act.step, **act.data))
            if len(done) == 1:
                if not fresh:  # where the channel is may not be known yet on this machine
                    await session.read_once()
                await session.start_delivering()
            await _delivered(desk, session, done)
            if any(_stopped(delivery) for delivery in _of(desk, session, done)):
                break
    except asyncio.CancelledError:
        # Ctrl-C ends the waiting, not what is on disk already: whoever pressed it must know.
        say("cockpit: It is kept on this machine and may still go out: see `cockpit log`.")
        raise
    return _of(desk, session, done)


async def _delivered(desk: Desk, session: Session, action_ids: Sequence[str]) -> None:
    """Wait until the actions' deliveries have ended, or wait for something that a command doesn't wait for."""

    async def settled() -> None:
        await session.idle()
        while _looked_up(desk.history(session.case), action_ids):
            await asyncio.sleep(BETWEEN_LOOKS)
            await session.idle()

    with suppress(TimeoutError):
        await asyncio.wait_for(settled(), PATIENCE)


def _looked_up(deliveries: Sequence[Delivery], action_ids: Sequence[str]) -> bool:
    """Whether one of the actions is being looked up, or is queued where another one, ahead of it, is."""
    lanes = {one.destination for one in deliveries if one.state is DeliveryState.UNKNOWN and not one.asks}
    waits = (DeliveryState.UNKNOWN, DeliveryState.QUEUED)
    return any(one.action_id in action_ids and one.state in waits and one.destination in lanes for one in deliveries)


def _of(desk: Desk, session: Session, action_ids: Sequence[str]) -> Sequence[Delivery]:
    return [delivery for delivery in desk.history(session.case) if delivery.action_id in action_ids]


def _stopped(delivery: Delivery) -> bool:
    """Whether what an action was to do in a service isn't done; its note may well wait."""
    return delivery.part is Part.EFFECT and delivery.state is not DeliveryState.DONE
