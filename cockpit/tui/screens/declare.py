"""The declaration of an incident: its title, the impacted service, its tickets; everything is shown before it goes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, OptionList
from textual.widgets.option_list import Option

from cockpit.tui.screens.answered import AnsweredOnce

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from cockpit.incident.facts import Ticket
    from cockpit.incident.process import Process
    from cockpit.services.pagerduty_wire import ServiceRef


class DeclareForm(ModalScreen[dict[str, Any] | None], AnsweredOnce[dict[str, Any] | None]):
    """Fill in and look; the answer is the declaration's data. The focus begins in the title, not on the button."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "cancel", show=False)]

    def __init__(
        self,
        services: Callable[[], Awaitable[tuple[ServiceRef, ...]]],
        process: Process,
        title: str,
        tickets: tuple[Ticket, ...],
    ) -> None:
        super().__init__()
        self._ask, self._words, self._value, self._tickets = services, process.words, title, tickets
        self._services: tuple[ServiceRef, ...] = ()
        self._service: ServiceRef | None = None

    def compose(self) -> ComposeResult:
        """Title, service, tickets, what will happen, the buttons."""
        with Vertical(classes="dialog tall") as dialog:
            dialog.border_title = Content(f"Declare a {self._words.priority}")
            dialog.border_subtitle = Content("tab goes on · esc cancels")
            yield Label("What is down, for whom", classes="field")
            yield Input(self._value, id="title", placeholder="Hub unreachable: …", compact=True)
            yield Label("The impacted service", classes="field")
            yield Input(id="words", placeholder="type to narrow the list", compact=True)
            yield OptionList(id="services", compact=True)
            yield Label(Content(self._about_tickets()), classes="about")
            yield Label("", id="problem", classes="problem")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="no", compact=True)
                yield Button("Declare", id="yes", variant="warning", compact=True)

    def _about_tickets(self) -> str:
        if not self._tickets:
            return "No ticket goes along; one can be linked later."
        names = ", ".join(f"{ticket.id} ({ticket.company or ticket.requester.name})" for ticket in self._tickets)
        return f"Linked in its description: {names}"

    def on_mount(self) -> None:
        """Ask PagerDuty for the services."""
        self._load()

    @work(group="offer")
    async def _load(self) -> None:
        from cockpit.services.errors import ServiceError

        try:
            self._services = await self._ask()
        except ServiceError as error:
            if not self.gone:
                self.query_one("#problem", Label).update(Content(str(error)))
            return
        if not self.gone:
            self._fill("")

    def _fill(self, words: str) -> None:
        """The services that hold the words; the catch-all stands first, for when one isn't sure."""
        options = self.query_one("#services", OptionList)
        options.clear_options()
        catch_all = self._words.catch_all_service
        for service in sorted(self._services, key=lambda service: (service.name != catch_all, service.name.casefold())):
            if words.casefold() not in service.name.casefold():
                continue
            chosen = self._service is not None and service.id == self._service.id
            aside = "  if unsure" if service.name == catch_all else ""
            text = Content.assemble(("● " if chosen else "○ ", "$text-primary"), service.name, (aside, "$text-muted"))
            options.add_option(Option(text, id=service.id))
        if options.option_count:
            options.highlighted = 0  # enter there means the first one, without another key

    @on(Input.Changed, "#words")
    def _narrow(self, event: Input.Changed) -> None:
        self._fill(event.value.strip())

    @on(Input.Submitted)
    def _next(self, event: Input.Submitted) -> None:
        if event.input.id == "words":
            options = self.query_one("#services", OptionList)
            if options.option_count == 1:
                self._pick(options.get_option_at_index(0).id)
                self.query_one("#no", Button).focus()
            else:
                options.focus()
        else:
            self.query_one("#words", Input).focus()

    @on(OptionList.OptionSelected, "#services")
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self._pick(event.option.id)
        self.query_one("#no", Button).focus()

    def _pick(self, service_id: str | None) -> None:
        self._service = next((service for service in self._services if service.id == service_id), None)
        index = self.query_one("#services", OptionList).highlighted
        self._fill(self.query_one("#words", Input).value.strip())
        self.query_one("#services", OptionList).highlighted = index

    @on(Button.Pressed, "#no")
    def _no(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#yes")
    def _yes(self) -> None:
        title = self.query_one("#title", Input).value.strip()
        problem = self.query_one("#problem", Label)
        if not title:
            problem.update("An incident needs a title.")
        elif self._service is None:
            problem.update("Choose the impacted service; the first one will do if you aren't sure.")
        else:
            self.dismiss(
                {
                    "title": title,
                    "service_id": self._service.id,
                    "service_name": self._service.name,
                    "body": "\n".join(f"{ticket.subject}: {ticket.url}" for ticket in self._tickets),
                    "tickets": [ticket.id for ticket in self._tickets],
                }
            )
