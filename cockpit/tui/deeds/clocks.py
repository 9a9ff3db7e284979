"""Deeds on the clocks: one quiet signal when one turns, snoozing; and saying once what is wrong around the incident."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import work

from cockpit.incident.deadlines import Deadline, Due
from cockpit.incident.signals import signals
from cockpit.tui import moments, signalling, signs
from cockpit.tui.deeds.base import Deeds
from cockpit.tui.screens.prompts import Ask, Choice, Choose

if TYPE_CHECKING:
    from cockpit.engine.view import View

OTHER = "other"
UNTIL = (
    Choice("15 min", "for 15 minutes"),
    Choice("30 min", "for 30 minutes"),
    Choice("1 h", "for an hour"),
    Choice("2 h", "for 2 hours"),
    Choice(OTHER, "until another time…"),
)


class ClockDeeds(Deeds):
    """What time brings."""

    _clocks: tuple[Deadline, ...] | None = None
    _noticed: frozenset[str] = frozenset()

    def follow_clocks(self, view: View) -> None:
        """Signal the clocks that have just turned, once each; keep the terminal's title true."""
        wanted = self.session.settings.signals
        if "title" in wanted:
            self.cockpit.entitle(signalling.title_of(view))
        read = all(health.read_at is not None or health.error for health in view.snapshot.health.values())
        if not read or view.remembered_at is not None:
            return  # until all was read, a clock that appears is news only to us
        turned = signals(self._clocks, view.assessment.deadlines, view.now)
        self._clocks = view.assessment.deadlines
        if turned:
            self.cockpit.signal([one.words for one in turned])

    def hear(self, view: View) -> None:
        """Say what is wrong around the incident, each thing once; one that comes back is said again."""
        for notice in view.notices:
            if notice not in self._noticed:
                self.notify(notice, severity="warning", timeout=12, markup=False)
        self._noticed = frozenset(view.notices)

    @work(group="prompt")
    async def action_snooze(self) -> None:
        """Which clock, until when, why."""
        running = [one for one in self.view.assessment.deadlines if one.state is not Due.MET]
        if self.barred():
            return
        if not running:
            self.say("No clock is running.")
            return
        chosen = await self.app.push_screen_wait(
            Choose("Snooze a clock", [self._choice(index, one) for index, one in enumerate(running)])
        )
        if chosen is None:
            return
        clock = running[int(chosen)]
        when = await self.app.push_screen_wait(Choose("Until when?", UNTIL, _words(clock)))
        if when == OTHER:
            when = await self.app.push_screen_wait(
                Ask("Until when?", _words(clock), placeholder="18:30 (UTC), or how long: 45 min, 3 h")
            )
        if when is None:
            return
        until = moments.when(when, self.session.now())
        if until is None:
            self.say(f"“{when}” isn't a time: 18:30, in UTC, or 45 min, or 3 h.")
            return
        reason = await self.app.push_screen_wait(
            Ask(f"Snooze until {moments.stamp(until, self.session.now())} UTC", _words(clock),
                placeholder="why: the others see it, and it stands in the report")
        )  # fmt: skip
        if reason:
            about: dict[str, Any] = {"ticket": clock.ticket} if clock.ticket is not None else {}
            self.perform("snooze", deadline=clock.id, until=until.isoformat(), reason=reason, **about)

    def _choice(self, index: int, clock: Deadline) -> Choice:
        now = self.session.now()
        aside = f"{signs.DUE[clock.state].sign} {moments.until(clock.due, now)}"
        if clock.snoozed_until is not None:
            aside = f"snoozed until {moments.stamp(clock.snoozed_until, now)}"
        return Choice(str(index), _words(clock), aside)


def _words(clock: Deadline) -> str:
    return f"{clock.title}: {clock.about.partition(' · ')[0]}"
