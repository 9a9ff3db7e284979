"""Which clocks have just turned: one quiet signal when a deadline is soon, one when it is overdue. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cockpit.incident.deadlines import Deadline, Due
from cockpit.incident.moments import moment

_URGENCY = {Due.MET: 0, Due.OK: 0, Due.SOON: 1, Due.OVERDUE: 2}


@dataclass(frozen=True, slots=True)
class Signal:
    """A deadline that has just turned *soon* or *overdue*; `words` say so in one line."""

    deadline: Deadline
    words: str


def signals(previous: Iterable[Deadline] | None, current: Iterable[Deadline], now: datetime) -> tuple[Signal, ...]:
    """What to signal now that `current` follows `previous`, in the order of `current`.

    With `previous` None, the first look, nothing: what is due then is on the screen that was just opened. A clock that
    began anew (`started` differs) is another clock.
    """
    if previous is None:
        return ()
    before = {_clock(deadline): _URGENCY[deadline.state] for deadline in previous}
    return tuple(
        Signal(deadline, _words(deadline, now))
        for deadline in current
        if _URGENCY[deadline.state] > before.get(_clock(deadline), 0)
    )


def _clock(deadline: Deadline) -> tuple[str, int | None, datetime]:
    return deadline.id, deadline.ticket, deadline.started


def _words(deadline: Deadline, now: datetime) -> str:
    how = "overdue since" if deadline.state is Due.OVERDUE else "due at"
    about = f" ({deadline.about})" if deadline.about else ""
    return f"{deadline.title}: {how} {moment(deadline.due, now)}{about}"
