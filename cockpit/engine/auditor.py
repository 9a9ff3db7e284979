"""The audit of a case: as it is handed out, and held against the journal and against what the channel proves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cockpit.engine.audit import meant
from cockpit.engine.audit_check import Verdict, check, told
from cockpit.incident.facts import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cockpit.engine.desk import Desk
    from cockpit.engine.journal import Journal
    from cockpit.engine.view import Case
    from cockpit.incident.facts import Anchor


def audit_of(journal: Journal, case_key: str) -> list[dict[str, Any]]:
    """All that was done from this machine in the case, a delivery an entry, each with its lines: plain values."""
    return told(journal.entries(case_key), journal.audit(case_key))


def check_journal(journal: Journal, case_key: str, anchors: Sequence[Anchor] = ()) -> Verdict:
    """Check the case's audit, and that the journal holds what its last lines say."""
    verdict = check(audit_of(journal, case_key), anchors)
    return replace(verdict, faults=(*verdict.faults, *_changed(journal, case_key)))


def _changed(journal: Journal, case_key: str) -> Iterator[str]:
    """The actions that aren't what their first line was written of."""
    written = {
        line["action"]: line["action_sha256"]
        for line in journal.audit(case_key)
        if "action_sha256" in line and isinstance(line.get("action"), str)
    }
    actions = {entry.action.id: entry for entry in journal.entries(case_key)}
    for action_id, entry in actions.items():
        if action_id in written and written[action_id] != meant(entry.action):
            yield f"What delivery {entry.seq} is to bring was changed after it was journalled."


async def proofs(desk: Desk, case: Case) -> tuple[Anchor, ...] | None:
    """What the notes in the case's channel prove of audits; None while it has no channel. Raises a `ServiceError`."""
    if case.channel_id is None or not desk.connection.configured(Source.SLACK):
        return None
    await desk.connection.ensure(Source.SLACK)
    service = desk.connection.slack
    assert service is not None
    messages = await service.history(case.channel_id)
    return tuple(one.record.audit for one in messages if one.record is not None and one.record.audit is not None)
