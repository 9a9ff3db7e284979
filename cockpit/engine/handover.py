"""A hand-off as one deed: the responder's role, the liaison's, or both, with the brief for who comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.engine.actions.freshdesk import PURPOSES
from cockpit.engine.actions.handoff import stranger
from cockpit.engine.actions.kind import Impossible
from cockpit.incident.brief import Brief, WaitingDraft, as_note, brief
from cockpit.incident.communities import places

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cockpit.engine.directory import Colleague
    from cockpit.engine.session import Session
    from cockpit.incident.facts import TicketFacts
    from cockpit.incident.sensors import People


def write_brief(session: Session, people: People) -> Brief:
    """The brief as of now."""
    view = session.view
    return brief(view.snapshot, view.assessment, people, tuple(_drafts(session)), session.now())


def _drafts(session: Session) -> Iterator[WaitingDraft]:
    """The texts that were begun on this machine and not sent."""
    keys = {"channel": "a note for the channel", "incident_note": "a PagerDuty note"}
    keys |= {f"reply:{one.ticket.id}": f"to ticket {one.ticket.id}" for one in session.view.snapshot.tickets}
    keys |= {f"letter:{place}": f"the first letter about {place}" for place in places(session.view.snapshot)}
    for key, what in keys.items():
        draft = session.drafts.of(key)
        if draft is None or not draft.text.strip():
            continue
        purpose = PURPOSES.get(str(draft.data.get("purpose")), "reply")
        yield WaitingDraft(f"{purpose} {what}" if key.startswith("reply:") else what, draft.saved_at)


def hand_over(
    session: Session, people: People, to: Colleague | None, liaison: Colleague | None, agreed: str, shown: str = ""
) -> tuple[str, ...]:
    """Journal all that the hand-off takes; returns the ids of the actions, in order.

    `shown` is the brief's note as the person has seen it; empty: it is written now.

    Raises `Impossible`, before anything is journalled, for somebody whom PagerDuty or Freshdesk doesn't know.
    """
    if to is None and liaison is None:
        raise Impossible("To whom? Choose the next responder, the next liaison, or both.")
    if to is not None and to.pagerduty is None:
        raise Impossible(stranger(to.name))
    if liaison is not None and liaison.freshdesk is None:
        raise Impossible(f"{liaison.name} isn't an agent in Freshdesk, so the tickets can't be theirs: add them there.")
    words = shown or as_note(write_brief(session, people))
    tickets = _to_pass_on(session, liaison) if liaison is not None else ()
    done: list[str] = []
    parts = session.process.words.parts
    if to is not None:
        data = {"to": to.name, "to_email": to.email or "", "brief": words, "role": parts.responder.full}
        if liaison is not None:
            data |= {"liaison": liaison.name, "agent": str(liaison.freshdesk), "liaison_role": parts.liaison.full}
        done.append(session.act("handoff", **data))
        # After the hand-off's own moment: a word said before it belongs to an earlier one.
        if step := next(
            (one.id for one in session.process.steps if one.action == "handoff" and one.kind != "sensed"), None
        ):
            done.append(session.act("attest", step=step, note=agreed))
        if to.slack is not None and session.possible("invite", users=[to.slack]) is None:
            done.append(session.act("invite", users=[to.slack], names=[to.name]))
    elif liaison is not None:
        said = f"Hand-off: {liaison.name} takes over as {parts.liaison.full}" + (f" — {agreed}" if agreed else "")
        done.append(session.act("note", text=f"{said}\n{words}"))
    if liaison is not None:
        for facts in tickets:
            data = {"agent": str(liaison.freshdesk), "name": liaison.name}
            done.append(session.act("assign_ticket", ticket=facts.ticket.id, **data))
    return tuple(done)


def _to_pass_on(session: Session, liaison: Colleague) -> tuple[TicketFacts, ...]:
    """The linked tickets that aren't theirs yet."""
    return tuple(
        facts
        for facts in session.view.snapshot.tickets
        if not facts.ticket.deleted and (facts.ticket.agent is None or facts.ticket.agent.id != liaison.freshdesk)
    )
