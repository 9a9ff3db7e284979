"""The checklist: process + facts + the shared log + now -> the state of every step. Pure; `Assessor` makes it cheap."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from cockpit.incident.applicability import CONDITIONS, began_with_ticket
from cockpit.incident.deadlines import Deadline, deadlines
from cockpit.incident.facts import Record, Snapshot, Source
from cockpit.incident.history import Memo
from cockpit.incident.official_start import Condition, OfficialStart, official_start
from cockpit.incident.process import Process, Step, StepKind
from cockpit.incident.sensors import SENSORS
from cockpit.incident.sensors.registry import Context, Evidence, People, context
from cockpit.incident.sensors.validate import tagged
from cockpit.incident.standing import ASKED, OUTAGE, Verdict, link_of, standing, verdict

__all__ = ["Assessment", "Assessor", "Condition", "OfficialStart", "State", "StepState", "assess"]


class State(StrEnum):
    """How a step stands."""

    TODO = "todo"
    DONE = "done"
    OVERRIDDEN = "overridden"
    NOT_APPLICABLE = "not_applicable"
    DEFERRED = "deferred"
    CANT_TELL = "cant_tell"


_SETTLED = frozenset({State.DONE, State.OVERRIDDEN, State.NOT_APPLICABLE})
_WAIVED = frozenset({State.OVERRIDDEN, State.NOT_APPLICABLE})
_BY_RECORD = {
    "override": (State.OVERRIDDEN, "overridden"),
    "not_applicable": (State.NOT_APPLICABLE, "said not to apply"),
    "defer": (State.DEFERRED, "deferred"),
}


@dataclass(frozen=True, slots=True)
class StepState:
    """A step as it stands. Done and `sensed`: a service proves it; done and not: a person attested it.

    `evidence` says why, in words; `by` is the person whose word it is; `hint` is the step's, as fits this incident.
    """

    step: Step
    state: State
    sensed: bool = False
    evidence: str = ""
    source: Source | None = None
    at: datetime | None = None
    url: str | None = None
    by: str | None = None
    hint: str = ""

    @property
    def settled(self) -> bool:
        """Whether nothing is left to do: done, overridden, or not applicable."""
        return self.state in _SETTLED


def evidence_at(state: StepState, snapshot: Snapshot) -> datetime | None:
    """The moment of a step's evidence: of the act where a service tells it, else of the newest reading.

    It isn't kept in the state, which stays the same while readings bring nothing new.
    """
    if state.at is not None or state.source is None:
        return state.at
    health = snapshot.health.get(state.source)
    return health.read_at if health else None


@dataclass(frozen=True, slots=True)
class Assessment:
    """Where the incident stands. `verdict` is "outage", "not_outage", "asked_for_more", or None while nobody knows."""

    process: Process
    steps: tuple[StepState, ...]
    official_start: OfficialStart
    deadlines: tuple[Deadline, ...]
    verdict: str | None = None
    outage_kind: str | None = None

    def step(self, step_id: str) -> StepState:
        """The state of the step with that id. Raises KeyError."""
        for state in self.steps:
            if state.step.id == step_id:
                return state
        raise KeyError(step_id)

    def in_phase(self, number: int) -> tuple[StepState, ...]:
        """The states of a phase's steps, in order."""
        return tuple(state for state in self.steps if state.step.phase == number)

    def phase_done(self, number: int) -> bool:
        """Whether nothing is left to do in that phase."""
        return all(state.settled for state in self.in_phase(number))

    def shown(self, number: int) -> bool:
        """Whether a phase is there at all: an optional one only while a step of it applies."""
        if not self.process.phase(number).optional:
            return True
        return any(state.state is not State.NOT_APPLICABLE for state in self.in_phase(number))

    def quiet(self, number: int) -> bool:
        """Whether a phase is still noise: it is a quiet one, and the one before it isn't done."""
        if not self.process.phase(number).quiet:
            return False
        before = [phase.number for phase in self.process.phases if phase.number < number and not phase.optional]
        return bool(before) and not self.phase_done(before[-1])

    def next_step(self) -> StepState | None:
        """The first step, in order, that is to be done now; steps that can't be told or were put off aren't."""
        return next((s for s in self.steps if s.state is State.TODO and not self.quiet(s.step.phase)), None)


class Assessor:
    """Assesses one incident again and again: what follows from parts that didn't change isn't worked out anew."""

    def __init__(self, process: Process, people: People, freshdesk_url: str = "") -> None:
        self.process = process
        self.people = people
        self.freshdesk_url = freshdesk_url
        self._memo = Memo()

    def assess(self, snapshot: Snapshot, now: datetime) -> Assessment:
        """Where the incident stands at `now`."""
        return _assess(context(self.process, snapshot, self.people, now, self.freshdesk_url, self._memo))


def assess(process: Process, snapshot: Snapshot, people: People, now: datetime, freshdesk_url: str = "") -> Assessment:
    """Where an incident stands at `now`; for once. Who asks again and again keeps an `Assessor`."""
    return _assess(context(process, snapshot, people, now, freshdesk_url))


def _assess(ctx: Context) -> Assessment:
    steps = tuple(_state(ctx, step) for step in ctx.process.steps)
    start = official_start(ctx)
    timed = [(str(state.step.params["clock"]), state) for state in steps if "clock" in state.step.params]
    run = {clock for clock, state in timed if not (state.by and state.state in _WAIVED)}
    done = {clock for clock, state in timed if state.state is State.DONE}
    said = verdict(ctx)
    value = said.value if said else OUTAGE if tagged(ctx) else None
    return Assessment(ctx.process, steps, start, deadlines(ctx, start, run, done), value, said.kind if said else None)


def _state(ctx: Context, step: Step) -> StepState:
    hint = step.hint_ticket if step.hint_ticket and began_with_ticket(ctx) else step.hint
    blank = StepState(step, State.TODO, hint=hint)
    exempt = CONDITIONS[step.applies](ctx) if step.applies else None
    if exempt is None:
        return _judged(ctx, step, blank)
    if exempt.if_open and (judged := _judged(ctx, step, blank)).state not in (State.TODO, State.CANT_TELL):
        return judged
    return replace(blank, state=State.NOT_APPLICABLE, evidence=exempt.reason)


def _judged(ctx: Context, step: Step, blank: StepState) -> StepState:
    """How a step that applies stands: a person's exception first, then the proof, then a person's word."""
    found = SENSORS[step.sensor](ctx, step.params) if step.sensor else None
    record = standing(ctx, step)
    if record is not None and record.kind in _BY_RECORD:
        state, verb = _BY_RECORD[record.kind]
        words = _by(ctx, record, verb, str(record.data.get("reason") or ""))
        if found is not None and state is not State.NOT_APPLICABLE:
            words += f" (now: {found.words})"
        return replace(blank, state=state, evidence=words, at=record.at, by=record.actor)
    if found is not None and found.holds:
        return _sensed(blank, State.DONE, found)
    if record is not None and step.kind is not StepKind.SENSED:
        return _attested(ctx, blank, record)
    if found is None:
        return replace(blank, evidence=_lapsed(ctx, step))
    words = found.words
    if record is not None:
        words += f"; {record.actor} says that it is done, but only the service can prove it"
    return _sensed(blank, State.CANT_TELL if found.holds is None else State.TODO, replace(found, words=words))


def _sensed(blank: StepState, state: State, found: Evidence) -> StepState:
    return replace(
        blank,
        state=state,
        sensed=state is State.DONE,
        evidence=found.words,
        source=found.source,
        at=found.at,
        url=found.url,
    )


def _by(ctx: Context, record: Record, verb: str, why: str) -> str:
    return f"{verb} by {record.actor} at {ctx.moment(record.at)}{f': {why}' if why else ''}"


def _attested(ctx: Context, blank: StepState, record: Record) -> StepState:
    link, note = link_of(record), str(record.data.get("note") or "")
    said = verdict(ctx) if blank.step.action == "verdict" else None
    if said is not None and said.value == ASKED:
        return replace(blank, evidence=_asked(ctx, said), at=record.at, by=record.actor)
    if blank.step.params.get("link") and link is None:
        words = _by(ctx, record, "attested", "but it needs a link")
        return replace(blank, evidence=words, at=record.at, by=record.actor)
    if said is not None:
        found = said.kind or ("an outage" if said.value == OUTAGE else "not an outage")
        note = f"{found}. {note}".removesuffix(". ")
    words = _by(ctx, record, "attested", note)
    if link is not None and link not in words:
        words += f" ({link})"
    return replace(blank, state=State.DONE, evidence=words, at=record.at, url=link, by=record.actor)


def _asked(ctx: Context, said: Verdict) -> str:
    """How a question to the community stands."""
    for ticket in ctx.linked:
        history = ctx.tickets.get(ticket)
        answer = next((piece for piece in history.incoming if piece.at > said.at), None) if history else None
        if answer is not None:
            return f"{answer.author.name} answered at {ctx.moment(answer.at)}: test it again (Freshdesk)"
    return f"{said.by} asked the community for more at {ctx.moment(said.at)}; no answer yet"


def _lapsed(ctx: Context, step: Step) -> str:
    """What became of an earlier attestation, if there is one that counts no more."""
    record = ctx.records.standing.get(step.id)
    if record is None or record.kind != "attest":
        return ""
    return _by(ctx, record, "attested", "that was before, and counts no more")
