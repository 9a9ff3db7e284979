"""Two cockpits in processes of their own, with a config and a journal each, on one sandbox; the world is the judge."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path
from typing import Any

from cockpit.sandbox import Sandbox
from tests.engine.test_session import posted, ticket_state
from tests.two_cockpits.cockpit import TICKET, with_channel
from tests.two_cockpits.process import CockpitProcess, processes

REPLY = {"ticket": TICKET, "purpose": "update"}
LINES = {"acknowledge": "acknowledge_log_entry", "resolve_incident": "resolve_log_entry"}
AHEAD = 0.2
"""Seconds from now to the moment at which both act."""


async def act(cockpit: CockpitProcess, kind: str, **wish: Any) -> list[list[Any]]:
    """Let it do that; what it has open afterwards."""
    answer = await cockpit.ask(do="act", kind=kind, **wish)
    found: list[list[Any]] = answer["open"]
    return found


def told(sandbox: Sandbox) -> Counter[str]:
    """How many notes of each kind the channel has."""
    return Counter(note["metadata"]["event_payload"]["kind"] for note in posted(sandbox))


def lines(sandbox: Sandbox) -> Counter[str]:
    """How many lines of each type PagerDuty's log has."""
    return Counter(line["type"] for line in sandbox.state()["pagerduty"]["incidents"][0]["log_entries"])


async def test_the_second_is_shown_what_the_first_did(sandbox: Sandbox, tmp_path: Path) -> None:
    await with_channel(sandbox, tmp_path)
    async with processes(sandbox, tmp_path, "ana", "ben") as (ana, ben):
        shown = {}
        for kind in ("acknowledge", "resolve_incident"):
            assert await act(ana, kind) == []
            ((_, state, held, shown[kind]),) = await act(ben, kind)
            assert (state, held) == ("refused", True)
            assert lines(sandbox)[LINES[kind]] == told(sandbox)[kind] == 1
            await ben.ask(do="read")
            await ana.ask(do="read")
            if kind == "acknowledge":
                assert (await ben.ask(do="send_again"))["open"] == []
                assert lines(sandbox)[LINES[kind]] == told(sandbox)[kind] == 2, "having read it, he means it"
        assert "Ana Ruiz acknowledged it" in shown["acknowledge"]
        assert "Ana Ruiz resolved it" in shown["resolve_incident"]

        assert await act(ana, "reply", data={**REPLY, "body": "It is fixed."}) == []
        error = next(
            one[3] for one in await act(ben, "reply", data={**REPLY, "body": "We are on it."}) if one[0] == "reply"
        )
        assert "Ana Ruiz replied" in error
        assert "It is fixed." in error
        assert len(ticket_state(sandbox)["conversations"]) == told(sandbox)["reply"] == 1
        await alike(ana, ben)


async def test_in_the_same_instant_nothing_is_claimed_that_was_not_done(sandbox: Sandbox, tmp_path: Path) -> None:
    """Within the window that can't be closed both may go out; what the channel tells is what happened all the same."""
    await with_channel(sandbox, tmp_path)
    async with processes(sandbox, tmp_path, "ana", "ben") as both:
        for kind, line in LINES.items():
            at = time.monotonic() + AHEAD
            await asyncio.gather(*(act(cockpit, kind, at=at) for cockpit in both))
            assert lines(sandbox)[line] == told(sandbox)[kind] >= 1
            for cockpit in both:
                await cockpit.ask(do="read")
        at = time.monotonic() + AHEAD
        await asyncio.gather(*(act(one, "reply", data={**REPLY, "body": "It is fixed."}, at=at) for one in both))
        assert len(ticket_state(sandbox)["conversations"]) == told(sandbox)["reply"] >= 1
        await alike(*both)


async def alike(*cockpits: CockpitProcess) -> None:
    """After two readings both show the same checklist."""
    for _ in range(2):
        shown = [(await cockpit.ask(do="read"))["steps"] for cockpit in cockpits]
    assert shown[0] == shown[1]
