"""The sign, the word and the ink of every state: meaning never goes by colour alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cockpit.incident.checklist import State, StepState
from cockpit.incident.deadlines import Due
from cockpit.incident.facts import Freshness, LogKind, Status


class Sign(NamedTuple):
    """One cell that stands for a state, the word that says the same, and the ink of both."""

    sign: str
    word: str
    ink: str


SENSED = Sign("✓", "sensed", "good")
ATTESTED = Sign("●", "attested", "attested")
STATES: Mapping[State, Sign] = {
    State.TODO: Sign("○", "to do", "plain"),
    State.OVERRIDDEN: Sign("⊘", "overridden", "overridden"),
    State.NOT_APPLICABLE: Sign("–", "not applicable", "dim"),
    State.DEFERRED: Sign("◷", "put off", "warn"),
    State.CANT_TELL: Sign("?", "can't tell", "warn"),
}
DUE: Mapping[Due, Sign] = {
    Due.OK: Sign("◷", "due", "dim"),
    Due.SOON: Sign("◷", "due soon", "warn"),
    Due.OVERDUE: Sign("!", "late", "alarm"),
    Due.MET: Sign("✓", "met", "good"),
}
STATUSES: Mapping[Status, Sign] = {
    Status.TRIGGERED: Sign("▲", "triggered", "alarm"),
    Status.ACKNOWLEDGED: Sign("◆", "acknowledged", "warn"),
    Status.RESOLVED: Sign("✓", "resolved", "good"),
}
FRESHNESS: Mapping[Freshness, Sign] = {
    Freshness.OK: Sign("●", "", "good"),
    Freshness.STALE: Sign("◐", "stale", "warn"),
    Freshness.DOWN: Sign("✗", "down", "bad"),
}
LOG: Mapping[LogKind, str] = {
    LogKind.TRIGGERED: "▲",
    LogKind.ACKNOWLEDGED: "◆",
    LogKind.UNACKNOWLEDGED: "◇",
    LogKind.ASSIGNED: "→",
    LogKind.ESCALATED: "↑",
    LogKind.PRIORITY: "⚑",
    LogKind.RESOLVED: "✓",
    LogKind.REOPENED: "▲",
    LogKind.NOTE: "✎",
    LogKind.RESPONDER: "+",
    LogKind.STATUS_UPDATE: "✉",
}


def of_step(step: StepState) -> Sign:
    """The sign of a step: what a service proved and what a person said are different signs of done."""
    if step.state is State.DONE:
        return SENSED if step.sensed else ATTESTED
    return STATES[step.state]


def of_truth(holds: bool | None) -> Sign:
    """The sign of a condition: holds, doesn't, can't be told."""
    if holds is None:
        return Sign("?", "can't tell", "warn")
    return Sign("✓", "yes", "good") if holds else Sign("○", "missing", "warn")
