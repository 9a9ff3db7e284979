"""The letter to a community that hasn't written: how the outbound ticket begins. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from cockpit.incident.checklist import Assessment
from cockpit.incident.communities import Community
from cockpit.incident.facts import Person, Snapshot
from cockpit.incident.replies import Purpose, Template, compose, plain, starting_fields

FIRST_WORD = Template(
    Purpose.FIRST_RESPONSE,
    "We write first",
    "Hi {name},\n\n"
    "Our monitoring tells us that something is wrong with {hub}: {impact}. We are treating it as an outage, and we "
    "are working on it now.\n\n"
    "Right now: {state}. Next, we will {next}.\n\n"
    "You will hear from us again by {next_update}, even if there is nothing new. If you see anything that could "
    "help us, please reply here.\n",
)
"""The bundled text; it counts as the first public reply."""


def subject(community: Community) -> str:
    """What the ticket is called."""
    return f"Outage: {community.place}"


def letter(
    snapshot: Snapshot, assessment: Assessment, community: Community, to: Person, now: datetime
) -> tuple[str, str]:
    """The subject and the text (Markdown) to start from; what the facts can't say stays marked, and blocks sending."""
    fields: Mapping[str, str] = starting_fields(snapshot, assessment, 0, now)
    known = {"name": plain(to.name), "hub": plain(str(community.place))}
    return subject(community), compose(FIRST_WORD, {**fields, **known})
