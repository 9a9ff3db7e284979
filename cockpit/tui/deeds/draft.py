"""Deeds on the reply's text: kept as it is typed, lent to an editor, found again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on, work

from cockpit.engine.lent_text import FOLDER, LentAlready, LentText, left, lend
from cockpit.incident.replies import Purpose
from cockpit.incident.text import clean
from cockpit.tui.deeds.base import Deeds
from cockpit.tui.panes.bound import Bound
from cockpit.tui.panes.reply import ReplyPane

if TYPE_CHECKING:
    from pathlib import Path

    from cockpit.engine.journal_drafts import Draft


class DraftDeeds(Deeds):
    """The text, and that it isn't lost."""

    @on(ReplyPane.Typed)
    def _reply_typed(self, event: ReplyPane.Typed) -> None:
        self._save(event.ticket, event.text, event.purpose, event.bound)

    def _save(self, ticket: int, text: str, purpose: Purpose, bound: Bound | None) -> bool:
        """Save it as the ticket's draft. False, and it is said, if the disk doesn't take it."""
        begun_for = bound.as_data() if bound is not None else {}
        saved = self.keep(f"reply:{ticket}", text, purpose=purpose.value, **begun_for)
        if saved is not None and ticket == self.reply.ticket:
            self.reply.saved(saved)
        return saved is not None

    @on(ReplyPane.Opened)
    def _reply_opened(self, event: ReplyPane.Opened) -> None:
        draft = self.session.drafts.of(f"reply:{event.ticket}")
        if event.ticket == self.reply.ticket and self._take_up(event.ticket, draft):
            return
        if draft is not None and event.ticket == self.reply.ticket:
            purpose = Purpose(draft.data.get("purpose", Purpose.PLAIN.value))
            self.reply.begin(draft.text, purpose, draft.saved_at, Bound.of_draft(draft.data))

    # --- the editor ----------------------------------------------------------------------------------------------

    @work(group="editor")
    async def action_edit_elsewhere(self) -> None:
        """Hand the text to the editor, and take back what it leaves. The cockpit goes on behind it."""
        facts = self.reply.facts
        if facts is None or self.barred():
            return
        ticket, purpose, bound = facts.ticket.id, self.reply.purpose, self.reply.bound
        # Before it is lent: whoever finds it later has to know for whom it was begun.
        self._save(ticket, self.reply.text, purpose, bound)
        try:
            lent = lend(self._lent_at(ticket), self.reply.text)
        except LentAlready:
            self.say("An editor has that text already, in another cockpit on this machine.")
            return
        except OSError as problem:
            self.say(f"{problem.filename}: {problem.strerror}.")
            return
        try:
            safe = not await self.edit(lent.path) or self._take(lent, ticket, purpose, bound)
        except BaseException:
            lent.leave()  # the next cockpit takes up what is in it
            raise
        lent.give_back() if safe else lent.leave()

    def _lent_at(self, ticket: int) -> Path:
        return self.session.settings.state_dir / FOLDER / f"{self.view.case.key}-ticket-{ticket}.md"

    def _take(self, lent: LentText, ticket: int, purpose: Purpose, bound: Bound | None) -> bool:
        """Make what an editor saved the draft; it is as foreign as what is pasted. False if it can't be kept."""
        text = clean(lent.text())
        if ticket == self.reply.ticket:
            self.reply.begin(text, purpose, bound=bound)
        return self._save(ticket, text, purpose, bound)

    def _take_up(self, ticket: int, draft: Draft | None) -> bool:
        """Take up what an editor saved after its cockpit was gone, if it did."""
        try:
            if self.session.settings.read_only or (lent := left(self._lent_at(ticket))) is None:
                return False
            changed, safe = lent.text() != (draft.text.rstrip("\n") if draft else ""), True
            if changed:
                kept = draft.data if draft else {}
                purpose = Purpose(kept.get("purpose", Purpose.PLAIN.value))
                safe = self._take(lent, ticket, purpose, Bound.of_draft(kept))
                self.say("The text is as your editor saved it last, after the cockpit was gone.")
            lent.give_back() if safe else lent.leave()
        except OSError as problem:
            self.say(f"{problem.filename}: {problem.strerror}. Your editor may have saved a text there.")
            return False
        return changed
