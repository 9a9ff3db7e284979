"""One incident, running: holds the facts, takes actions, tells its listeners. It needs no screen."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cockpit.engine.actions import KINDS
from cockpit.engine.actions.kind import NOTES, Impossible, Reach
from cockpit.engine.card import StatusCard
from cockpit.engine.decisions import Decisions
from cockpit.engine.delivery_lock import DeliveryLock
from cockpit.engine.drafts import Drafts
from cockpit.engine.handover import hand_over, write_brief
from cockpit.engine.journal import Action, Entry
from cockpit.engine.journal_file import NotSaved
from cockpit.engine.ledger import learnt
from cockpit.engine.memory import Memory
from cockpit.engine.notices import notices
from cockpit.engine.outbox import Outbox
from cockpit.engine.outreach import Outreach
from cockpit.engine.shared_log import SharedLog
from cockpit.engine.threads import lift_data, unlifted
from cockpit.engine.view import READ_ONLY, Case, Part, View
from cockpit.engine.watch import Watch
from cockpit.engine.writing import not_kept_yet
from cockpit.incident.checklist import Assessor
from cockpit.incident.facts import Source
from cockpit.incident.guards import INTERNAL_HOSTS, Guard
from cockpit.services.errors import ServiceError

if TYPE_CHECKING:
    from cockpit.engine.connection import Connection
    from cockpit.engine.directory import Colleague, Directory
    from cockpit.engine.journal import Journal
    from cockpit.engine.writing import Writing
    from cockpit.incident.brief import Brief
    from cockpit.incident.process import Process
    from cockpit.incident.sensors import People
    from cockpit.settings import Settings

Listener = Callable[[View], None]

TICK = 2.0
"""Seconds between looks at whether time alone changed something (a deadline, a step that came back)."""
SAVE_EVERY = 10.0
"""Seconds between two savings of the facts for the next start, while they change."""
CARD_SPREAD = 4
"""Readings of the channel in which cockpits that start together begin to keep the status card, one after another."""
LATELY = timedelta(minutes=15)
"""How long ago a colleague may have acted who still counts as at work."""
PARTING = 0.5
"""Seconds that tasks get to end when the session closes; what was on its way is looked up at the next start."""


class Session:
    """A running incident. Made by `Desk.session`; its `view` is there at once, from what the journal remembers."""

    def __init__(
        self,
        case: Case,
        *,
        settings: Settings,
        journal: Journal,
        writing: Writing,
        connection: Connection,
        process: Process,
        people: People,
        directory: Directory,
    ) -> None:
        self.settings = settings
        self.process = process
        self.directory = directory
        self.outreach = Outreach(settings, connection, lambda: self.view.snapshot)
        self._people = people
        self._journal = journal
        self._writing = writing
        self._connection = connection
        self._case = learnt(case, journal.entries(case.key))
        self._listeners: list[Listener] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._publishing = False
        freshdesk_url = settings.freshdesk.url if settings.freshdesk else ""
        self._assessor = Assessor(process, people, freshdesk_url)

        self.memory = Memory(journal, writing, case.key, self._tell)
        """What is kept for the next start."""
        self._log = SharedLog(journal, writing, self.memory.facts.records, freshdesk_url)
        self._watch = Watch(
            settings,
            connection,
            self.memory.facts,
            reach=self._reach,
            tickets=self._linked,
            at_work=self._at_work,
            learn=self._learn,
            log_read=self._refresh_log,
            recovered=lambda source: self._outbox.hurry(source),
            changed=self._publish_soon,
        )
        self._outbox = Outbox(
            journal,
            writing,
            DeliveryLock(settings.state_dir / "locks" / f"{case.key}.lock"),
            case=lambda: self._case,
            reach=self._reach,
            now=settings.now,
            settled=self._settled,
            held=lambda entry: self.refresh(KINDS[entry.action.kind].service),
            changed=self._journal_changed,
            tell=self._tell,
            betrayed_by=settings.betrayed_by,
            timeout=connection.timeout,
        )
        self.decisions = Decisions(
            journal, writing, self._outbox, settings, view=lambda: self.view, decided=self._acted
        )
        """What a person decides on a delivery that didn't end well."""
        self.drafts = Drafts(journal, writing, settings, case.key, self._tell)
        """The texts that are being written."""
        self._guard = Guard((*INTERNAL_HOSTS, *settings.internal_hosts), settings.communities)
        self._told: tuple[str, ...] = (journal.notice,) if journal.notice else ()
        self._card = StatusCard(
            people,
            view=lambda: self.view,
            reach=self._reach,
            mine=self._keeps_card,
            notice=self._tell,
            spread=CARD_SPREAD * settings.polls.slack,
        )
        self._refresh_log()
        self.view = self._view()
        self._unsubscribe = writing.subscribe(self._written)

    # --- what it shows -------------------------------------------------------------------------------------------

    @property
    def case(self) -> Case:
        """The case as it is known now."""
        return self._case

    def now(self) -> datetime:
        """The incident's clock, UTC."""
        return self.settings.now()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Have the listener called with each new view, on the event loop. Returns the way to end it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def _view(self) -> View:
        now = self.now()
        snapshot = replace(self._watch.facts, records=self._log.records, health=self._watch.health)
        pollers = self._watch.pollers.values()
        return View(
            case=self._case,
            snapshot=snapshot,
            assessment=self._assessor.assess(snapshot, now),
            outbox=self._log.outbox,
            now=now,
            notices=(
                *notices(snapshot, self._connection.skews()),
                *self._log.notices,
                *self._told,
                *self._writing.notices,
            ),
            me=self.settings.me,
            loading=all(poller.rounds == 0 for poller in pollers) and self.memory.at is None,
            guard=self._guard,
            remembered_at=self.memory.at if any(poller.rounds == 0 for poller in pollers) else None,
            unsaved=self._writing.keys_of(self._case.key),
        )

    def _publish_soon(self) -> None:
        """Make a new view and tell it, once, however much changes in this turn of the loop."""
        if not self._publishing:
            self._publishing = True
            asyncio.get_running_loop().call_soon(self._publish)

    def _publish(self) -> None:
        self._publishing = False
        self.view = self._view()
        for listener in tuple(self._listeners):
            listener(self.view)

    def _tell(self, words: str) -> None:
        if words not in self._told:
            self._told = (*self._told, words)
            self._publish_soon()

    def _keeps_card(self) -> bool:
        """Whether this cockpit writes the status card: the one that delivers, once it has read everything."""
        read = all(self._watch.health[one].read_at for one in Source if self._connection.configured(one))
        return self.settings.status_card and self._outbox.delivering and read and self._connection.slack is not None

    # --- what it learns ------------------------------------------------------------------------------------------

    def _reach(self, claimed: frozenset[str] = frozenset()) -> Reach:
        return Reach(
            case=self._case,
            process=self.process,
            me=self.settings.me,
            email=self.settings.pagerduty.email if self.settings.pagerduty else self.settings.email,
            pagerduty_service=self._connection.pagerduty,
            slack_service=self._connection.slack,
            freshdesk_service=self._connection.freshdesk,
            claimed=claimed,
            read_only=self.settings.read_only,
        )

    def _linked(self) -> tuple[int, ...]:
        return self._log.linked(self._watch.facts.pagerduty)

    def _at_work(self) -> frozenset[str]:
        """Who has acted lately, as the log shows it."""
        return self._log.actors(self.now() - LATELY)

    def _learn(self, case: Case) -> None:
        if case != self._case:
            self._case = case
            # If it can't be kept, it is learnt again at the next start.
            self.memory.keep(lambda: self._journal.save_case(case), "what is known of the incident", "case")
            self._outbox.wake()

    def refresh(self, source: Source | None = None) -> None:
        """Read that service (or all three) now."""
        for poller in self._watch.pollers.values():
            if source is None or poller.source is source:
                poller.poke()

    def attended(self) -> None:
        """A person is at the keys: what they look at is kept fresh for a while."""
        self._watch.attended()

    # --- what it does --------------------------------------------------------------------------------------------

    def possible(self, kind: str, *, step: str | None = None, **data: Any) -> str | None:
        """Why that action can't be done now, in words; None: it can. Data that isn't known yet may be left out."""
        if self.settings.read_only:
            return READ_ONLY
        betrayed = self.settings.betrayed_by(data) or self.settings.awaits(data)
        return betrayed or KINDS[kind].impossible(self.view, data, step)

    def act(self, kind: str, *, step: str | None = None, **data: Any) -> str:
        """Journal an action and let it be delivered; returns its id.

        When this returns the intent is on disk; or, where another process holds the journal and this one can't wait,
        it is in the view's outbox as not kept yet, and goes out once it is on disk. Raises `Impossible` if it can't be
        done now, `KeyError` for a kind that there isn't, `ValueError` if the data lack something.
        """
        performer = KINDS[kind]
        if missing := performer.needs - data.keys():
            raise ValueError(f"{kind} needs {', '.join(sorted(missing))}")
        if (reason := self.possible(kind, step=step, **data)) is not None:
            raise Impossible(reason)
        data = {**performer.seen(self.view, data), **data}
        if step is not None and performer.service is None:
            data["title"] = self.process.step(step).title
        if self.settings.undecided(data):
            data["undecided"] = True  # the audit then calls it by its kind, since its lines stay
        action = Action(uuid.uuid4().hex, self._case.key, kind, step, self.settings.me, self.now(), data)
        where = (Part.NOTE, NOTES) if performer.service is None else (Part.EFFECT, performer.destination(data))
        try:
            self._writing.soon(
                lambda: self._journal.add(action, *where), performer.words(action), entry=not_kept_yet(action, *where)
            )
        except NotSaved as fault:
            raise Impossible(f"{fault} Nothing was done.") from fault
        self.attended()
        self._acted()
        return action.id

    def _acted(self) -> None:
        self._journal_changed()
        self._outbox.wake()

    def lift_all(self, step: str | None = None) -> tuple[str, ...]:
        """Lift every reply that isn't top-level yet, oldest first; the ids of the actions."""
        now = self.now()
        return tuple([self.act("lift", step=step, **lift_data(one, now)) for one in unlifted(self.view.snapshot)])

    def brief(self) -> Brief:
        """The brief for the next responder, as of now; `incident.brief` writes it as Markdown or as a note."""
        return write_brief(self, self._people)

    def hand_over(
        self, to: Colleague | None = None, liaison: Colleague | None = None, agreed: str = "", brief: str = ""
    ) -> tuple[str, ...]:
        """Hand the responder's role to one, the liaison's to another (or the same), or only one of the two.

        Journals all of it: the assignment, the announcement with the brief (as it was shown, else a new one), that it
        was agreed (in whose words), the tickets. Returns the ids. Raises `Impossible`, then nothing was journalled.
        """
        return hand_over(self, self._people, to, liaison, agreed, brief)

    def _settled(self, entry: Entry, case: Case) -> None:
        self._learn(case)
        self._watch.look_after(KINDS[entry.action.kind].service)

    def look(self) -> None:
        """Look at the journal anew: something was put into it."""
        self._refresh_log()
        self.view = self._view()

    def _written(self, failure: str | None) -> None:
        """What waits for the journal changed."""
        if failure is not None:
            self._tell(failure)
        self._acted()

    def _journal_changed(self) -> None:
        self.look()  # at once, so that who has just acted sees it in the view; the listeners hear in the next turn
        self._publish_soon()

    def _refresh_log(self) -> None:
        tickets, slack = self._linked(), self._watch.facts.slack
        changed = self._log.read(self._case, slack, self.now(), channel_read=self._watch.channel_read)
        if changed and self._linked() != tickets:
            self.refresh(Source.FRESHDESK)

    # --- its life ------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin to poll and to deliver; returns at once."""
        for source, poller in self._watch.pollers.items():
            self._spawn(poller.run(), f"poll {source}")
        await self.start_delivering()
        self._spawn(self._keep(), "keep")
        if not self.settings.read_only:
            self._spawn(self._card.run(), "status card")

    async def start_delivering(self) -> None:
        """Begin to deliver only: what a command does that leaves a note and goes."""
        if self.settings.read_only:
            return
        for source in Source:
            if self._connection.configured(source):
                self._spawn(self._connect(source), f"connect {source}")
        self._spawn(self._outbox.run(), "deliver")

    async def _connect(self, source: Source) -> None:
        try:
            await self._connection.ensure(source)
        except ServiceError:
            return  # its poller tells; what waits in the outbox tries again
        # In its turn: what waits to be saved was typed before the secret was known, and is masked after it.
        self.memory.keep(
            lambda: self._journal.scrub_drafts(self.settings.scrubbed), "masking a secret", f"masked {source}"
        )
        self._outbox.wake()

    def _spawn(self, run: Coroutine[None, None, None], name: str) -> None:
        self._tasks.append(asyncio.create_task(run, name=f"cockpit {name}"))

    async def _keep(self) -> None:
        """See what time alone changes, and keep the facts for the next start."""
        saved_at = 0.0
        while True:
            await asyncio.sleep(TICK)
            view = self.view
            if self._assessor.assess(view.snapshot, self.now()) != view.assessment:
                self._publish_soon()
            elapsed = asyncio.get_running_loop().time()
            if self._watch.news and elapsed - saved_at > SAVE_EVERY:
                saved_at = elapsed
                self._save()

    def _save(self) -> None:
        self._watch.news = not self.memory.save(self.view.snapshot, self.now())

    async def read_once(self) -> None:
        """One reading of all three, for commands. Never raises for a service: its health tells."""
        await self._watch.read_once()
        self._refresh_log()
        self._publish()
        self._save()

    async def idle(self) -> None:
        """Wait until nothing more can go out now: all is delivered, refused, waiting for its time or for a person."""
        while self._tasks and (self._writing.waits or self._outbox.busy or self._outbox.deliverable()):
            await self._outbox.turn()

    async def close(self) -> None:
        """End within a second, whatever hangs. What was on its way is looked up at the next start."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=PARTING)
        if self._watch.news:
            self._save()
        self._unsubscribe()
        self._listeners.clear()
