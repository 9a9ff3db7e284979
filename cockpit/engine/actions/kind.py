"""What a kind of action is: how it is guarded, performed, recognised afterwards, and told in the channel.

A kind is performed in two strokes with the journal between them. `prepare` only reads: it looks at fresh facts, and
either finds that it must not be done (`Held`), or returns the *baseline* by which the write can be recognised later.
Then the journal commits *sending*. Then `send` writes. A write whose outcome is unknown is looked up by `recognise`
before anything is sent again.

Two people press the same key: what somebody did since the facts that the other one acted on (`seen`) is shown to them
before anything goes out, and an action that would change nothing is held back too, since its note would claim a deed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from cockpit.incident.facts import Record, Source

if TYPE_CHECKING:
    from cockpit.engine.journal import Action, Entry
    from cockpit.engine.view import Case, View
    from cockpit.incident.process import Process
    from cockpit.services.freshdesk import Freshdesk
    from cockpit.services.pagerduty import PagerDuty
    from cockpit.services.slack import Slack

Data = Mapping[str, Any]
"""Small plain values: what JSON can hold."""

NOTES = "slack"
"""The destination of every timeline note: the incident's channel."""

CLOCKS_APART = timedelta(minutes=2)
"""How far a service's clock may be from ours when a write is looked up by its time."""


LOOK_BACK = timedelta(days=1)
"""How far before an action its traces are looked for where a service is asked by time: more than clocks are off by."""


SEND_AGAIN = "Send it again if you still want it."
"""How a guard ends that has only shown what somebody did meanwhile."""


class Impossible(Exception):
    """The action can't be done now; the message says why, in words for a person."""


class Held(Exception):
    """A guard, looking at fresh facts, stopped an action before anything went out; the message says why.

    It names what somebody did and when, and says what to do next.
    """


class Already(Exception):
    """What the action is for is there, and no one else's deed is claimed by telling so; nothing needs to be sent.

    `outcome` is what a send would give.
    """

    def __init__(self, outcome: Data) -> None:
        super().__init__("already so")
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Found:
    """A look-up found the write: it had arrived. `by` says what it was known by, for the log.

    `certain` False: by its likeness alone, which is told to the person and in the note.
    """

    outcome: Data
    by: str
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Absent:
    """A look-up shows for certain that the write did not arrive; it may be sent again."""


@dataclass(frozen=True, slots=True)
class CantTell:
    """A look-up can't tell for certain; `words` put what was seen to the person who must."""

    words: str


Recognition = Found | Absent | CantTell


class NotConfigured(Exception):
    """The service that the action needs isn't configured or couldn't be connected to."""


@dataclass(frozen=True)
class Reach:
    """What a kind may touch while it is performed: the services, the case, the process, and who we are.

    `claimed` are the ids that done deliveries wrote: a look-up never takes another action's write for its own.
    `rivals` are the other actions of the same kind, to the same place, of which nobody knows whether they arrived:
    with the same words as one of them, what a look-up finds may be either's.
    """

    case: Case
    process: Process
    me: str
    email: str | None
    pagerduty_service: PagerDuty | None
    slack_service: Slack | None
    freshdesk_service: Freshdesk | None
    claimed: frozenset[str] = frozenset()
    rivals: tuple[Action, ...] = ()
    read_only: bool = False

    @property
    def pagerduty(self) -> PagerDuty:
        """PagerDuty's client. Raises `NotConfigured`."""
        if self.pagerduty_service is None:
            raise NotConfigured("PagerDuty is not connected: see `cockpit doctor`.")
        return self.pagerduty_service

    @property
    def slack(self) -> Slack:
        """Slack's client. Raises `NotConfigured`."""
        if self.slack_service is None:
            raise NotConfigured("Slack is not connected: see `cockpit doctor`.")
        return self.slack_service

    @property
    def freshdesk(self) -> Freshdesk:
        """Freshdesk's client. Raises `NotConfigured`."""
        if self.freshdesk_service is None:
            raise NotConfigured("Freshdesk is not connected: see `cockpit doctor`.")
        return self.freshdesk_service

    @property
    def incident_id(self) -> str:
        """The PagerDuty incident's id. Raises `Held` while there is none."""
        if self.case.incident_id is None:
            raise Held("There is no PagerDuty incident yet: declare it first.")
        return self.case.incident_id


class ActionKind:
    """A kind of action. Subclasses are stateless; one instance of each stands in `KINDS`.

    This base is a kind with no effect of its own: its note is all of it.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    """In the infinitive: *acknowledge the incident*."""
    friction: ClassVar[str] = "none"
    """`none`: on one key; `confirm`: shows what will happen first; `review`: shows every word that goes out first."""
    service: ClassVar[Source | None] = None
    """Where the effect happens; None: the note is all of it."""
    needs: ClassVar[frozenset[str]] = frozenset()
    """The names that must be in the action's data."""

    def destination(self, data: Data) -> str:
        """The lane in which its effect is delivered in order (its note's is always `NOTES`)."""
        return str(self.service) if self.service is not None else NOTES

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """Why it can't be done now, as far as the last known facts tell; None: it can."""
        return None

    def seen(self, view: View, data: Data) -> Data:
        """How far the facts on the screen reach, as `{"seen": …}`: it is kept with the action when a person acts.

        When they send one again that was held back, it is taken anew: they have seen what held it.
        """
        return {}

    async def prepare(self, reach: Reach, action: Action) -> Data:
        """Look at fresh facts. Returns the baseline. Raises `Already`, `Held`, or a `ServiceError` of a reading."""
        return {}

    async def send(self, reach: Reach, action: Action, baseline: Data) -> Data:
        """Write. Returns the outcome. Raises a `ServiceError`; `OutcomeUnknown` if it may have arrived."""
        raise AssertionError(f"{self.name} has no effect of its own")

    async def recognise(self, reach: Reach, entry: Entry) -> Recognition:
        """Look in the service whether a write of unknown outcome arrived."""
        raise AssertionError(f"{self.name} has no effect of its own")

    def settle(self, case: Case, action: Action, outcome: Data) -> Case:
        """What the case learns from the outcome."""
        return case

    def draft(self, action: Action) -> tuple[str, str] | None:
        """The key and text of the draft that is sent with the action: it goes when the action has arrived."""
        return None

    def words(self, action: Action) -> str:
        """The action in a few words for the outbox: *reply to ticket 4038*."""
        return self.title

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """The note's text without its author and time: one line, for the reader of the report in three months."""
        return self.title

    def public(self, action: Action, outcome: Data) -> Data:
        """What goes into the note's metadata, which other apps can read: no secret and no customer text."""
        return {}


def record_of(kind: ActionKind, action: Action, outcome: Data) -> Record:
    """The action as the shared log tells it."""
    return Record(
        id=action.id,
        kind=action.kind,
        step=action.step,
        actor=action.actor,
        at=action.at,
        data=kind.public(action, outcome),
    )
