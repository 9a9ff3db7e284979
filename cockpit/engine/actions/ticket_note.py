"""A private note on a ticket: colleagues read it in Freshdesk, the community doesn't.

Another action than a reply, with another name, note and look, so that the one is never taken for the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.engine.actions.freshdesk import OnTicket, recognised
from cockpit.engine.actions.kind import Data, Held, Reach, Recognition
from cockpit.incident import guards
from cockpit.incident.markup import to_html

if TYPE_CHECKING:
    from cockpit.engine.journal import Action, Entry
    from cockpit.engine.view import Case, View


class TicketNote(OnTicket):
    """Write a private note on a ticket. `body` is light Markdown; `despite` is as a reply's."""

    name = "ticket_note"
    title = "write a private note on the ticket"
    friction = "review"
    needs = frozenset({"ticket", "body"})

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """The ticket is linked, and the text holds something, but no secret."""
        if reason := super().impossible(view, data, step):
            return reason
        if "body" in data:
            found = guards.in_private_note(str(data["body"]))
            return guards.refusal(found, data.get("despite") or ())
        return None

    async def prepare(self, reach: Reach, action: Action) -> Data:
        """Look what is there already: the note is known again among what is newer."""
        number = int(action.data["ticket"])
        if (await reach.freshdesk.ticket(number)).deleted:
            raise Held(f"Not written: ticket {number} was deleted.")
        return {"newest": max((said.id for said in await reach.freshdesk.conversations(number)), default=0)}

    async def send(self, reach: Reach, action: Action, baseline: Data) -> Data:
        """One POST, which says that it is private."""
        said = await reach.freshdesk.private_note(int(action.data["ticket"]), to_html(str(action.data["body"])))
        return {"conversation": said.id}

    async def recognise(self, reach: Reach, entry: Entry) -> Recognition:
        """By content among the private notes."""
        return await recognised(reach, entry, "note", lambda said: said.private and not said.incoming)

    def draft(self, action: Action) -> tuple[str, str]:
        """The note's own draft, apart from the reply's."""
        return f"ticket note:{action.data['ticket']}", str(action.data["body"])

    def words(self, action: Action) -> str:
        """What, and for whom it is not."""
        return f"private note on ticket {action.data['ticket']} (colleagues only)"

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """✎ Private note …, and none of the text itself."""
        return f"✎ Wrote a private note on ticket {action.data['ticket']} (colleagues only)"

    def public(self, action: Action, outcome: Data) -> Data:
        """The ticket and Freshdesk's id of the note."""
        said = {"conversation": outcome["conversation"]} if "conversation" in outcome else {}
        return {"ticket": action.data["ticket"], **said}
