"""How long the checklist of a very large incident takes: `python -m tests.benchmarks.checklist`.

The incident is that of `tests.benchmarks.report`: 10,000 messages, 500 log entries, 200 conversations, 1,000 records of
cockpits. Measured is one assessment, when only time has passed and when a service told something new: in processor
time, which other programs on the machine hardly touch.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from cockpit.engine.ledger import records_of
from cockpit.incident.checklist import Assessor
from cockpit.incident.facts import Conversation, LogEntry, LogKind, Message, Record, Snapshot
from tests.benchmarks.report import large
from tests.incident.build import ANA, FRESHDESK, OSEI, PEOPLE, PROCESS, at

UNCHANGED, CHANGED = 0.005, 0.050
"""Seconds that an assessment may take when nothing changed, and when something did."""
ROUNDS = 21

Change = Callable[[Snapshot, int], Snapshot]


def nothing(snapshot: Snapshot, n: int) -> Snapshot:
    """The services told nothing new."""
    return replace(snapshot, health=dict(snapshot.health))


def a_message(snapshot: Snapshot, n: int) -> Snapshot:
    """Somebody wrote in the channel; the shared log is read anew out of it."""
    assert snapshot.slack is not None
    said = Message(f"{at('+4 23:00').timestamp() + n:.0f}.000100", ANA, f"{n}: looking")
    slack = replace(snapshot.slack, messages=(*snapshot.slack.messages, said))
    records_of(slack.messages, ())
    return replace(snapshot, slack=slack)


def a_record(snapshot: Snapshot, n: int) -> Snapshot:
    """A cockpit did something."""
    done = Record(f"Z{n:05}", "note", None, "Ana Ruiz", at("+4 23:00") + timedelta(seconds=n), {}, ts=f"9{n}.5")
    return replace(snapshot, records=(*snapshot.records, done))


def a_log_entry(snapshot: Snapshot, n: int) -> Snapshot:
    """PagerDuty has a new log entry."""
    assert snapshot.pagerduty is not None
    entry = LogEntry(f"Z{n:04}", LogKind.OTHER, at("+4 23:00") + timedelta(seconds=n), "something", ANA, True)
    entries = (*snapshot.pagerduty.log_entries, entry)
    return replace(snapshot, pagerduty=replace(snapshot.pagerduty, log_entries=entries))


def a_conversation(snapshot: Snapshot, n: int) -> Snapshot:
    """A community wrote."""
    first, *rest = snapshot.tickets
    said = Conversation(90_000 + n, at("+4 23:00") + timedelta(seconds=n), OSEI, "Any news?", incoming=True)
    return replace(snapshot, tickets=(replace(first, conversations=(*first.conversations, said)), *rest))


def everything(snapshot: Snapshot, n: int) -> Snapshot:
    """All of that at once."""
    for change in (a_message, a_record, a_log_entry, a_conversation):
        snapshot = change(snapshot, n)
    return snapshot


def worst_and_median(snapshot: Snapshot, change: Change) -> tuple[float, float]:
    """Seconds of one assessment after each change, over several rounds; making the changed facts counts too."""
    assessor = Assessor(PROCESS, PEOPLE, FRESHDESK)
    assessor.assess(snapshot, at("+5 00:00"))
    taken = []
    for n in range(ROUNDS):
        begin = time.process_time()
        snapshot = change(snapshot, n)
        assessor.assess(snapshot, at("+5 00:00") + timedelta(seconds=n))
        taken.append(time.process_time() - begin)
    return max(taken), statistics.median(taken)


def main() -> int:
    """Print the figures; 1 if a median misses its goal."""
    snapshot = large()
    print(f"one assessment, median (worst) of {ROUNDS}:")
    missed = False
    for change in (nothing, a_message, a_record, a_log_entry, a_conversation, everything):
        worst, median = worst_and_median(snapshot, change)
        goal = UNCHANGED if change is nothing else CHANGED
        missed = missed or median >= goal
        kept = "kept" if median < goal else "MISSED"
        words = change.__name__.replace("_", " ")
        print(f"  {words:<16}{median * 1000:7.2f} ms ({worst * 1000:.2f})   goal {goal * 1000:.0f} ms: {kept}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
