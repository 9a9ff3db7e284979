"""A session that stands still: a frozen view, for pictures of the screen and for what needs no world behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cockpit.engine.desk import Offer
from cockpit.engine.directory import Colleague, Search
from cockpit.engine.journal import Draft
from cockpit.engine.view import Case, Outbox, View
from cockpit.incident.brief import Brief, brief
from cockpit.incident.facts import Snapshot
from cockpit.incident.process import Process
from cockpit.settings import ClockSettings, Settings
from cockpit.tui.app import CockpitApp
from tests.incident.build import FRESHDESK, PEOPLE, PROCESS, Assessor, World, at

SETTINGS = Settings(
    path=None,
    me="Ana Ruiz",
    email="ana@example.com",
    pagerduty=None,
    slack=None,
    freshdesk=None,
    state_dir=Path("/nonexistent"),
    cache_dir=Path("/nonexistent"),
    placeholders=PEOPLE.placeholders,
    tech_leads=frozenset({"kim@example.com"}),
    local_zone=ZoneInfo("UTC"),
    clock=ClockSettings(origin=at("18:02"), started=at("18:02"), speed=0.0),
)


def view_of(
    world: World, now: str, outbox: Outbox | None = None, snapshot: Snapshot | None = None, **changes: Any
) -> View:
    """The view that a session would make of this world."""
    snapshot = snapshot or world.snapshot()
    incident = snapshot.pagerduty.incident if snapshot.pagerduty else None
    channel = snapshot.slack.channel if snapshot.slack else None
    case = Case(
        "case",
        incident.title if incident else "Hub is down",
        incident.id if incident else None,
        incident.number if incident else None,
        channel.id if channel else None,
        channel.name if channel else None,
    )
    assessment = Assessor(PROCESS, PEOPLE, FRESHDESK).assess(snapshot, at(now))
    return View(case, snapshot, assessment, outbox or Outbox(), at(now), me="Ana Ruiz", **changes)


@dataclass
class StillSession:
    """What the interface asks of a session, answered from a frozen view; it writes down what it is told to do."""

    view: View
    settings: Settings = SETTINGS
    process: Process = PROCESS
    drafts: StillDrafts = field(default_factory=lambda: StillDrafts())
    reasons: dict[str, str] = field(default_factory=dict)
    acts: list[tuple[str, str | None, dict[str, Any]]] = field(default_factory=list)
    decisions: StillDecisions = field(default_factory=lambda: StillDecisions())
    listeners: list[Callable[[View], None]] = field(default_factory=list)
    touched: int = 0

    @property
    def case(self) -> Case:
        return self.view.case

    def now(self) -> datetime:
        return self.view.now

    def subscribe(self, listener: Callable[[View], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def become(self, view: View) -> None:
        """The world has changed."""
        self.view = view
        for listener in tuple(self.listeners):
            listener(view)

    def brief(self) -> Brief:
        return brief(self.view.snapshot, self.view.assessment, PEOPLE, (), self.view.now)

    @property
    def directory(self) -> StillDirectory:
        return StillDirectory()

    async def start(self) -> None:
        """Nothing runs."""

    async def close(self) -> None:
        """Nothing ran."""

    def possible(self, kind: str, *, step: str | None = None, **data: Any) -> str | None:
        return self.reasons.get(kind)

    def act(self, kind: str, *, step: str | None = None, **data: Any) -> str:
        self.acts.append((kind, step, data))
        return f"action{len(self.acts)}"

    def attended(self) -> None:
        self.touched += 1

    def refresh(self) -> None:
        self.acts.append(("refresh", None, {}))


@dataclass
class StillDrafts:
    """Drafts that are kept nowhere else."""

    texts: dict[str, Draft] = field(default_factory=dict)

    def save(self, key: str, text: str, **data: Any) -> datetime:
        self.texts[key] = Draft(key, text, data, at("18:02"))
        return at("18:02")

    def of(self, key: str) -> Draft | None:
        return self.texts.get(key)

    def drop(self, key: str) -> None:
        self.texts.pop(key, None)


@dataclass
class StillDecisions:
    """What was decided, in order."""

    taken: list[tuple[str, int]] = field(default_factory=list)

    def retry(self, seq: int) -> None:
        self.taken.append(("retry", seq))

    def drop(self, seq: int) -> None:
        self.taken.append(("drop", seq))

    def settle(self, seq: int, arrived: bool) -> None:
        self.taken.append(("arrived" if arrived else "send again", seq))


class StillDirectory:
    """The people of the tests."""

    async def search(self, words: str) -> Search:
        people = (
            Colleague("Kim Tanaka", "kim@example.com", "PKIM", "UKIM"),
            Colleague("Lou Marsh", "lou@example.com", "PLOU", "ULOU", "7"),
        )
        return Search(tuple(one for one in people if words.casefold() in one.name.casefold()))


class StillConnection:
    """Nothing is connected."""

    async def close(self) -> None:
        """Nothing was open."""


@dataclass
class StillDesk:
    """A desk with one session, or none."""

    still: StillSession | None = None
    offered: Offer = Offer()
    settings: Settings = SETTINGS
    process: Process = PROCESS
    connection: StillConnection = field(default_factory=StillConnection)

    def remembered(self) -> Case | None:
        return self.still.case if self.still else None

    def session(self, case: Case) -> StillSession:
        assert self.still is not None
        return self.still

    async def offer(self) -> Offer:
        return self.offered

    async def pd_services(self) -> tuple[Any, ...]:
        return ()

    def hurry(self) -> None:
        """There is no journal to wait for."""

    def last_try(self) -> tuple[str, ...]:
        return ()


def still_app(view: View | None, offer: Offer | None = None, reasons: Mapping[str, str] | None = None) -> CockpitApp:
    """The cockpit on a frozen view; without one, on a desk that remembers nothing."""
    session = StillSession(view, reasons=dict(reasons or {})) if view is not None else None
    return CockpitApp(StillDesk(session, offer or Offer()))
