"""The last line or two: how fresh each service is, what waits to be delivered, and the keys that matter here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cockpit.engine.view import DeliveryState
from cockpit.incident.facts import Freshness, Source
from cockpit.tui import moments, signs
from cockpit.tui.command import Command
from cockpit.tui.commands import COMMANDS
from cockpit.tui.ink import Line, Lines, Span, clip, measure, spread

if TYPE_CHECKING:
    from datetime import datetime

    from cockpit.engine.view import Outbox, View
    from cockpit.incident.facts import Health

SHORT = {Source.PAGERDUTY: "PD", Source.SLACK: "Slack", Source.FRESHDESK: "FD"}


def service_spans(view: View, now: datetime, *, brief: bool = False) -> list[Span]:
    """Per service a sign, a word and an age; when it fails, when it will be tried again.

    `brief` leaves that out, but not how long a service asks us to wait: that stands in place of the age.
    """
    spans: list[Span] = []
    for source in Source:
        health = view.snapshot.health.get(source)
        if health is None:
            continue
        sign = signs.FRESHNESS[health.state]
        word = sign.word
        if health.state is not Freshness.OK and health.error is None and health.read_at is None:
            sign, word = signs.Sign("○", "connecting", "dim"), "connecting"
        wait = "" if health.state is Freshness.OK else _wait(health, now)
        known = ["" if wait and health.limited else word]
        if health.read_at is not None:
            known.append(moments.age(now - health.read_at))
        if wait and brief and health.limited:
            known, wait = [wait], ""
        text = " ".join(part for part in (SHORT[source], *known) if part)
        if wait and not brief:
            text += f", {wait}" if health.read_at is not None or not health.limited else f" {wait}"
        if spans:
            spans.append(("  ", "plain"))
        spans += [(f"{sign.sign} ", sign.ink), (text, "dim" if health.state is Freshness.OK else sign.ink)]
    return spans


def _wait(health: Health, now: datetime) -> str:
    """How long until it is tried again, in words; whether the service itself asked for that shows in them."""
    if health.retry_at is None or health.retry_at <= now:
        return ""
    if health.limited:
        return f"asks to wait {moments.countdown(health.retry_at - now)}"
    wait = moments.age(health.retry_at - now)
    return "again soon" if wait == "now" else f"again in {wait}"


def outbox_spans(outbox: Outbox, now: datetime, notices: int = 0, *, read_only: bool = False) -> list[Span]:
    """What waits in the outbox, loudest first, and how many notices there are; when there is nothing, that.

    Where something queued waits for its time, also how long yet. Before it, that nothing goes out, where that is so.
    """
    queued = [one for one in outbox.deliveries if one.state is DeliveryState.QUEUED]
    times = [one.retry_at for one in queued if one.retry_at is not None and one.retry_at > now]
    again = f", again in {moments.countdown(min(times) - now)}" if times else ""
    spans: list[Span] = [("READ-ONLY", "warn")] if read_only else []
    for count, word, ink in (
        (outbox.unknown, "unknown", "alarm"),
        (outbox.refused, "refused", "alarm"),
        (outbox.sending, "sending", "plain"),
        (outbox.queued - outbox.waiting, f"queued{again}", "plain"),
        (outbox.waiting, "waiting for the channel", "dim"),
        (notices, "notice" if notices == 1 else "notices", "warn"),
    ):
        if count > 0:
            spans += [(" · " if spans else "", "dim"), (f"{count} {word}", ink)]
    if not spans:
        return [("outbox empty", "dim")]
    if outbox.unknown or outbox.refused or notices:
        spans.append((" O shows", "key@screen.show_outbox"))
    return spans


class StatusLine(Lines):
    """Freshness and outbox on the left, keys on the right, or below where it is narrow."""

    def __init__(self, keymap: Mapping[str, str], read_only: bool) -> None:
        super().__init__(id="status")
        self._keymap = keymap
        self._read_only = read_only
        self._view: View | None = None
        self._now: datetime | None = None
        self._where = "process"
        self._impossible: frozenset[str] = frozenset()

    def show(self, view: View, now: datetime) -> None:
        """Show this view's services and outbox at this moment."""
        self._view, self._now = view, now
        self.repaint()

    def offer(self, where: str, impossible: frozenset[str]) -> None:
        """Offer the keys for where the person is; `impossible` are the ids of commands to dim."""
        if (where, impossible) != (self._where, self._impossible):
            self._where, self._impossible = where, impossible
            self.repaint()

    def draw(self, width: int) -> list[Line]:
        """One line where both halves fit, else two."""
        if self._view is None or self._now is None:
            return [(), ()]
        waiting = outbox_spans(self._view.outbox, self._now, len(self._view.notices), read_only=self._read_only)
        services: Line = (
            (" ", "plain"),
            *service_spans(self._view, self._now),
            ("   ", "plain"),
            *waiting,
        )
        if measure(services) > width:
            brief = service_spans(self._view, self._now, brief=True)
            services = ((" ", "plain"), *brief, ("  ", "plain"), *waiting)
        if measure(services) + 60 <= width:
            return [spread(services, self._hints(width - measure(services) - 3), width)]
        return [clip(services, width), ((" ", "plain"), *self._hints(width - 2))]

    def _hints(self, width: int) -> Line:
        line: list[Span] = []
        last = self._hint(next(command for command in COMMANDS if command.__name__ == "Help"))
        room = width - measure(last)
        for command in COMMANDS:
            if self._where not in command.hinted or command.__name__ == "Help":
                continue
            hint = self._hint(command)
            if measure(hint) + 2 > room:
                break
            room -= measure(hint) + 2
            line += [*hint, ("  ", "plain")]
        return (*line, *last, (" ", "plain")) if room >= 0 else ()

    def _hint(self, command: type[Command]) -> Line:
        keys = command.keys(self._keymap)
        if not keys:
            return ()
        off = command.id() in self._impossible
        action = f"@screen.{command.id()}"
        title = command.named(self._view.assessment.process.words) if self._view else command.title
        return ((f"{keys[0]} ", ("dim" if off else "key") + action), (title, "dim" + action))
