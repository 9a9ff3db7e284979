"""A hand-off as a cockpit records it: the next liaison is known by name, or by their id in Freshdesk."""

from __future__ import annotations

import pytest

from cockpit.incident.checklist import State
from cockpit.incident.facts import Person
from tests.incident.build import BEN, LOU, outage


@pytest.mark.parametrize(
    ("agent", "state"),
    [
        (BEN, State.DONE),
        (Person("501", "B. Okafor"), State.DONE),
        (Person("502", "B. Okafor"), State.TODO),
        (None, State.TODO),
    ],
)
def test_the_tickets_are_the_new_liaisons(agent: Person | None, state: State) -> None:
    world = outage().assigned("17:00", LOU)
    world.record("handoff", "17:00", data={"to": "Lou Marsh", "liaison": "Ben Okafor", "agent": "501"})
    world.ticket_now(4038, agent=agent)
    assert world.assess("17:05").step("handoff.comms").state is state
