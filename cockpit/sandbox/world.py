"""The whole of what the sandbox holds: people, the three services' state, and the time they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cockpit.sandbox.clock import Present
    from cockpit.sandbox.freshdesk import Freshdesk
    from cockpit.sandbox.pagerduty import PagerDuty
    from cockpit.sandbox.slack import Slack


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the fictional team, linked over the services by e-mail address."""

    key: str
    """The name that a scenario calls them by."""
    name: str
    email: str
    pagerduty_id: str
    slack_id: str | None
    """None for a placeholder, who is in PagerDuty's rota only."""
    agent_id: int | None
    """The Freshdesk agent, None for a placeholder."""
    placeholder: bool = False
    tech_lead: bool = False


@dataclass(slots=True)
class World:
    """The state of everything, in memory."""

    present: Present
    people: dict[str, Person]
    pagerduty: PagerDuty
    slack: Slack
    freshdesk: Freshdesk

    def tick(self) -> None:
        """Let what ends by itself end: snoozes."""
        self.pagerduty.tick()
