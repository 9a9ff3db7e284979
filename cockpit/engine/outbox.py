"""Delivery: in order per destination, once.

One task walks each destination's deliveries ("lane"). Only the process that holds the case's lock delivers; the lock
is the operating system's, so that a crash frees it. What other processes journal in the meantime is seen through
SQLite's `data_version`.

A write whose outcome isn't known is looked up before anything is sent again: see `look_up`.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cockpit.engine.actions import KINDS
from cockpit.engine.actions.kind import (
    NOTES,
    Already,
    Data,
    Found,
    Held,
    NotConfigured,
    Reach,
)
from cockpit.engine.journal_file import Busy, NotSaved
from cockpit.engine.look_up import LookUp, claimed, rivals
from cockpit.engine.telling import Telling
from cockpit.engine.view import Case, DeliveryState, Part
from cockpit.services.errors import Limited, OutcomeUnknown, Refused, ServiceError

if TYPE_CHECKING:
    from cockpit.engine.actions import ActionKind
    from cockpit.engine.delivery_lock import DeliveryLock
    from cockpit.engine.journal import Action, Entry, Journal
    from cockpit.engine.writing import Writing
    from cockpit.incident.facts import Source

GLANCE = 0.25
"""Seconds between looks at whether another process has journalled something. A look costs one PRAGMA."""

UNWRITTEN_PAUSE = 2.0
"""Seconds until a delivery is tried again that the journal couldn't take down."""

LOOK_HOLDS = 5.0
"""Seconds for which a guard's look at the facts still counts if all that kept the write from going was a 429.

About as long as a slow service takes to answer a write anyway. Without it an action of one reading and one write would
never end while every second answer is a 429.
"""

LONGEST_BACKOFF = 60.0
"""Seconds. A service that is away is asked at least this often while something waits for it."""


def backoff(attempts: int) -> timedelta:
    """How long to wait after that many failures: doubling from a second, with jitter, at most `LONGEST_BACKOFF`."""
    return timedelta(seconds=min(LONGEST_BACKOFF, 2.0 ** min(attempts, 6)) * random.uniform(0.75, 1.25))


class _MayBeThere(Exception):
    """What is to be sent may have been sent; the message says what there is."""


class Outbox:
    """Delivers one case's journalled actions.

    `reach` is called for each delivery, so that it sees the services and the case as they are then. `settled` is told
    of each effect that is done (with the case as it now is), `held` of each that a guard stopped, `changed` of every
    transition; `tell` hears in words what a person should know of. `betrayed_by` says of an action's data why it must
    never go: a secret whose source was a command may have been unknown to the process that journalled it. `timeout` is
    how many seconds a request may take.
    """

    def __init__(
        self,
        journal: Journal,
        writing: Writing,
        lock: DeliveryLock,
        *,
        case: Callable[[], Case],
        reach: Callable[[frozenset[str]], Reach],
        now: Callable[[], datetime],
        settled: Callable[[Entry, Case], None],
        held: Callable[[Entry], None],
        changed: Callable[[], None],
        tell: Callable[[str], None],
        betrayed_by: Callable[[object], str | None],
        timeout: float,
    ) -> None:
        self._journal = journal
        self._writing = writing
        self._lock = lock
        self._case = case
        self._reach = reach
        self._now = now
        self._settled = settled
        self._held = held
        self._changed = changed
        self._tell = tell
        self._betrayed_by = betrayed_by
        self._look_up = LookUp(journal, writing, now=now, timeout=timeout, arrived=self.finish, tell=tell)
        self._wake = asyncio.Event()
        self._turned = asyncio.Event()
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._failures: dict[int, int] = {}
        self._looks: dict[int, tuple[float, Data]] = {}
        self._begun = now()
        self._looked_for: set[int] = set()
        self.delivering = False

    def wake(self) -> None:
        """Something was journalled, or the world changed so that something may go now."""
        self._wake.set()

    def hurry(self, source: Source) -> None:
        """That service can be read again: what backed off from it needn't wait any longer."""
        if self.delivering:
            with suppress(NotSaved):  # then it waits as long as it would have
                self._journal.resume(self._case().key, self._look_up.next(0), source.value)
            self.wake()

    async def run(self) -> None:
        """Deliver until cancelled."""
        version = self._journal.version()
        try:
            while True:
                if not self.delivering:
                    self._take_over()
                if self.delivering:
                    self._start_lanes()
                self._wake.clear()
                try:
                    # Not `wait_for`: in Python 3.11 that can swallow the cancellation by which this ends.
                    async with asyncio.timeout(GLANCE):
                        await self._wake.wait()
                except TimeoutError:
                    seen = self._journal.version()
                    if seen != version:
                        version = seen
                        self._changed()
        finally:
            for task in self._busy.values():
                task.cancel()
            await asyncio.gather(*self._busy.values(), return_exceptions=True)
            if self.delivering:
                self._lock.free()
                self.delivering = False

    def _take_over(self) -> None:
        """Become the one that delivers, if nobody else is; what a dead one left on its way is unknown from now on."""
        if not self._lock.take():
            return
        try:
            self._journal.resume(self._case().key, self._look_up.next(0))
            orphans = self._journal.orphaned(self._case().key, self._now())
        except NotSaved:
            return  # `act` says it to whoever does something; the next glance tries again
        self.delivering = True
        if orphans:
            self._changed()

    def deliverable(self) -> tuple[Entry, ...]:
        """The head of each destination that could go now: due, not waiting for a person, not for a channel."""
        now = _wall()
        heads: dict[str, Entry] = {}
        for entry in self._journal.entries(self._case().key, open_only=True):
            waits_for_person = entry.state is DeliveryState.REFUSED or entry.asks
            if waits_for_person or entry.destination in heads:
                continue
            heads[entry.destination] = entry
        no_channel = self._case().channel_id is None
        return tuple(
            entry
            for entry in heads.values()
            if (entry.not_before is None or entry.not_before <= now) and not (entry.destination == NOTES and no_channel)
        )

    async def turn(self) -> None:
        """Wait until a delivery ends, but not longer than a glance: another process may be the one that delivers."""
        self._turned.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(GLANCE):
                await self._turned.wait()

    @property
    def busy(self) -> bool:
        """Whether something is on its way right now."""
        return bool(self._busy)

    def _start_lanes(self) -> None:
        for entry in self.deliverable():
            if entry.destination not in self._busy:
                task = asyncio.create_task(self._deliver(entry), name=f"deliver {entry.destination}")
                self._busy[entry.destination] = task
                task.add_done_callback(lambda _, lane=entry.destination: self._lane_free(lane))  # type: ignore[misc]

    def _lane_free(self, lane: str) -> None:
        task = self._busy.pop(lane)
        self._wake.set()
        self._turned.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error

    async def _deliver(self, entry: Entry) -> None:
        try:
            await self._attempt(entry)
        except Busy:
            await self._writing.patiently(self._journal.free)
        except NotSaved as fault:
            self._tell(f"{fault} Nothing goes out until it can.")
            # Nothing goes out that isn't taken down before. If it was the outcome that couldn't be, the delivery stays
            # *sending* and is looked up. The lane rests, so that a full disk doesn't make it spin.
            await asyncio.sleep(UNWRITTEN_PAUSE)
        except Exception as fault:
            broken = fault
            with suppress(NotSaved):
                await self._writing.patiently(lambda: self._broken(entry, broken))
            raise
        finally:
            self._changed()

    async def _attempt(self, entry: Entry) -> None:
        reach = replace(self._reach(claimed(self._journal, entry)), rivals=rivals(self._journal, entry))
        performer = self._performer(entry)
        try:
            # *Sending* with nobody at it: the journal couldn't take down how it ended.
            if entry.state in (DeliveryState.UNKNOWN, DeliveryState.SENDING):
                if not await self._look_up.absent(entry, performer, reach):
                    return
                entry = self._journal.entry(entry.seq)
            if (words := self._betrayed_by(entry.action.data)) is not None:
                raise Held(words)
            await self._look_for_left_over(entry, performer, reach)
            looked_at, baseline = await self._look(entry, performer, reach)
        except Already as already:
            done = already.outcome
            await self._writing.patiently(lambda: self.finish(entry, done))
            return
        except _MayBeThere as doubt:
            asked = f"{doubt} Look there: did it arrive?"
            await self._writing.patiently(lambda: self._journal.unknown(entry.seq, self._now(), asked, asks=True))
            return
        except (Held, NotConfigured, ServiceError) as error:
            await self._not_sent(entry, error)
            return
        # How the sending ended waits for the journal; that it begins doesn't, since meanwhile the look would grow old.
        self._looks[entry.seq] = looked_at, baseline
        self._journal.sending(entry.seq, baseline, self._now())
        del self._looks[entry.seq]
        self._changed()
        try:
            outcome = await performer.send(reach, entry.action, baseline)
        except OutcomeUnknown as error:
            words = str(error)
            await self._writing.patiently(
                lambda: self._journal.unknown(entry.seq, self._now(), words, not_before=self._look_up.next(0))
            )
        except (Held, NotConfigured, ServiceError) as error:
            if isinstance(error, Limited):
                self._looks[entry.seq] = looked_at, baseline
            await self._not_sent(entry, error)
        else:
            await self._writing.patiently(lambda: self.finish(entry, outcome))

    async def _look_for_left_over(self, entry: Entry, performer: ActionKind | Telling, reach: Reach) -> None:
        """Look once whether what was done before this process, and is said never to have been sent, is there.

        A journal whose last transactions were lost by damage doesn't know of all that was sent. A note in the channel
        is known by its id: `Already`. What only its words tell is put to a person: `_MayBeThere`. All else is looked
        at by its guard, or can be sent twice.
        """
        known = entry.action.at >= self._begun or entry.attempts or entry.outcome or entry.seq in self._looked_for
        if known:
            return
        found = await performer.recognise(reach, entry)
        self._looked_for.add(entry.seq)
        if isinstance(found, Found) and entry.part is Part.NOTE:
            raise Already({**found.outcome, "found_by": found.by})
        if isinstance(found, Found) and not found.certain:
            raise _MayBeThere(f"It was left by an earlier run, as never sent, and there is {found.by}.")

    async def _look(self, entry: Entry, performer: ActionKind | Telling, reach: Reach) -> tuple[float, Data]:
        """The guard's look at fresh facts: when, and the baseline."""
        now = asyncio.get_running_loop().time()
        last = self._looks.pop(entry.seq, None)
        if last is not None and now - last[0] < LOOK_HOLDS:
            return last
        return now, await performer.prepare(reach, _as_seen(entry))

    def _broken(self, entry: Entry, fault: Exception) -> None:
        """A fault of ours: it must be seen, must not be tried for ever, and must not lose what a person meant."""
        words = f"A fault in the cockpit stopped this ({type(fault).__name__}: {fault}). Please report it."
        state = self._journal.entry(entry.seq).state
        if state in (DeliveryState.SENDING, DeliveryState.UNKNOWN):
            self._journal.unknown(entry.seq, self._now(), f"{words} Look there: did it arrive?", asks=True)
        elif state is not DeliveryState.DONE:  # what arrived stays so, whatever failed after it
            self._journal.refuse(entry.seq, self._now(), words, held=True)

    def _performer(self, entry: Entry) -> ActionKind | Telling:
        kind = KINDS[entry.action.kind]
        if entry.part is Part.EFFECT:
            return kind
        anchor = self._journal.anchor(entry.action.case_key)
        return Telling(kind, self._journal.outcome(entry.action.id), self._now(), anchor)

    async def _not_sent(self, entry: Entry, error: Exception) -> None:
        """Nothing went out. While the outcome of an earlier attempt is unknown it stays unknown."""
        now, seq = self._now(), entry.seq
        open_question = entry.state in (DeliveryState.UNKNOWN, DeliveryState.SENDING)
        if isinstance(error, (Held, Refused)) and not open_question:
            held = isinstance(error, Held)
            await self._writing.patiently(lambda: self._journal.refuse(seq, now, str(error), held=held))
            if held:
                self._held(entry)
            return
        failures = self._failures[seq] = self._failures.get(seq, -1) + 1
        wait = timedelta(seconds=error.retry_after) if isinstance(error, Limited) else backoff(failures)
        then = _wall() + wait
        if open_question:
            await self._writing.patiently(
                lambda: self._journal.unknown(seq, now, str(error), not_before=then, looks=entry.looks)
            )
        else:
            await self._writing.patiently(lambda: self._journal.requeue(seq, now, str(error), then))

    def finish(self, entry: Entry, outcome: Data, by: str | None = None) -> None:
        """It is known to have arrived (`by`: from whom). An effect's note is queued in the same transaction.

        The case learns from it. Raises `NotSaved`.
        """
        self._failures.pop(entry.seq, None)
        if entry.part is Part.NOTE:
            self._journal.done(entry.seq, self._now(), outcome, by=by)
            return
        kind = KINDS[entry.action.kind]
        self._journal.done(entry.seq, self._now(), outcome, note_to=NOTES, forget=kind.draft(entry.action), by=by)
        self._settled(entry, kind.settle(self._case(), entry.action, outcome))


def _as_seen(entry: Entry) -> Action:
    """The action with what its person had on the screen when they last sent it."""
    renewed = {name: entry.outcome[name] for name in ("seen",) if name in entry.outcome}
    return replace(entry.action, data={**entry.action.data, **renewed}) if renewed else entry.action


def _wall() -> datetime:
    """The real time, in which waits are counted: the incident's own clock may run faster in a rehearsal."""
    return datetime.now(UTC)
