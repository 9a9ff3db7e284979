"""Two people act on the same thing between their polls: every way in which that is guarded against."""

from __future__ import annotations

from dataclasses import dataclass

Deed = tuple[str, ...]
"""A rule of the machine and what it is given besides whose cockpit it is."""


@dataclass(frozen=True)
class Collision:
    """What one does and, before they could read of it, the other.

    `before` is done first, and read by both. `between` happens after both have acted, before anything goes out.
    `crossed`: what was done second goes out first.
    """

    first: Deed
    second: Deed
    before: tuple[Deed, ...] = ()
    between: tuple[Deed, ...] = ()
    crossed: bool = False


def both(*deed: str, before: tuple[Deed, ...] = (), between: tuple[Deed, ...] = ()) -> Collision:
    """The same key twice."""
    return Collision(deed, deed, before, between)


OPENED: tuple[Deed, ...] = (("kim_in_pagerduty", "reopen"),)
RESOLVED: tuple[Deed, ...] = (("kim_in_pagerduty", "resolve"),)
TICKET_OPEN: tuple[Deed, ...] = (("kim_in_freshdesk", "open"),)
STEP = "resolve.validated"

COLLISIONS = {
    "both acknowledge": both("change", "acknowledge", before=(*RESOLVED, *OPENED)),
    "acknowledged, and resolved by a third": both(
        "change", "acknowledge", before=(*RESOLVED, *OPENED), between=RESOLVED
    ),
    "both resolve": both("change", "resolve_incident", before=OPENED),
    "resolved, and resolved and reopened by a third": both(
        "change", "resolve_incident", before=OPENED, between=(*RESOLVED, *OPENED)
    ),
    "both reopen": both("change", "reopen_incident", before=RESOLVED),
    "reopened, and reopened and resolved by a third": both(
        "change", "reopen_incident", before=RESOLVED, between=(*OPENED, *RESOLVED)
    ),
    "promoted twice": both("prioritise", "P1", before=(("kim_in_pagerduty", "P2"),)),
    "P1 against P3": Collision(("prioritise", "P1"), ("prioritise", "P3"), before=(("kim_in_pagerduty", "P2"),)),
    "a false alarm, and still one": Collision(
        ("prioritise", ""), ("change", "reopen_incident"), before=(("kim_in_pagerduty", "P1"), *RESOLVED),
        between=OPENED,
    ),
    "both hand over to one": both("hand_over", "Lou Marsh", before=(*OPENED, ("kim_in_pagerduty", "reassign"))),
    "hand-off crossed": Collision(
        ("hand_over", "Lou Marsh"), ("hand_over", "Ben Okafor"), before=(*OPENED, ("kim_in_pagerduty", "reassign"))
    ),
    "the ticket handed to one by both": both(
        "hand_ticket", "Lou Marsh", before=(("kim_in_freshdesk", "kim"),)
    ),
    "the ticket's hand-off crossed": Collision(
        ("hand_ticket", "Lou Marsh"), ("hand_ticket", "Ben Okafor"), before=(("kim_in_freshdesk", "kim"),)
    ),
    "both reply": both("reply", "update"),
    "replied, and the community writes": both("reply", "update", between=(("community",),)),
    "both resolve the ticket": both("change", "resolve_ticket", before=TICKET_OPEN),
    "the ticket resolved, and the community writes": both(
        "change", "resolve_ticket", before=TICKET_OPEN, between=(("community",),)
    ),
    "both reopen the ticket": both("change", "reopen_ticket", before=(("kim_in_freshdesk", "resolved"),)),
    "both lift": both("lift", before=(("thread",),)),
    "both ask": both("pull_in", "Kim Tanaka", "ask", before=OPENED),
    "both invite": both("pull_in", "Kim Tanaka", "invite"),
    "ticked and overridden": Collision(("attest", STEP), ("judge", STEP, "override"), crossed=True),
    "overridden and ticked": Collision(("judge", STEP, "override"), ("attest", STEP)),
    "two processes on each machine": both("beside"),
}  # fmt: skip
