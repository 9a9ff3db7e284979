"""The outside systems.

These modules are the only places that know their wires; importing them loads no network library.

`pagerduty.PagerDuty`, `slack.Slack` and `freshdesk.Freshdesk` speak in the facts of `cockpit.incident.facts`
and raise the errors of `errors`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cockpit.services.freshdesk import Freshdesk
    from cockpit.services.pagerduty import PagerDuty
    from cockpit.services.slack import Slack


@dataclass(slots=True)
class Services:
    """The services that are configured; None for one that isn't."""

    pagerduty: PagerDuty | None = None
    slack: Slack | None = None
    freshdesk: Freshdesk | None = None

    async def close(self) -> None:
        """Hang up on all of them at once, also while calls are under way."""
        every = (self.pagerduty, self.slack, self.freshdesk)
        await asyncio.gather(*(one.close() for one in every if one is not None))
