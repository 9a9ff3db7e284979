"""What the services themselves show of two cockpits: the oracle that knows nothing of the cockpit's guards.

It takes down what the sandbox held whenever a cockpit read, and looks, after each of its deliveries, at what others had
done in between: a deed went out over somebody's head if they did the same or the opposite after that reading.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cockpit.engine.view import DeliveryState, Part
from tests.two_cockpits.cockpit import TICKET

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cockpit.engine.journal import Entry
    from cockpit.sandbox import Sandbox
    from tests.two_cockpits.cockpit import Cockpit

ASSIGNED = frozenset({"assign_log_entry", "escalate_log_entry"})
STATUS = frozenset({"resolve_log_entry", "reopen_log_entry"})
BEARS = {
    "acknowledge": frozenset({"acknowledge_log_entry"}),
    "set_priority": frozenset({"priority_change_log_entry"}),
    "resolve_incident": STATUS,
    "reopen_incident": STATUS,
    "assign": ASSIGNED,
    "handoff": ASSIGNED,
}
"""Which lines of others in PagerDuty's log must be shown to a person before their own deed of that kind goes out."""

RESOLVED, OPEN = 4, 2
"""A ticket's statuses."""

TICKET_STATUS = {"resolve_ticket": RESOLVED, "reopen_ticket": OPEN}

HELD_FOR_NEWS = ("after what you saw", "after you looked")
"""How a guard says that it holds something back for what somebody did meanwhile."""


@dataclass(frozen=True)
class Sight:
    """What the services held at one moment."""

    log: tuple[dict[str, Any], ...]
    said: tuple[dict[str, Any], ...]
    agent: object
    status: int

    def others_since(self, earlier: Sight, kind: str, cockpit: Cockpit, ours: frozenset[object]) -> list[object]:
        """What others did after `earlier` that bears on a deed of that kind. `ours`: our own replies' ids."""
        if kind in BEARS:
            new = self.log[len(earlier.log) :]
            return [line for line in new if line["type"] in BEARS[kind] and line["agent"]["id"] != cockpit.user_id]
        news = self.said[len(earlier.said) :]
        if kind == "reply":
            return [one for one in news if not one["private"] and one["id"] not in ours]
        return [one for one in news if one["incoming"]] if kind == "resolve_ticket" else []


class Witness:
    """Watches the cockpits of one sandbox: every reading, act and delivery of them goes by it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._read: dict[str, Sight] = {}
        """What each person's screen shows."""
        self._acted_on: dict[str, Sight] = {}
        """By the action's id: what was on the screen when its person last sent it."""
        self._judged: set[tuple[str, int, object]] = set()
        self._asked: Counter[tuple[str, str]] = Counter()

    def sight(self) -> Sight:
        """What is there now."""
        state = self._sandbox.state()
        (ticket,) = state["freshdesk"]["tickets"]
        log = tuple(state["pagerduty"]["incidents"][0]["log_entries"])
        return Sight(log, tuple(ticket["conversations"]), ticket["responder_id"], ticket["status"])

    def looked(self, cockpit: Cockpit) -> None:
        """It has read everything; of a ticket that isn't linked it shows nothing new."""
        sight, before = self.sight(), self._read.get(cockpit.person)
        if before is not None and cockpit.session.view.snapshot.ticket(TICKET) is None:
            sight = replace(sight, said=before.said, agent=before.agent, status=before.status)
        self._read[cockpit.person] = sight

    def meant(self, cockpit: Cockpit, ids: Iterable[str]) -> None:
        """Its person does that, or sends it again, with what is on the screen."""
        self._acted_on |= dict.fromkeys(ids, self._read[cockpit.person])

    async def deliver(self, cockpit: Cockpit, *beside: Cockpit) -> None:
        """Let it deliver (and others on its journal at once), and judge what went out and what was held back."""
        before = self.sight()
        known = {entry.seq: entry.state for entry in cockpit.entries}
        await asyncio.gather(*(one.deliver() for one in (cockpit, *beside)))
        status = before.status
        agent = before.agent
        for entry in cockpit.entries:
            if entry.part is not Part.EFFECT or known.get(entry.seq) is entry.state:
                continue
            kind = entry.action.kind
            if entry.state is DeliveryState.REFUSED:
                self._held_for_a_reason(cockpit, entry, before)
            elif entry.state is DeliveryState.DONE:
                self._over_nobodys_head(cockpit, entry, before, agent)
                if kind in TICKET_STATUS:
                    assert status != TICKET_STATUS[kind], f"{kind} changed nothing, and was told"
                    status = TICKET_STATUS[kind]
                elif kind == "assign_ticket":
                    assert agent != int(entry.action.data["agent"]), "the ticket was theirs, and was told as handed on"
                    agent = int(entry.action.data["agent"])

    def _over_nobodys_head(self, cockpit: Cockpit, entry: Entry, before: Sight, agent: object) -> None:
        kind, seen = entry.action.kind, self._acted_on[entry.action.id]
        others = before.others_since(seen, kind, cockpit, cockpit.replies)
        assert not others, f"{cockpit.person} did {kind} over what somebody did unseen: {others}"
        if kind == "assign_ticket" and agent == before.agent:
            assert agent == seen.agent or agent in cockpit.handed, "the ticket was handed on over somebody's hand-off"
        for one in (*entry.outcome.get("asked", ()), *entry.outcome.get("invited", ())):
            self._asked[kind, one] += 1
            assert self._asked[kind, one] == 1, f"{kind}: {one} was called twice"

    def _held_for_a_reason(self, cockpit: Cockpit, entry: Entry, before: Sight) -> None:
        if any(words in (entry.error or "") for words in HELD_FOR_NEWS) and entry.action.kind != "assign_ticket":
            seen = self._acted_on[entry.action.id]
            others = before.others_since(seen, entry.action.kind, cockpit, cockpit.replies)
            assert others, f"held back for what was on the screen: {entry.error}"

    def nothing_in_vain(self) -> None:
        """Each line of PagerDuty's log changed something, and no cockpit took the priority of an open incident."""
        status, has = "open", None
        for line in self.sight().log:
            kind = line["type"]
            if kind == "resolve_log_entry":
                assert status == "open", "resolved what was resolved"
                status, has = "resolved", None
            elif kind == "reopen_log_entry":
                assert status == "resolved", "reopened what was open"
                status = "open"
            elif kind == "priority_change_log_entry":
                taken = line["channel"]["new_priority"] is None
                assert not (taken and status == "open"), "a phantom P1 was left on the status page"
            elif kind in ASSIGNED:
                to = [one["id"] for one in line["assignees"]]
                by_a_cockpit = line["channel"].get("type") == "api"
                assert not (by_a_cockpit and to == has), f"assigned to who had it: {line['summary']}"
                has = to
