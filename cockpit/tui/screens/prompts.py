"""The small questions that open over a screen: a choice, a line of text, a yes.

Each binds what it is about when it opens: what changes behind it can't change its target. `esc` is always *no*.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, OptionList
from textual.widgets.option_list import Option

from cockpit.tui.screens.answered import AnsweredOnce


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose. `aside` stands behind it, dimmed; a `reason` says why it can't be chosen now."""

    id: str
    text: str
    aside: str = ""
    reason: str | None = None


class Choose(ModalScreen[str | None], AnsweredOnce[str | None]):
    """Choose one of a few things; None: nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss(None)", "cancel", show=False),
        Binding("j", "down", show=False),
        Binding("k", "up", show=False),
    ]

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice],
        about: str = "",
        more: Callable[[], Awaitable[Sequence[Choice]]] | None = None,
    ) -> None:
        """`more` are choices that have to be asked for: they come below the others when they are there."""
        super().__init__()
        self._title, self._about, self._choices, self._more = title, about, choices, more

    def compose(self) -> ComposeResult:
        """The title, the choices, the way out."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(self._title)
            dialog.border_subtitle = Content("enter chooses · esc cancels")
            if self._about:
                yield Label(Content(self._about), classes="about")
            yield OptionList(*(self._option(choice) for choice in self._choices), compact=True)

    def on_mount(self) -> None:
        """Ask for the rest."""
        if self._more is not None:
            self._load(self._more)

    @work(group="more")
    async def _load(self, more: Callable[[], Awaitable[Sequence[Choice]]]) -> None:
        options = [self._option(choice) for choice in await more()]
        if not self.gone:
            self.query_one(OptionList).add_options(options)

    @staticmethod
    def _option(choice: Choice) -> Option:
        aside = choice.reason or choice.aside
        text = Content.assemble(choice.text, (f"  {aside}" if aside else "", "$text-muted"))
        return Option(text, id=choice.id, disabled=choice.reason is not None)

    def action_down(self) -> None:
        """To the next choice."""
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        """To the previous choice."""
        self.query_one(OptionList).action_cursor_up()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)


class Ask(ModalScreen[str | None], AnsweredOnce[str | None]):
    """Ask for a line of text; None: cancelled. `needed`: it can't stay empty. `typed` is told of every change.

    `understand` says back how the line is understood; where it raises ValueError, that is said and it isn't taken.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "cancel", show=False)]

    def __init__(
        self,
        title: str,
        about: str = "",
        *,
        placeholder: str = "",
        needed: bool = True,
        value: str = "",
        typed: Callable[[str], object] | None = None,
        understand: Callable[[str], str] | None = None,
    ) -> None:
        super().__init__()
        self._title, self._about, self._typed, self._understand = title, about, typed, understand
        self._placeholder, self._needed, self._value = placeholder, needed, value

    def compose(self) -> ComposeResult:
        """The title, what it is about, the line."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(self._title)
            dialog.border_subtitle = Content("enter confirms · esc cancels")
            if self._about:
                yield Label(Content(self._about), classes="about")
            yield Input(self._value, placeholder=self._placeholder, compact=True)
            yield Label("", classes="problem")

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        if self._typed is not None and event.value != self._value:
            self._value = event.value
            self._typed(event.value)
        self._understood(event.value.strip())

    def _understood(self, text: str) -> bool:
        """Whether the line can be taken, as far as it is to be understood; and say how it is."""
        if self._understand is None:
            return True
        problem = self.query_one(".problem", Label)
        try:
            words = self._understand(text) if text else ""
        except ValueError as error:
            problem.update(Content(f"! {error}"))
            return False
        problem.update(Content.styled(words, "$text-muted"))
        return True

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        if self._needed and not text:
            self.query_one(".problem", Label).update("It can't stay empty. esc leaves it.")
            return
        if self._understood(text):
            self.dismiss(text)


class Confirm(ModalScreen[bool], AnsweredOnce[bool]):
    """Show what will happen, and ask; *Cancel* has the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n,q", "dismiss(False)", "cancel", show=False),
        Binding("left,right,h,l", "other", "other", show=False),
    ]

    def __init__(self, title: str, facts: Sequence[str], yes: str) -> None:
        super().__init__()
        self._title, self._facts, self._yes = title, facts, yes

    def compose(self) -> ComposeResult:
        """What will happen, and the two buttons."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(self._title)
            dialog.border_subtitle = Content("tab to the other button · esc cancels")
            with VerticalScroll(can_focus=False):
                for fact in self._facts:
                    yield Label(Content(fact), classes="fact")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="no", compact=True)
                yield Button(Content(self._yes), id="yes", variant="warning", compact=True)

    def on_mount(self) -> None:
        """What can't be undone is never one key away."""
        self.query_one("#no", Button).focus()

    def action_other(self) -> None:
        """To the other button."""
        self.focus_next()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")
