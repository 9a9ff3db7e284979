"""Deeds that change nothing in the world: going about, filtering, opening, copying, refreshing, leaving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.widgets import Input

from cockpit.tui.commands import COMMANDS
from cockpit.tui.deeds.base import Deeds
from cockpit.tui.screens.help import HelpScreen
from cockpit.tui.screens.outbox import OutboxScreen

if TYPE_CHECKING:
    from cockpit.tui.panes.pane import Pane


class LookDeeds(Deeds):
    """Going about."""

    @property
    def panes(self) -> tuple[Pane, ...]:
        """The four, in order."""
        return (self.process, self.pagerduty, self.channel, self.reply)

    def action_focus_process(self) -> None:
        """To pane 1."""
        self.go_to(self.process)

    def action_focus_pagerduty(self) -> None:
        """To pane 2."""
        self.go_to(self.pagerduty)

    def action_focus_channel(self) -> None:
        """To pane 3."""
        self.go_to(self.channel)

    def action_focus_reply(self) -> None:
        """To pane 4."""
        self.go_to(self.reply)

    def action_next_pane(self) -> None:
        """Around the panes."""
        self.go_to(self.panes[(self.panes.index(self.current) + 1) % 4])

    def action_previous_pane(self) -> None:
        """Around the panes, the other way."""
        self.go_to(self.panes[(self.panes.index(self.current) - 1) % 4])

    def action_zoom(self) -> None:
        """The whole screen for this pane, or back."""
        self.toggle_class("-zoomed")
        self.call_after_refresh(self.announce)

    def action_filter(self) -> None:
        """Open the filter's line."""
        line = self.query_one("#filter", Input)
        line.value = self.current.words
        line.display = True
        line.focus()

    @on(Input.Changed, "#filter")
    def _filtering(self, event: Input.Changed) -> None:
        self.current.filter_by(event.value.strip())

    @on(Input.Submitted, "#filter")
    def _filtered(self) -> None:
        self.close_filter()

    def close_filter(self) -> None:
        """Leave the filter's line; the filter stays."""
        self.query_one("#filter", Input).display = False
        self.go_to(self.current)

    def announce(self) -> None:
        """Bring the hints and the tabs up to date."""
        raise NotImplementedError

    def action_back(self) -> None:
        """One level out: the filter's line, the text, the filter, the zoom."""
        line = self.query_one("#filter", Input)
        if line.has_focus:
            self.current.filter_by("")
            self.close_filter()
        elif self.focused is not self.current.way_in():
            self.go_to(self.current)
        elif self.current.words:
            self.current.filter_by("")
        elif self.has_class("-zoomed"):
            self.action_zoom()
        elif self.current is not self.process:
            self.go_to(self.process)

    # --- outside ---------------------------------------------------------------------------------------------

    def _link(self) -> str | None:
        """The address of what is selected in the current pane."""
        snapshot = self.view.snapshot
        incident = snapshot.pagerduty.incident.url if snapshot.pagerduty else None
        if self.current is self.process:
            state = self.process.selected
            return (state.url if state else None) or incident
        if self.current is self.channel:
            return snapshot.slack.channel.url if snapshot.slack else None
        if self.current is self.reply:
            return self.reply.facts.ticket.url if self.reply.facts else None
        return incident

    def action_open_in_browser(self) -> None:
        """Open it in the browser."""
        if (url := self._link()) is None:
            self.say("There is nothing to open here yet.")
        else:
            self.app.open_url(url)

    def do_open(self, what: str) -> None:
        """Open a page of the incident that a step names, or an address of its own."""
        snapshot = self.view.snapshot
        incident = snapshot.pagerduty.incident.url if snapshot.pagerduty else None
        ticket = self.reply.facts.ticket.url if self.reply.facts else None
        pages = {
            "incident": incident,
            "postmortem": incident,
            "channel": snapshot.slack.channel.url if snapshot.slack else None,
            "ticket": ticket,
        }
        url = what if what.startswith("https://") else pages.get(what)
        if url is None:
            self.say("There is no such page yet.")
        else:
            self.app.open_url(url)
            self.say("Opened in the browser. Space attests the step when it is done.")

    def action_copy(self) -> None:
        """Copy what is selected, through the terminal."""
        text = self._copied()
        if not text:
            self.say("There is nothing to copy here.")
            return
        self.app.copy_to_clipboard(text)
        self.notify("Copied.", timeout=2)

    def _copied(self) -> str:
        if self.current is self.process and (state := self.process.selected) is not None:
            return f"{state.step.title}: {state.evidence}" + (f" {state.url}" if state.url else "")
        if self.current is self.pagerduty and (entry := self.pagerduty.selected) is not None:
            return f"{entry.at:%Y-%m-%d %H:%M} UTC {entry.text}"
        if self.current is self.channel and (message := self.channel.selected) is not None:
            return f"{message.at:%Y-%m-%d %H:%M} UTC {message.author.name}: {message.text}"
        if self.current is self.reply and self.reply.facts is not None:
            return self.reply.text or self.reply.facts.ticket.url
        return ""

    def action_refresh(self) -> None:
        """Ask the services now."""
        self.session.refresh()

    def action_show_outbox(self) -> None:
        """Open the outbox."""
        self.app.push_screen(OutboxScreen(self.session))

    def action_help(self) -> None:
        """Open the help."""
        self.app.push_screen(HelpScreen(COMMANDS, self.session.settings.keys, self.where, self.session.process.words))

    def action_pick_incident(self) -> None:
        """Open the picker."""
        # On the application: this screen's own workers end with it when another incident takes its place.
        self.cockpit.run_worker(self.cockpit.choose(), group="session")

    def action_quit(self) -> None:
        """Leave; nothing would be lost, so it asks nothing."""
        self.app.exit()
