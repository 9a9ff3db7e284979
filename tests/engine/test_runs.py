"""Commands whose note isn't in the journal yet: kept, booked once, for the right incident, and not while they run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cockpit.engine.journal import Journal
from cockpit.engine.runs import ADOPTED_WITHIN, Run, Runs
from cockpit.engine.view import Case, DeliveryState
from tests.conftest import BEGIN

RUN = Run("a1", "kubectl get pods", "Ana Ruiz", BEGIN)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path / "journal.sqlite3")
    yield journal
    journal.close()


@pytest.fixture
def case(journal: Journal) -> Case:
    return journal.new_case("Hub down", BEGIN, "PABC123", 1924)


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Runs]:
    runs = Runs(tmp_path / "runs")
    yield runs
    runs.leave()


def told(journal: Journal, case: Case) -> list[tuple[str, object]]:
    """What the journal holds of commands: the command and its exit code."""
    return [(one.action.data["command"], one.action.data["exit"]) for one in journal.entries(case.key)]


def test_a_command_that_still_runs_belongs_to_its_watcher(runs: Runs, journal: Journal, case: Case) -> None:
    runs.begin(RUN)
    beside = Runs(runs.folder)
    assert list(beside.unwatched()) == []
    beside.book_for(case, journal, BEGIN)
    assert told(journal, case) == []
    runs.leave()
    assert list(beside.unwatched()) == [RUN]
    beside.book_for(case, journal, BEGIN)
    assert told(journal, case) == [("kubectl get pods", None)]
    assert list(runs.folder.iterdir()) == []


def test_how_it_ended_is_what_was_written_last_and_whole(runs: Runs) -> None:
    runs.begin(RUN)
    ended = replace(RUN, exit=3, ended=BEGIN + timedelta(seconds=4), seconds=4.0, tail="é\n")
    runs.end(ended)
    runs.leave()
    assert list(runs.unwatched()) == [ended]
    path = runs.folder / "a1.jsonl"
    whole = path.read_bytes()
    for cut in (whole[:-1], whole[:-40]):
        path.write_bytes(cut)
        assert list(runs.unwatched()) == [RUN], "a line that was cut off wasn't written"
    path.write_bytes(b"\x00rubbish\n")
    assert list(runs.unwatched()) == []


def test_it_is_booked_once(runs: Runs, journal: Journal, case: Case) -> None:
    for _ in range(2):  # as when the program stops between the journal and the file
        runs.begin(RUN)
        runs.book(replace(RUN, exit=0), case, journal)
    (entry,) = journal.entries(case.key)
    assert (entry.state, entry.destination) == (DeliveryState.QUEUED, "slack")


@pytest.mark.parametrize(
    ("changes", "after", "taken"),
    [
        ({"incident": "1924"}, timedelta(days=3), True),
        ({"incident": "#1924"}, timedelta(0), True),
        ({"incident": "PABC123"}, timedelta(0), True),
        ({"incident": "1925"}, timedelta(0), False),
        ({"case": "another"}, timedelta(0), False),
        ({}, ADOPTED_WITHIN - timedelta(minutes=1), True),
        ({}, ADOPTED_WITHIN + timedelta(minutes=1), False),
    ],
)
def test_whose_it_is(
    runs: Runs, journal: Journal, case: Case, changes: dict[str, str], after: timedelta, taken: bool
) -> None:
    runs.begin(replace(RUN, **changes))
    runs.leave()
    runs.book_for(case, journal, BEGIN + after)
    assert bool(told(journal, case)) is taken
    named = bool(changes)
    assert bool(list(runs.folder.iterdir())) is (named and not taken), "what belongs to none is forgotten after a while"


def test_the_files_are_the_responders_alone(runs: Runs) -> None:
    runs.begin(RUN)
    assert runs.folder.stat().st_mode & 0o77 == 0
    assert (runs.folder / "a1.jsonl").stat().st_mode & 0o77 == 0
