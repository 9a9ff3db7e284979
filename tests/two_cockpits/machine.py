"""Any interleaving of what two responders, their colleagues and the community do, by hypothesis.

Each incident begins with collisions of `collisions`, in any order; random acts and more collisions follow. What must
hold: after two polls each both show the same, field by field, and so does a third one started cold; each action has one
note in the channel and each line of PagerDuty's log and each reply is told by one; the latest word on a step stands;
and, by the `witness`, nothing went out over somebody's head or in vain, and nothing was held back without a reason.

Seen to catch, in the suite's few incidents, when each of these was broken on purpose: what bears on an acknowledgement,
a resolution, a reopening, a priority, a hand-off (`bears`); that it is so already (`in_vain`), for all but a
resolution, which PagerDuty itself refuses; what was on the screen (`seen`), left out, not renewed by sending again, or
believed without a look; whose a line is; words on a ticket before a reply and before its resolution; whose a ticket is
and what status it has; a lifted reply, a called and an invited person; the delivery lock; the order of words on a step.
Not caught: a look for the channel before it is made, since Slack refuses a second one of its name and that is adopted;
and clocks that are apart, since all cockpits share one here (`tests/engine/test_two_cockpits.py` has a fast one).
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from cockpit.engine.actions import Impossible
from cockpit.engine.threads import unlifted
from cockpit.incident.deadlines import Due
from cockpit.incident.history import record_history
from cockpit.sandbox import Sandbox, SandboxClock
from cockpit.sandbox.scenario import Event
from tests.conftest import BEGIN
from tests.two_cockpits.cockpit import TICKET, Cockpit
from tests.two_cockpits.collisions import COLLISIONS, Collision, Deed
from tests.two_cockpits.witness import OPEN, RESOLVED, Witness

if TYPE_CHECKING:
    from cockpit.engine.directory import Colleague
    from cockpit.incident.checklist import Assessment
    from cockpit.incident.facts import Record

T = TypeVar("T")

WHO = st.sampled_from(["ana", "ben"])
STEPS = st.sampled_from(
    ["validate.test", "start.service", "hands.experts", "comms.update", "resolve.validated", "handoff.agreed"]
)
LINES = {
    "acknowledge": "acknowledge_log_entry",
    "set_priority": "priority_change_log_entry",
    "resolve_incident": "resolve_log_entry",
    "reopen_incident": "reopen_log_entry",
    "request_responders": "responder_request_log_entry",
}
"""Kinds of action, each of which leaves one line of that type in PagerDuty's log."""


class TwoCockpits(RuleBasedStateMachine):
    """Ana and Ben, each with a journal of their own; Kim and the community act without a cockpit."""

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._folder = tempfile.TemporaryDirectory(prefix="two-")
        self._count = 0
        self._begun = False
        self._others: Counter[str] = Counter()
        """The lines of PagerDuty's log that no cockpit left."""
        self._gone: dict[str, str] = {}
        """What cockpits told whose journals are gone, as `Cockpit.told`."""
        self._gone_done: Counter[str] = Counter()
        self._words: dict[str, list[tuple[datetime, str]]] = {}
        """By step: when somebody said something of it, and the action's id."""

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    def _let(self, deed: Callable[..., T], *given: Any, **data: Any) -> T:
        """Do something that needs the event loop to run."""

        async def work() -> T:
            return deed(*given, **data)

        return self._run(work())

    def _new(self, person: str) -> Cockpit:
        self._count += 1
        return Cockpit(self._sandbox, Path(self._folder.name) / f"{person}-{self._count}", person)

    opening = frozenset(COLLISIONS)
    """The collisions with which an incident begins, in any order."""
    most = len(COLLISIONS)
    """With how many of them at most."""

    def _happen(self, kind: str, **details: object) -> None:
        self._sandbox.story.inject(Event(timedelta(0), kind, {"kind": kind, **details}))

    def _mark(self) -> str:
        self._count += 1
        return f"nr {self._count}"

    @initialize(collisions=st.permutations(sorted(COLLISIONS)), first=WHO)
    def begin(self, collisions: list[str], first: str) -> None:
        """An incident with a ticket, whose channel both open; then everything on which two can collide."""
        self._sandbox = Sandbox("quiet", clock=SandboxClock(BEGIN, 0), rate_limits=False)
        self._cockpits: dict[str, Cockpit] = {}
        self._run(self._begin())
        self._begun = True
        for name in [name for name in collisions if name in self.opening][: self.most]:
            self._collide(COLLISIONS[name], first)

    async def _begin(self) -> None:
        await self._sandbox.start()
        self._witness = Witness(self._sandbox)
        for who in ("ana", "ben"):
            self._cockpits[who] = await self._opened(who)
            self._act(who, "open_channel", step="start.channel")
        self._act("ana", "link_ticket", ticket=TICKET, subject="Hub is not reachable")
        for cockpit in self._cockpits.values():
            await self._witness.deliver(cockpit)
        found = await self._cockpits["ana"].desk.directory.search("")
        self._people: dict[str, Colleague] = {one.name: one for one in found.found}

    async def _opened(self, person: str) -> Cockpit:
        cockpit = await self._new(person).open()
        self._witness.looked(cockpit)
        return cockpit

    def _act(self, who: str, kind: str, step: str | None = None, **data: Any) -> None:
        """Do it, if it is possible now; the event loop must run."""
        known = self._cockpits[who].act(kind, step=step, **data)
        if known is not None:
            self._witness.meant(self._cockpits[who], [known])
            if step is not None:
                self._words.setdefault(step, []).append((self._sandbox.clock.now(), known))

    def _does(self, who: str, kind: str, step: str | None = None, **data: Any) -> None:
        self._let(self._act, who, kind, step=step, **data)

    def _did(self, who: str, ids: Iterable[str]) -> None:
        """Several acts that one key led to."""
        made = list(ids)
        self._cockpits[who].acted += made
        self._witness.meant(self._cockpits[who], made)

    # --- what the two do ---------------------------------------------------------------------------------------

    @rule(who=WHO, step=STEPS)
    def attest(self, who: str, step: str) -> None:
        """A person's word that it is done."""
        self._does(who, "attest", step=step, note=self._mark())

    @rule(who=WHO, step=STEPS, kind=st.sampled_from(["override", "not_applicable", "defer", "retract"]))
    def judge(self, who: str, step: str, kind: str) -> None:
        """Another word on a step."""
        self._does(who, kind, step=step, reason=self._mark())

    @rule(who=WHO, verdict=st.sampled_from(["outage", "not_outage", "asked_for_more"]))
    def verdict(self, who: str, verdict: str) -> None:
        """What the test by hand found."""
        self._does(who, "attest", step="validate.test", verdict=verdict)

    @rule(who=WHO)
    def note(self, who: str) -> None:
        """A line of the timeline."""
        self._does(who, "note", text=f"looked {self._mark()}")

    @rule(who=WHO, purpose=st.sampled_from(["first_response", "update", "resolution"]))
    def reply(self, who: str, purpose: str) -> None:
        """To the one ticket."""
        made = self._let(self._cockpits[who].reply, f"We are on it, {self._mark()}.", purpose)
        if made is not None:
            self._witness.meant(self._cockpits[who], [made])

    @rule(who=WHO)
    def lift(self, who: str) -> None:
        """Every reply that this cockpit sees in a thread."""
        cockpit = self._cockpits[who]
        if unlifted(cockpit.session.view.snapshot):
            self._did(who, self._let(cockpit.session.lift_all))

    @rule(who=WHO, to=st.sampled_from(["Kim Tanaka", "Lou Marsh", "Ben Okafor"]), liaison=st.booleans())
    def hand_over(self, who: str, to: str, liaison: bool = False) -> None:
        """The responder's role, perhaps the liaison's too."""
        session, person = self._cockpits[who].session, self._people[to]
        also = person if liaison else None
        with suppress(Impossible):
            self._did(who, self._let(session.hand_over, person, also, agreed="yes"))

    @rule(who=WHO, to=st.sampled_from(["Kim Tanaka", "Lou Marsh", "Ben Okafor"]))
    def hand_ticket(self, who: str, to: str) -> None:
        """The ticket alone."""
        self._does(who, "assign_ticket", ticket=TICKET, agent=self._people[to].freshdesk, name=to)

    @rule(who=WHO, kind=st.sampled_from(["link_ticket", "unlink_ticket"]))
    def link(self, who: str, kind: str) -> None:
        """The ticket belongs here, or elsewhere."""
        self._does(who, kind, ticket=TICKET)

    @rule(
        who=WHO,
        kind=st.sampled_from(["acknowledge", "resolve_incident", "reopen_incident", "resolve_ticket", "reopen_ticket"]),
    )
    def change(self, who: str, kind: str) -> None:
        """The incident's status, or the ticket's."""
        data: dict[str, object] = {"ticket": TICKET} if kind.endswith("ticket") else {"resolution": ""}
        self._does(who, kind, **data)

    @rule(who=WHO, priority=st.sampled_from(["P1", "P2", ""]))
    def prioritise(self, who: str, priority: str) -> None:
        """The incident's priority; an empty one: none."""
        self._does(who, "set_priority", priority=priority or None)

    @rule(who=WHO, whom=st.sampled_from(["Kim Tanaka", "Lou Marsh"]), kind=st.sampled_from(["ask", "invite"]))
    def pull_in(self, who: str, whom: str, kind: str) -> None:
        """Somebody who knows."""
        one = self._people[whom]
        if kind == "ask":
            self._does(who, "request_responders", users=[one.pagerduty], names=[whom], message="please")
        else:
            self._does(who, "invite", users=[one.slack], names=[whom])

    @rule(who=WHO, minutes=st.integers(1, 90))
    def snooze(self, who: str, minutes: int) -> None:
        """The first clock that runs."""
        cockpit = self._cockpits[who]
        for clock in cockpit.session.view.assessment.deadlines:
            if clock.state is not Due.MET:
                until = (cockpit.session.now() + timedelta(minutes=minutes)).isoformat()
                data = {"ticket": clock.ticket} if clock.ticket is not None else {}
                self._let(cockpit.act, "snooze", deadline=clock.id, until=until, reason=self._mark(), **data)
                return

    @rule(first=WHO, names=st.lists(st.sampled_from(sorted(COLLISIONS)), min_size=1, max_size=3))
    def collide(self, first: str, names: list[str]) -> None:
        """Both act on the same thing, each on what is on their own screen."""
        for name in names:
            self._collide(COLLISIONS[name], first)

    def _collide(self, collision: Collision, first: str) -> None:
        pair = sorted(self._cockpits, key=lambda who: who != first)
        self._link(pair)
        for deed in collision.before:
            self._play(deed)
        for who in pair:
            self.poll(who)
        for who, deed in zip(pair, (collision.first, collision.second), strict=True):
            self._run(self._sandbox.advance(1))  # of two words of one moment nobody can tell which is the later
            self._play((deed[0], who, *deed[1:]))
        for deed in collision.between:
            self._play(deed)
        for who in reversed(pair) if collision.crossed else pair:
            self.deliver(who)
        if self._cockpits[pair[1]].held:
            self.send_again(pair[1])  # before it was read: it is held back again
            self.deliver(pair[1])
            self.poll(pair[1])
            self.send_again(pair[1])
            self.deliver(pair[1])

    def _link(self, pair: list[str]) -> None:
        """What is queued has gone out, and the ticket is linked."""
        for who in pair:
            self.deliver(who)
        if any(one.session.view.snapshot.ticket(TICKET) is None for one in self._cockpits.values()):
            self.poll(pair[0])
            self.link(pair[0], "link_ticket")
            self.deliver(pair[0])

    def _play(self, deed: Deed) -> None:
        getattr(self, deed[0])(*deed[1:])

    @rule(who=WHO)
    def beside(self, who: str) -> None:
        """A second process on the same machine and journal takes a note, and both deliver at once."""
        self._run(self._beside(who))

    async def _beside(self, who: str) -> None:
        cockpit = self._cockpits[who]
        other = await Cockpit(self._sandbox, cockpit.state_dir, who).open()
        self._act(who, "note", text=f"from the cockpit {self._mark()}")
        noted = other.act("note", text=f"from beside it {self._mark()}")
        assert noted is not None
        cockpit.acted.append(noted)
        await self._witness.deliver(cockpit, other)
        await other.close()

    # --- what happens around them --------------------------------------------------------------------------------

    @rule(kind=st.sampled_from(["resolve", "reopen", "P1", "P2", "reassign"]))
    def kim_in_pagerduty(self, kind: str) -> None:
        """Somebody changes the incident in PagerDuty's own pages."""
        before = self._lines()
        if kind.startswith("P"):
            self._happen("priority", by="kim", priority=kind)
        elif kind == "reassign":
            self._happen("reassign", by="kim", to="kim")
        else:
            self._happen(kind, by="kim")
        self._others += self._lines() - before

    @rule(change=st.sampled_from(["open", "resolved", "kim", "lou"]))
    def kim_in_freshdesk(self, change: str) -> None:
        """Somebody changes the ticket in Freshdesk's own pages: its status, or whose it is."""
        status = {"open": OPEN, "resolved": RESOLVED}.get(change)
        if status is not None:
            self._happen("ticket_status", status=status)
        else:
            self._happen("ticket_agent", to=change)

    @rule()
    def thread(self) -> None:
        """A colleague answers in a thread."""
        key = self._mark()
        self._happen("post", by="kim", text=f"what is this? {key}", key=key)
        self._happen("post", by="lou", text=f"an image that can't be pulled {key}", thread=key, key=f"reply {key}")
        self._last_thread = key

    @rule(kind=st.sampled_from(["delete", "edit"]), reply=st.booleans())
    def think_again(self, kind: str, reply: bool) -> None:
        """The newest message of a thread, or what it hangs on, is edited or taken away."""
        key = getattr(self, "_last_thread", None)
        if key is not None:
            details = {"text": f"never mind {self._mark()}"} if kind == "edit" else {}
            self._happen(kind, message=f"reply {key}" if reply else key, **details)

    @rule()
    def community(self) -> None:
        """The representative writes."""
        self._happen("ticket_reply", by="r.osei@rivendell.example", text=f"<p>Still broken, {self._mark()}.</p>")

    @rule(seconds=st.integers(1, 5400))
    def time(self, seconds: int) -> None:
        """Time passes."""
        self._run(self._sandbox.advance(seconds))

    # --- their cockpits ------------------------------------------------------------------------------------------

    @rule(who=WHO)
    def poll(self, who: str) -> None:
        """One reading."""
        self._run(self._sandbox.advance(1))
        self._run(self._cockpits[who].poll())
        self._witness.looked(self._cockpits[who])

    @rule(who=WHO)
    def deliver(self, who: str) -> None:
        """What is queued goes out."""
        self._run(self._witness.deliver(self._cockpits[who]))

    @rule(who=WHO)
    def send_again(self, who: str) -> None:
        """What was held back, having read why."""
        self._witness.meant(self._cockpits[who], self._let(self._cockpits[who].send_again))

    @rule(who=WHO)
    def cold_start(self, who: str) -> None:
        """The laptop is gone, with what was only on it; somebody begins with an empty journal."""

        async def start() -> Cockpit:
            await self._witness.deliver(gone)
            self._retire(gone)
            await gone.close()
            return await self._opened(who)

        gone = self._cockpits[who]
        self._cockpits[who] = self._run(start())

    def _retire(self, cockpit: Cockpit) -> None:
        cockpit.drop()
        self._account(cockpit)
        self._gone |= cockpit.told()
        self._gone_done += Counter({kind: cockpit.done(kind) for kind in (*LINES, "reply")})

    @staticmethod
    def _account(cockpit: Cockpit) -> None:
        """Everything that its person did is told, or was done by a colleague and told by them."""
        told = cockpit.told()
        for entry in cockpit.entries:
            assert entry.state == "done", f"{entry.action.kind} ended as {entry.state}: {entry.error}"
        lifted = {entry.action.id for entry in cockpit.entries if "lifted" in entry.outcome}
        assert set(cockpit.acted) == told.keys() | lifted, "nothing that was done is lost"

    # --- what must hold ------------------------------------------------------------------------------------------

    @rule()
    def converge(self) -> None:
        """Both deliver to the end; after two polls they show the same."""
        self._run(self._converge())

    async def _converge(self) -> None:
        cockpits = list(self._cockpits.values())
        for cockpit in cockpits:
            await self._witness.deliver(cockpit)
            cockpit.drop()
        for _ in range(2):
            await self._sandbox.advance(1)  # Freshdesk tells a change to the second
            for cockpit in cockpits:
                await cockpit.poll()
                self._witness.looked(cockpit)
        ana, ben = cockpits
        alike(ana, ben)
        self._channel()
        self._log()
        self._witness.nothing_in_vain()
        self._last_word(ana)

    def _channel(self) -> None:
        """One note to each action, none in a thread; and none but those."""
        posted = [
            message
            for channel in self._sandbox.state()["slack"]["channels"]
            for message in channel["messages"]
            if (message.get("metadata") or {}).get("event_type") == "cockpit_action"
        ]
        told = dict(self._gone)
        for cockpit in self._cockpits.values():
            self._account(cockpit)
            told |= cockpit.told()
        assert {one["metadata"]["event_payload"]["id"]: one["ts"] for one in posted} == told
        assert len(posted) == len(told), "one note to each action"
        assert all(one["thread_ts"] is None for one in posted)
        lifted = Counter(
            one["metadata"]["event_payload"]["data"]["ts"]
            for one in posted
            if one["metadata"]["event_payload"]["kind"] == "lift"
        )
        assert set(lifted.values()) <= {1}, "each reply is lifted once"

    def _last_word(self, cockpit: Cockpit) -> None:
        """Of what was said of a step, what was said last stands, whoever's note came first."""
        standing = record_history(cockpit.session.view.snapshot.records).standing
        for step in self._words.keys() & standing.keys():
            last = max(at for at, _ in self._words[step])
            said = {known: at for at, known in self._words[step]}
            assert said.get(standing[step].id, last) == last, f"an earlier word on {step} stands"

    def _lines(self) -> Counter[str]:
        incident = self._sandbox.state()["pagerduty"]["incidents"][0]
        return Counter(line["type"] for line in incident["log_entries"])

    def _log(self) -> None:
        """Each deed that is told was done: as many lines in PagerDuty's log, as many replies on the ticket."""
        lines = self._lines() - self._others
        done = self._gone_done + Counter(
            {kind: sum(one.done(kind) for one in self._cockpits.values()) for kind in (*LINES, "reply")}
        )
        for kind, line in LINES.items():
            assert lines[line] == done[kind], f"{kind}: {lines[line]} lines in the log, {done[kind]} told as done"
        (ticket,) = self._sandbox.state()["freshdesk"]["tickets"]
        assert sum(not one["incoming"] and not one["private"] for one in ticket["conversations"]) == done["reply"]

    def teardown(self) -> None:
        """However it went: they converge, and so does the next responder's cockpit, started cold."""
        try:
            if self._begun:
                self._run(self._end())
        finally:
            self._run(self._close())
            self._runner.close()
            self._folder.cleanup()

    async def _end(self) -> None:
        await self._converge()
        lou = await self._new("lou").open()
        try:
            await lou.poll()
            for cockpit in self._cockpits.values():
                alike(cockpit, lou)
        finally:
            await lou.close()

    async def _close(self) -> None:
        if self._begun:
            for cockpit in self._cockpits.values():
                await cockpit.close()
            await self._sandbox.close()


def alike(one: Cockpit, other: Cockpit) -> None:
    """Both show the same, field by field."""
    first, second = one.session.view, other.session.view
    assert told_apart(first.assessment, second.assessment) == []
    assert plain(first.snapshot.records) == plain(second.snapshot.records)


def told_apart(one: Assessment, other: Assessment) -> list[tuple[object, object]]:
    """What differs between two assessments."""
    pairs: list[tuple[object, object]] = [
        *zip(one.steps, other.steps, strict=True),
        (one.deadlines, other.deadlines),
        (one.official_start, other.official_start),
        ((one.verdict, one.outage_kind), (other.verdict, other.outage_kind)),
    ]
    return [(first, second) for first, second in pairs if first != second]


def plain(records: tuple[Record, ...]) -> list[tuple[object, ...]]:
    """Records by value, in order."""
    return [(one.id, one.kind, one.step, one.actor, one.at, dict(one.data), one.ts) for one in records]
