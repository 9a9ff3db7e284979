"""From an alert's cluster and hub to its community; which tickets can't, or perhaps shouldn't, be linked."""

from __future__ import annotations

import pytest

from cockpit.incident.communities import Company, Listed, Place, companies_at, listed, places, refusal, warnings
from cockpit.incident.facts import Conversation, TicketFacts
from cockpit.incident.tickets import merged_into
from tests.incident.build import BEN, World, at

COMPANIES = (
    Company(1, "Rivendell University", ("rivendell.example",)),
    Company(2, "Mordor Institute", ("dark.mordor.example",)),
    Company(3, "Earth-Scope Consortium"),
    Company(4, "Rivendell Library"),
    Company(5, "Arts & Sciences"),
    Company(6, "Universität Zürich"),
)


def where(world: World) -> list[str]:
    return [str(place) for place in places(world.snapshot())]


def test_places_come_from_the_alerts_labels_once_each() -> None:
    world = World().opened("16:00", title="Three at once")
    world.alert("16:00", "a", cluster="rivendell", hub="prod").alert("16:01", "b", cluster="rivendell", hub="prod")
    world.alert("16:02", "c", namespace="staging", cluster="utopia").alert("16:03", "d", cluster="mordor")
    world.alert("16:04", "Hub unreachable: gondor/prod").alert("16:05", "Disk full")
    assert where(world) == ["rivendell/prod", "utopia/staging", "mordor", "gondor/prod"]


def test_without_an_alert_the_title_tells() -> None:
    assert where(World().opened("16:00", title="Hub unreachable: mordor/prod")) == ["mordor/prod"]
    assert where(World().opened("16:00", title="It is down")) == []
    assert where(World()) == []


def test_the_config_is_read_from_exact_to_loose_without_regard_to_case() -> None:
    table = {"Rivendell": Listed("loose"), "rivendell/PROD": Listed("exact")}
    assert listed(Place("rivendell", "prod"), table) == Listed("exact")
    assert listed(Place("rivendell", "staging"), table) == Listed("loose")
    assert listed(Place("mordor", "prod"), table) is None


@pytest.mark.parametrize(
    ("place", "found"),
    [
        (Place("mordor", "prod"), [2]),
        (Place("shared", "earthscope"), [3]),
        (Place("rivendell", "prod"), [1, 4]),
        (Place("ivend", "prod"), []),
        (Place("", ""), []),
        (Place("2i2c", "dark"), [2]),
        (Place("東京", "--"), []),
        (Place("shared", "zurich"), [6]),
    ],
)
def test_companies_bear_the_hubs_name_or_else_the_clusters(place: Place, found: list[int]) -> None:
    assert [one.id for one in companies_at(place, COMPANIES)] == found


def facts(world: World, number: int) -> TicketFacts:
    found = world.snapshot().ticket(number)
    assert found is not None
    return found


def test_a_merged_ticket_names_the_one_it_went_into() -> None:
    world = World().opened("16:00").ticket(4041, "16:05", status=5)
    said = "This ticket is closed and merged into ticket 4038"
    world.talk[4041].append(Conversation(9, at("16:10"), BEN, said, incoming=False, private=True))
    assert merged_into(facts(world, 4041)) == 4038
    assert refusal(facts(world, 4041)) == "Ticket 4041 was merged into ticket 4038: link 4038 instead."
    assert merged_into(facts(world.ticket_now(4041, status=2), 4041)) is None
    world.ticket_now(4041, status=5).talk[4041][-1] = Conversation(9, at("16:10"), BEN, said, incoming=True)
    assert merged_into(facts(world, 4041)) is None, "what a customer writes proves nothing"


def test_another_community_is_warned_of() -> None:
    world = World().opened("16:00").alert("16:00", "a", cluster="mordor", hub="prod")
    world.ticket(4038, "16:05", company="Mordor Institute").ticket(4039, "16:06", company="Utopia College")
    world.ticket(4040, "16:07", company=None)
    snapshot = world.snapshot()
    assert warnings(facts(world, 4038), snapshot, {}) == ()
    assert "is it the same outage?" in warnings(facts(world, 4039), snapshot, {})[0]
    assert warnings(facts(world, 4040), snapshot, {}) == (), "of no company nothing is known"
    assert warnings(facts(world, 4039), snapshot, {"mordor/prod": Listed("Utopia College")}) == ()
    assert warnings(facts(world, 4038), snapshot, {"mordor/prod": Listed("Utopia College")}) != ()
    assert (
        warnings(
            facts(World().opened("16:00").ticket(1, "16:01"), 1), World().opened("16:00", title="x").snapshot(), {}
        )
        == ()
    )
