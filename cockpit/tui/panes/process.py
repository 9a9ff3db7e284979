"""Pane 1: the process as a checklist, and at its foot everything that is known of the selected step."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on

from cockpit.incident.checklist import State, StepState
from cockpit.incident.facts import LABELS
from cockpit.incident.process import StepKind
from cockpit.tui import command, moments, signs
from cockpit.tui.ink import Line, Lines, clip, paragraph, spread
from cockpit.tui.panes.listing import Listing
from cockpit.tui.panes.pane import Pane
from cockpit.tui.panes.row import Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from textual.app import ComposeResult
    from textual.widget import Widget

    from cockpit.engine.view import View
    from cockpit.incident.process import Phase, Process


NEXT = "next "
"""What stands beside the step that comes next; the cursor may be elsewhere."""


class StepDetail(Lines):
    """The selected step, in a few lines: how it stands, the evidence, what to do."""

    def __init__(self) -> None:
        super().__init__(id="step-detail")
        self._state: StepState | None = None
        self._phase: tuple[Phase, int, int] | None = None
        self._now: datetime | None = None

    def show(self, state: StepState | None, phase: tuple[Phase, int, int] | None, now: datetime) -> None:
        """Show this step; or, where the cursor is on a phase, that phase with its done and its whole number."""
        self._state, self._phase, self._now = state, phase, now
        self.repaint()

    def draw(self, width: int) -> list[Line]:
        """A rule, the standing, the evidence, the hint."""
        lines: list[Line] = [(("─" * width, "rule"),)]
        if self._phase is not None:
            phase, done, whole = self._phase
            lines += paragraph(f"Phase {phase.number}: {phase.title}", "strong", width)
            lines.append(((f"{done} of {whole} settled", "dim"),))
        if self._state is None or self._now is None:
            return lines
        state = self._state
        sign = signs.of_step(state)
        lines.append(clip(((f"{sign.sign} {sign.word}", sign.ink), *self._aside(state, self._now)), width))
        if state.evidence:
            lines += paragraph(state.evidence, "plain", width)
        if not state.settled and state.hint:
            lines += paragraph(state.hint, "dim", width)
        # A fixed height, so that the list above doesn't jump as the cursor goes by.
        room = self.size.height
        if 0 < room < len(lines):
            lines = [*lines[: room - 1], (("… e shows all of it", "dim"),)]
        return lines

    @staticmethod
    def _aside(state: StepState, now: datetime) -> Line:
        parts = [state.step.role]
        if state.source is not None:
            parts.append(LABELS[state.source])
        if state.by:
            parts.append(f"by {state.by}")
        if state.at is not None:
            parts.append(f"{moments.stamp(state.at, now)}, {moments.ago(state.at, now)}")
        return ((" · " + " · ".join(part for part in parts if part), "dim"),)


class ProcessPane(Pane):
    """The checklist."""

    number = 1
    name_: ClassVar[str] = command.PROCESS

    def __init__(self, process: Process) -> None:
        super().__init__()
        self._process = process
        self._below = StepDetail()
        self._view: View | None = None
        self._now: datetime | None = None
        self._folds: dict[int, bool] = {}
        self._begun = False

    def compose(self) -> ComposeResult:
        """The list, and the detail below it."""
        yield Listing(id="steps")
        yield self._below

    def way_in(self) -> Widget:
        """The list."""
        return self.listing

    def brief(self) -> str:
        """The same without the point."""
        return self.label().replace(" · ", " ")

    def label(self) -> str:
        """How far the process has come: what is settled of what applies and isn't for later."""
        if self._view is None:
            return "Process"
        done, whole = self._count(
            state
            for phase in self._process.phases
            if not self._view.assessment.quiet(phase.number)
            for state in self._view.assessment.in_phase(phase.number)
        )
        return f"Process · {done}/{whole}"

    @property
    def selected(self) -> StepState | None:
        """The step under the cursor; None on a phase or before anything is known."""
        row = self.listing.selected
        if self._view is None or row is None or row.startswith("phase "):
            return None
        return next((state for state in self._view.assessment.steps if state.step.id == row), None)

    def show(self, view: View, now: datetime) -> None:
        """Show the checklist as it stands."""
        changed = self._view is None or view.assessment != self._view.assessment
        moved = self._now is None or moments.clock(now) != moments.clock(self._now)
        self._view, self._now = view, now
        if changed or moved:
            self.refilter()
            self.entitle()
        if not self._begun:
            # The cursor follows the next step only until everything was read once; from then on it is the person's.
            self._begun = all(health.read_at or health.error for health in view.snapshot.health.values())
            self.go_to_next()
        self._detail()

    def go_to_next(self) -> None:
        """Put the cursor on the next open step, in whatever phase."""
        if (state := self._next()) is None:
            return
        if self._folds.get(state.step.phase):
            self._folds[state.step.phase] = False
            self.refilter()
        self.listing.select(state.step.id)

    def _next(self) -> StepState | None:
        """The next open step that a person can do something about; else the next one."""
        if self._view is None:
            return None
        assessment = self._view.assessment
        for state in assessment.steps:
            doable = state.step.action is not None or state.step.kind is not StepKind.SENSED
            if state.state is State.TODO and doable and not assessment.quiet(state.step.phase):
                return state
        return assessment.next_step()

    def fold(self) -> bool:
        """Fold or unfold the phase under the cursor; False when it isn't on a phase."""
        row = self.listing.selected
        if row is None or not row.startswith("phase "):
            return False
        number = int(row.removeprefix("phase "))
        phase = next(phase for phase in self._process.phases if phase.number == number)
        self._folds[number] = not self._folded(phase)
        self.refilter()
        return True

    # --- rows ------------------------------------------------------------------------------------------------

    def refilter(self) -> None:
        """Make the rows: every phase, and the steps of those that are unfolded."""
        if self._view is None or self._now is None:
            return
        rows: list[Row] = []
        assessment = self._view.assessment
        following = self._next()
        for phase in self._process.phases:
            if not assessment.shown(phase.number):
                continue
            states = assessment.in_phase(phase.number)
            steps = [state for state in states if self.holds(f"{state.step.title} {state.evidence}")]
            if self.words and not steps:
                continue
            rows.append(self._phase_row(phase, states))
            if self.words or not self._folded(phase):
                rows.extend(self._step_row(state, self._now, state is following) for state in steps)
        self.listing.show_rows(rows)
        self._detail()

    def _folded(self, phase: Phase) -> bool:
        assert self._view is not None
        assessment = self._view.assessment
        if (chosen := self._folds.get(phase.number)) is not None:
            return chosen
        # A phase that is done folds by itself, but not while the cursor is in it: that would take its place away.
        inside = any(state.step.id == self.listing.selected for state in assessment.in_phase(phase.number))
        return not inside and (assessment.quiet(phase.number) or assessment.phase_done(phase.number))

    @staticmethod
    def _count(states: Iterable[StepState]) -> tuple[int, int]:
        asked = [state for state in states if state.state is not State.NOT_APPLICABLE]
        return sum(state.settled for state in asked), len(asked)

    def _phase_row(self, phase: Phase, states: Sequence[StepState]) -> Row:
        done, whole = self._count(states)
        later = self._view is not None and self._view.assessment.quiet(phase.number)
        arrow = "▸" if self._folded(phase) and not self.words else "▾"
        ink = "dim" if later else "strong"
        finished = whole > 0 and done == whole
        count = "later" if later else "✓" if finished else f"{done}/{whole}" if whole else "–"
        count_ink = "good" if finished and not later else "dim"

        def draw(width: int) -> list[Line]:
            return [spread(((f" {arrow} {phase.number} {phase.title}", ink),), ((f"{count} ", count_ink),), width)]

        return Row(f"phase {phase.number}", draw)

    def _step_row(self, state: StepState, now: datetime, is_next: bool) -> Row:
        sign = signs.of_step(state)
        settled = state.settled
        ink = "strong" if is_next else "dim" if settled else "plain"
        right = ""
        if state.at is not None and settled:
            right = moments.stamp(state.at, now)
        elif not settled and state.step.role:
            right = state.step.role

        def draw(width: int) -> list[Line]:
            left = (("  ", "plain"), (f"{sign.sign} ", sign.ink), (state.step.title, ink))
            return [spread(left, ((NEXT if is_next else "", "key"), (f"{right} ", "dim")), width)]

        return Row(state.step.id, draw)

    # --- the detail --------------------------------------------------------------------------------------------

    @on(Listing.Moved)
    def _moved(self) -> None:
        self._detail()

    def _detail(self) -> None:
        if self._view is None or self._now is None:
            return
        row = self.listing.selected
        phase = None
        if row is not None and row.startswith("phase "):
            number = int(row.removeprefix("phase "))
            found = next((phase for phase in self._process.phases if phase.number == number), None)
            phase = (found, *self._count(self._view.assessment.in_phase(number))) if found is not None else None
        self._below.show(self.selected, phase, self._now)
