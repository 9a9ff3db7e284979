"""Pictures of the screen in each state, at the three sizes that matter. Clock, zone and blinking stand still."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from cockpit.engine.desk import Offer
from cockpit.engine.view import Delivery, DeliveryState, Outbox, Part, View
from cockpit.incident.brief import as_note, brief
from cockpit.incident.facts import Freshness, Health, OnCall, Source
from tests.incident.build import ANA, BEN, KIM, LOU, PEOPLE, World, at, outage, resolved
from tests.tui.looking import come_to_rest, press
from tests.tui.still import still_app, view_of

SIZES = [(80, 24), (120, 40), (200, 60)]
Keys = Callable[[Pilot[None]], Awaitable[None]]


def busy() -> World:
    """The outage in full: two communities, a thread, notes of ours, people who came."""
    world = outage().ticket(4041, "16:40", "Nobody can save.", company="utopia", subject="Saving fails")
    world.link(4041, "16:45").told(4041, "16:50", "We are on it.")
    world.members += [ANA, BEN, KIM, LOU]
    world.said("17:10", "Image pull fails, see the event log: manifest for hub:2026.11 unknown", KIM)
    world.threaded("17:12", "that tag was deleted on Friday", LOU)
    world.said("17:20", "✔ Acknowledged PagerDuty incident #1924 — Ana Ruiz", ANA, bot=True, record=None)
    world.said("17:58", "rolled the image back, pods are starting", ANA, edited=True)
    world.heard(4038, "17:59", "Thank you! It still says 503 for half of us.")
    world.alert("16:12", "Hub pod is not ready: mordor/prod")
    return world


def with_on_call(view: View) -> View:
    """With a chain of people to call."""
    facts = view.snapshot.pagerduty
    assert facts is not None
    chain = (OnCall(ANA, 1), OnCall(LOU, 2))
    return replace(view, snapshot=replace(view.snapshot, pagerduty=replace(facts, on_call=chain)))


def stale(view: View) -> View:
    """The same, with Slack stale and Freshdesk refusing."""
    health = {
        Source.PAGERDUTY: Health(Freshness.OK, view.now - timedelta(seconds=4)),
        Source.SLACK: Health(
            Freshness.STALE,
            view.now - timedelta(minutes=3),
            "Slack didn't answer within 10 s.",
            view.now + timedelta(seconds=20),
        ),
        Source.FRESHDESK: Health(Freshness.DOWN, None, "Freshdesk refused: the key isn't valid. Check the credential."),
    }
    return replace(view, snapshot=replace(view.snapshot, health=health))


def troubled() -> Outbox:
    """An outbox in which a person has to decide."""
    common: dict[str, Any] = {"destination": "freshdesk:4038", "actor": "Ana Ruiz", "part": Part.EFFECT}
    mandatory = "Freshdesk refused: the field “type” is mandatory. Fill it in there, then try again."
    lost = "The connection ended before an answer came. Look whether it is there."
    refused = {"state": DeliveryState.REFUSED, "at": at("17:40"), "error": mandatory}
    unknown = {"state": DeliveryState.UNKNOWN, "at": at("17:41"), "error": lost, "asks": True}
    queued = {"state": DeliveryState.QUEUED, "at": at("17:42")}
    return Outbox(
        queued=1,
        unknown=1,
        refused=1,
        deliveries=(
            Delivery(1, "a1", "resolve_ticket", title="resolve ticket 4038", **refused, **common),
            Delivery(2, "a2", "reply", title="update to ticket 4038", **unknown, **common),
            Delivery(3, "a3", "note", title="note: rolled it back", **queued, **(common | {"destination": "slack"})),
        ),
    )


def empty() -> View:
    """Nothing is known yet."""
    world = World()
    world.health = {source: Health() for source in Source}
    return view_of(world, "18:02", loading=True)


async def nothing(pilot: Pilot[None]) -> None:
    """Only look."""


def keys(*pressed: str) -> Keys:
    """Press these first."""

    async def run(pilot: Pilot[None]) -> None:
        await press(pilot, *pressed)

    return run


def handed_over() -> View:
    """The incident a little after it was handed over."""
    world = busy()
    view = view_of(world, "18:02")
    words = as_note(brief(view.snapshot, view.assessment, PEOPLE, (), view.now))
    world.record("handoff", "18:02", actor="Ana Ruiz", data={"to": "Lou Marsh"}).assigned("18:02", LOU)
    world.attest("handoff.agreed", "18:02", note="on the phone")
    said = f"⇄ Hand-off: Lou Marsh takes over #1924 as Incident Responder\n{words}\n — Ana Ruiz"
    world.said("18:02", said, ANA, bot=True, record=world.records[-2])
    return view_of(world, "18:10")


def following_up() -> View:
    """Eight days later: the report is out late, and not sent yet."""
    world = resolved().attest("after.postmortem", "18:30", link="https://pd.example.com/pm/1")
    world.attest("after.actions", "18:40", link="https://issues.example.com/77")
    world.record("report", "+1 10:00", "after.draft", data={"file": "incident-1924.md", "digest": "0", "draft": False})
    return view_of(world, "+8 09:00")


LATER: dict[str, tuple[Callable[[], View], Keys]] = {
    "overdue": (lambda: view_of(busy(), "20:30"), nothing),
    "follow_up": (following_up, keys("G")),
    "handed_over": (handed_over, nothing),
}
"""The incident's screen when time has passed."""


STATES: dict[str, tuple[Callable[[], View], Keys]] = {
    "empty": (empty, nothing),
    "ticket_only": (
        lambda: view_of(World().ticket(4038, "17:40", "We get a 503.").link(4038, "17:45"), "18:02"),
        nothing,
    ),
    "busy": (lambda: with_on_call(view_of(busy(), "18:02")), nothing),
    "channel": (lambda: view_of(busy(), "18:02"), keys("3")),
    "writing": (lambda: view_of(busy(), "18:02"), keys("c")),
    "stale": (lambda: stale(view_of(busy(), "18:02", troubled())), keys("2")),
    "resolved": (lambda: view_of(resolved(), "18:10"), nothing),
}
"""The states of the incident's screen: a view, and what is pressed before the picture is taken."""

OVER: dict[str, tuple[Callable[[], View], Keys]] = {
    "review": (lambda: view_of(busy(), "18:02"), keys("c", "ctrl+s")),
    "resolve": (lambda: view_of(busy(), "18:02"), keys("R")),
    "verdict": (lambda: view_of(World().opened("17:40"), "18:02"), keys("g", "j", "j", "enter")),
    "outbox": (lambda: view_of(busy(), "18:02", troubled()), keys("O")),
    "snooze": (lambda: view_of(busy(), "18:02"), keys("z")),
    "hand_over": (lambda: view_of(busy(), "18:02"), keys("H", "l", "o", "u", "enter", "enter", "enter")),
    "brief": (handed_over, keys("B")),
    "impact": (lambda: view_of(busy(), "18:02"), keys("m", "enter", *("1", "5", "colon", "5", "0"))),
    "help": (lambda: view_of(busy(), "18:02"), keys("question_mark")),
    "evidence": (lambda: view_of(busy(), "18:02"), keys("g", "enter", "j", "e")),
}
"""What opens over it."""


def frozen(before: Keys) -> Keys:
    """Stop what blinks, then do the rest."""

    async def run(pilot: Pilot[None]) -> None:
        await come_to_rest(pilot)
        await before(pilot)
        await come_to_rest(pilot)
        for screen in pilot.app.screen_stack:
            for widget in (*screen.query(Input), *screen.query(TextArea)):
                widget.cursor_blink = False
                if isinstance(widget, TextArea):
                    # It keeps a line drawn while the cursor was dark, and takes it for one whose cursor stands still.
                    widget._line_cache.clear()
                    widget.refresh()
        await come_to_rest(pilot)

    return run


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("state", STATES)
def test_the_incident(snap_compare: Any, state: str, size: tuple[int, int]) -> None:
    view, before = STATES[state]
    assert snap_compare(still_app(view()), terminal_size=size, run_before=frozen(before))


@pytest.mark.parametrize("size", SIZES[:2], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("state", LATER)
def test_later(snap_compare: Any, state: str, size: tuple[int, int]) -> None:
    view, before = LATER[state]
    assert snap_compare(still_app(view()), terminal_size=size, run_before=frozen(before))


@pytest.mark.parametrize("size", SIZES[:2], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("state", OVER)
def test_what_opens_over_it(snap_compare: Any, state: str, size: tuple[int, int]) -> None:
    view, before = OVER[state]
    assert snap_compare(still_app(view()), terminal_size=size, run_before=frozen(before))


def test_in_a_light_theme(snap_compare: Any) -> None:
    app = still_app(view_of(busy(), "18:02"))
    app.theme = "textual-light"
    assert snap_compare(app, terminal_size=(120, 40), run_before=frozen(nothing))


@pytest.mark.parametrize("size", SIZES[:2], ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_picker(snap_compare: Any, size: tuple[int, int]) -> None:
    world = busy()
    other = World().opened("12:00", "Disk is filling up: utopia/staging", id="P2", number=1919, priority="P3").incident
    assert world.incident is not None
    assert other is not None
    offer = Offer(
        (world.incident, other), tuple(world.tickets.values()), (), {Source.FRESHDESK: "Freshdesk timed out."}
    )
    app = still_app(None, offer)
    assert snap_compare(app, terminal_size=size, run_before=frozen(nothing))
