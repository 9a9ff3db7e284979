"""A scenario's events as they become due, and what the events about the channel wait for."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cockpit.sandbox.freshdesk_values import CLOSED, RESOLVED, Ticket
from cockpit.sandbox.scenario import Event, Scenario, ScenarioError, read_time
from cockpit.sandbox.story_events import CHANNEL_KINDS, KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from cockpit.sandbox.pagerduty_values import Alert, Incident
    from cockpit.sandbox.slack import Channel, Message
    from cockpit.sandbox.world import Person, World

_CLOCK_TIME = re.compile(r"\{(\d{2}:\d{2})\}")


@dataclass(frozen=True, slots=True)
class Due:
    """An event and its moment on the sandbox's clock."""

    when: datetime
    event: Event


class Story:
    """Tells the scenario: applies each event once, in order, at its own time.

    Events are applied when somebody looks, that is around every request: nobody can see the world between two
    requests, so nothing has to run in the background. What happens in the incident's channel waits, in order, until
    there is one. Events that are the player's own (`player = true`) happen before the beginning only, unless the
    story plays by itself.
    """

    def __init__(
        self, world: World, scenario: Scenario, *, begin: timedelta | None = None, autoplay: bool = False
    ) -> None:
        self.world = world
        self.scenario = scenario
        self.autoplay = autoplay
        self.incidents: dict[str, Incident] = {}
        self.alerts: dict[str, Alert] = {}
        self.tickets: dict[str, Ticket] = {}
        self.messages: dict[str, Message] = {}
        self._begin = scenario.begin if begin is None else begin
        self._origin = world.present.clock.origin
        # The rota is written in the story's hours, which needn't be those of the clock on which it is told.
        midnight = self._origin.replace(hour=0, minute=0, second=0, microsecond=0)
        told = self._origin - midnight - self._begin
        world.pagerduty.rota = [shift.moved(told) for shift in world.pagerduty.rota]
        unknown = [one.kind for one in scenario.events if one.kind not in KINDS]
        if unknown:
            raise ScenarioError(f"kind: {unknown[0]!r} is none of {', '.join(KINDS)}")
        self._queue = deque(Due(self.moment(one.at), one) for one in scenario.events)
        self._waiting: list[Due] = []
        self.run_due()

    def moment(self, at: timedelta) -> datetime:
        """A time of the scenario's day on the sandbox's clock."""
        return self._origin + (at - self._begin)

    def run_due(self) -> None:
        """Apply every event that is due, and what had waited for a channel that is there now."""
        now = self.world.present.clock.now()
        self._release(now)
        while self._queue and self._queue[0].when <= now:
            due = self._queue.popleft()
            if due.event.details.get("player") and not self.autoplay and due.when > self._origin:
                continue
            if due.event.kind in CHANNEL_KINDS and self._channel_of(due) is None:
                self._waiting.append(due)
            else:
                self._apply(due.event, due.when)
            self._release(due.when)
        self.world.tick()

    def _channel_of(self, due: Due) -> Channel | None:
        return self.channel(str(due.event.details.get("incident", "main")))

    def _release(self, now: datetime) -> None:
        ready = [due for due in self._waiting if self._channel_of(due) is not None]
        if not ready:
            return
        self._waiting = [due for due in self._waiting if due not in ready]
        for due in ready:
            self._apply(due.event, max(due.when, now))

    def inject(self, event: Event) -> bool:
        """Let an event happen now. Whether it did: one about a channel that isn't there waits. Raises ScenarioError."""
        if event.kind not in KINDS:
            raise ScenarioError(f"kind: {event.kind!r} is none of {', '.join(KINDS)}")
        due = Due(self.world.present.clock.now(), event)
        if event.kind in CHANNEL_KINDS and self._channel_of(due) is None:
            self._waiting.append(due)
            return False
        self._apply(event, due.when)
        return True

    def waiting(self) -> list[dict[str, Any]]:
        """The events that wait for the incident's channel."""
        return [dict(due.event.details) for due in self._waiting]

    def pending(self) -> list[dict[str, Any]]:
        """The events still to come."""
        return [dict(due.event.details) for due in self._queue]

    def _apply(self, event: Event, when: datetime) -> None:
        if not self._wanted(event.details):
            return
        try:
            with self.world.present.at(when):
                KINDS[event.kind](self, event.details)
        except KeyError as error:
            raise ScenarioError(f"{event.kind}: nothing is called {error}") from error
        except (TypeError, ValueError, AttributeError) as error:
            raise ScenarioError(f"{event.kind}: {error}") from error

    def _wanted(self, details: Mapping[str, Any]) -> bool:
        """Whether an event's `only_if` and `unless` let it happen."""
        for name, wanted in (("only_if", True), ("unless", False)):
            if name in details and self._holds(str(details[name]), details) is not wanted:
                return False
        return True

    def _holds(self, condition: str, details: Mapping[str, Any]) -> bool:
        incident = self.find_incident(str(details.get("incident", "main")))
        if condition == "incident":
            return incident is not None
        if condition == "ticket_over":
            return self.ticket(details).status in (RESOLVED, CLOSED)
        if incident is None:
            return False
        if condition == "p1":
            priority = self.world.pagerduty.priorities.get(incident.priority_id or "")
            return priority is not None and priority.name == "P1"
        if condition == "acknowledged":
            return bool(incident.acknowledgements)
        if condition == "resolved":
            return incident.status == "resolved"
        if condition == "channel":
            return self.channel(str(details.get("incident", "main"))) is not None
        raise ScenarioError(f"condition: {condition!r} is unknown")

    def find_incident(self, key: str) -> Incident | None:
        """The story's incident; where the story opened none, the newest that the player declared."""
        if key in self.incidents:
            return self.incidents[key]
        own = {incident.id for incident in self.incidents.values()}
        others = [one for one in self.world.pagerduty.incidents.values() if one.id not in own]
        return others[-1] if others else None

    def incident(self, details: Mapping[str, Any]) -> Incident:
        """The incident that an event is about. Raises KeyError for none."""
        key = str(details.get("incident", "main"))
        incident = self.find_incident(key)
        if incident is None:
            raise KeyError(key)
        return incident

    def channel(self, key: str) -> Channel | None:
        """The channel of an incident, if there is one."""
        incident = self.find_incident(key)
        if incident is None:
            return None
        return self.world.slack.incident_channel(incident.channel_id, incident.number)

    def ticket(self, details: Mapping[str, Any]) -> Ticket:
        """The ticket that an event is about. Raises KeyError for none."""
        return self.tickets[str(details.get("ticket", "main"))]

    def person(self, key: str) -> Person:
        """Somebody of the cast. Raises KeyError for nobody."""
        return self.world.people[key]

    def contact_id(self, email: str) -> int:
        """The contact with this address. Raises KeyError for none."""
        for contact in self.world.freshdesk.contacts.values():
            if contact.email == email:
                return contact.id
        raise KeyError(email)

    def text(self, details: Mapping[str, Any], name: str = "text") -> str:
        """An event's text; `{14:22}` in it becomes that time on the sandbox's clock."""

        def shifted(match: re.Match[str]) -> str:
            return self.moment(read_time(match.group(1))).strftime("%H:%M")

        return _CLOCK_TIME.sub(shifted, str(details[name]))
