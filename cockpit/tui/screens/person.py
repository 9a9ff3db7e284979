"""Choosing a colleague: typed search over the people of the three services, joined."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Label, OptionList
from textual.widgets.option_list import Option

from cockpit.incident.facts import LABELS, Source
from cockpit.tui.screens.answered import AnsweredOnce

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from cockpit.engine.directory import Colleague, Search

NOBODY = "nobody"
"""The answer of a person who chose nobody, where that was offered."""


class PickPerson(ModalScreen["Colleague | str | None"], AnsweredOnce["Colleague | str | None"]):
    """Choose a colleague, or `NOBODY` where `nobody` says in words what that means; None: thought better of it.

    `obstacle` says why it can't be somebody; they stand in the list all the same, with the reason, and choosing them
    says it in full.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "cancel", show=False),
        Binding("down", "to_list", show=False),
    ]

    def __init__(
        self,
        title: str,
        search: Callable[[str], Awaitable[Search]],
        obstacle: Callable[[Colleague], str | None] = lambda colleague: None,
        *,
        about: str = "",
        nobody: str = "",
    ) -> None:
        super().__init__()
        self._title, self._search, self._obstacle = title, search, obstacle
        self._about, self._nobody = about, nobody
        self._found: tuple[Colleague, ...] = ()

    def compose(self) -> ComposeResult:
        """The line to type in, the people below it, and what stands in the way of the one that was chosen."""
        with Vertical(classes="dialog tall") as dialog:
            dialog.border_title = Content(self._title)
            dialog.border_subtitle = Content("enter chooses · ↓ to the list · esc cancels")
            if self._about:
                yield Label(Content(self._about), classes="about")
            yield Input(placeholder="a name or an address", compact=True)
            yield Label("Asking who there is…", classes="problem")
            yield OptionList(compact=True)

    def on_mount(self) -> None:
        """Everybody, before anything is typed."""
        self._look("")

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        self._look(event.value.strip())

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        self._look(event.value.strip(), choose=True)

    @work(group="search", exclusive=True)
    async def _look(self, words: str, *, choose: bool = False) -> None:
        search = await self._search(words)
        if self.gone:
            return
        self._found = search.found
        options = self.query_one(OptionList)
        options.clear_options()
        if self._nobody and not words:
            options.add_option(Option(Content(self._nobody), id=NOBODY))
        for index, colleague in enumerate(search.found):
            options.add_option(Option(self._describe(colleague), id=str(index)))
        errors = [f"{LABELS[source]}: {error}" for source, error in search.errors.items()]
        if not search.found:
            errors.insert(
                0, "Nobody of that name is in PagerDuty, Slack or Freshdesk." if words else "Nobody is known."
            )
        self._say("\n".join(errors))
        if options.option_count:
            options.highlighted = 0
            if choose and options.option_count == 1:
                self._choose(options.get_option_at_index(0).id or "")
            elif choose:
                options.focus()

    def _describe(self, colleague: Colleague) -> Content:
        known = [LABELS[source] for source in Source if getattr(colleague, source.value) is not None]
        missing = [LABELS[source] for source in Source if getattr(colleague, source.value) is None]
        aside = " · ".join(known)
        if self._obstacle(colleague) is not None and missing:
            aside = f"not in {', '.join(missing)}"
        address = f"  {colleague.email}" if colleague.email else ""
        return Content.assemble(colleague.name, (address, "$text-muted"), (f"  {aside}", "$text-muted"))

    def _say(self, words: str) -> None:
        self.query_one(".problem", Label).update(Content(words))

    def action_to_list(self) -> None:
        """Into the list."""
        self.query_one(OptionList).focus()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self._choose(event.option.id or "")

    def _choose(self, option: str) -> None:
        if option == NOBODY:
            self.dismiss(NOBODY)
            return
        colleague = self._found[int(option)]
        if (reason := self._obstacle(colleague)) is not None:
            self._say(reason)
        else:
            self.dismiss(colleague)
