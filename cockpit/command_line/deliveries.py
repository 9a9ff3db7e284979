"""One delivery in words, and as an exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cockpit.command_line.outcome import Exit
from cockpit.engine.view import DeliveryState
from cockpit.incident.moments import countdown, moment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cockpit.engine.view import Delivery

SIGNS: Final[Mapping[DeliveryState, str]] = {
    DeliveryState.QUEUED: "◷ queued",
    DeliveryState.SENDING: "… sending",
    DeliveryState.DONE: "✓ done",
    DeliveryState.REFUSED: "✗ refused",
    DeliveryState.UNKNOWN: "? unknown",
}
_ENDS: Final[Mapping[DeliveryState, Exit]] = {
    DeliveryState.QUEUED: Exit.UNREACHABLE,
    DeliveryState.SENDING: Exit.UNREACHABLE,
    DeliveryState.DONE: Exit.YES,
    DeliveryState.REFUSED: Exit.REFUSED,
    DeliveryState.UNKNOWN: Exit.UNKNOWN,
}


def sign(delivery: Delivery) -> str:
    """Its state as a sign and a word."""
    return "⏸ held" if delivery.held else SIGNS[delivery.state]


def line(delivery: Delivery) -> str:
    """It on one line, with what happened and what to do where it didn't end well."""
    return f"{sign(delivery)}: {delivery.title}" + (f". {said}" if (said := _said(delivery)) else "")


def ended(delivery: Delivery) -> Exit:
    """How a command exits whose delivery ended, or hasn't ended, like this."""
    return _ENDS[delivery.state]


def row(delivery: Delivery, now: datetime) -> tuple[str, str, str, str]:
    """It as cells: when, state, who, what."""
    words = delivery.title + (f": {said}" if (said := _said(delivery)) else "")
    if delivery.retry_at is not None and delivery.retry_at > now:
        words += f" (again in {countdown(delivery.retry_at - now)})"
    return moment(delivery.at, now), sign(delivery), delivery.actor, words


def _said(delivery: Delivery) -> str | None:
    """What there is to say of how it stands beyond its sign."""
    return delivery.error or (f"No answer came; found by {delivery.found_by}" if delivery.found_by else None)
