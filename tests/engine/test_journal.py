"""The journal: durable, private, one note to an action, and never a start that fails because the file is damaged."""

from __future__ import annotations

import sqlite3
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cockpit.engine.journal import Action, Draft, Journal
from cockpit.engine.view import DeliveryState, Part
from cockpit.incident.facts import Channel, Message, Person, SlackFacts, Snapshot

CHANNEL = Channel("C1", "hub_inc_1", "https://x", datetime(2026, 11, 23, tzinfo=UTC))

NOW = datetime(2026, 11, 23, 13, 3, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path: Path):
    """An empty journal."""
    journal = Journal(tmp_path / "state" / "journal.sqlite3")
    yield journal
    journal.close()


def action(case_key: str, number: int = 1) -> Action:
    """A note's action."""
    return Action(f"a{number}", case_key, "note", None, "Ana Ruiz", NOW, {"text": "looked"})


def test_the_file_is_private_whatever_the_umask(journal: Journal) -> None:
    journal.new_case("Hub down", NOW)
    for file in journal.path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
    assert stat.S_IMODE(journal.path.parent.stat().st_mode) == 0o700


def test_an_incident_has_one_case(journal: Journal) -> None:
    first = journal.new_case("Hub down", NOW, "P1", 1924)
    assert journal.new_case("Hub down", NOW, "P1", 1924) == first
    assert journal.cases() == (first,)


def test_what_was_journalled_is_there_for_the_next_process(journal: Journal) -> None:
    case = journal.new_case("Hub down", NOW)
    seq = journal.add(action(case.key), Part.EFFECT, "pagerduty")
    journal.sending(seq, {"notes": ["n1"]}, NOW)
    other = Journal(journal.path)
    (entry,) = other.entries(case.key)
    assert (entry.state, entry.attempts, entry.baseline) == (DeliveryState.SENDING, 1, {"notes": ["n1"]})
    assert entry.action == action(case.key)
    other.close()


def test_what_a_dead_process_left_sending_is_unknown(journal: Journal) -> None:
    case = journal.new_case("Hub down", NOW)
    seq = journal.add(action(case.key), Part.EFFECT, "pagerduty")
    journal.sending(seq, {}, NOW)
    assert journal.orphaned(case.key, NOW) == 1
    assert journal.entry(seq).state is DeliveryState.UNKNOWN
    assert journal.orphaned(case.key, NOW) == 0


def test_an_effect_gets_one_note_however_often_it_is_told_done(journal: Journal) -> None:
    case = journal.new_case("Hub down", NOW)
    seq = journal.add(action(case.key), Part.EFFECT, "pagerduty")
    journal.done(seq, NOW, {"id": "n7"}, note_to="slack")
    journal.done(seq, NOW, {"id": "n7"}, note_to="slack")
    assert [entry.part for entry in journal.entries(case.key)] == [Part.EFFECT, Part.NOTE]
    assert journal.outcome("a1") == {"id": "n7"}


def test_dropping_the_only_delivery_drops_the_action(journal: Journal) -> None:
    case = journal.new_case("Hub down", NOW)
    seq = journal.add(action(case.key), Part.NOTE, "slack")
    journal.drop(seq, NOW, "Ana Ruiz")
    assert journal.entries(case.key) == ()
    journal.add(action(case.key), Part.NOTE, "slack")


def test_another_process_changes_the_version(journal: Journal) -> None:
    before = journal.version()
    assert journal.version() == before
    other = Journal(journal.path)
    other.new_case("Hub down", NOW)
    other.close()
    assert journal.version() != before


def test_drafts_are_kept_replaced_and_forgotten(journal: Journal) -> None:
    case = journal.new_case("Hub down", NOW)
    journal.save_draft(case.key, Draft("reply:4038", "Hel", {"ticket": 4038}, NOW))
    journal.save_draft(case.key, Draft("reply:4038", "Hello", {"ticket": 4038}, NOW))
    assert journal.draft(case.key, "reply:4038") == Draft("reply:4038", "Hello", {"ticket": 4038}, NOW)
    journal.drop_draft(case.key, "reply:4038")
    assert journal.draft(case.key, "reply:4038") is None


def test_the_facts_come_back_as_they_were_with_the_newest_messages(journal: Journal) -> None:
    case = journal.new_case("Hub down", NOW)
    messages = tuple(Message(ts=f"{1000 + n}.000001", author=Person("U1", "Lou"), text=f"m{n}") for n in range(400))
    snapshot = Snapshot(slack=SlackFacts(channel=CHANNEL, messages=messages))
    journal.save_snapshot(case.key, snapshot, NOW)
    kept = journal.snapshot(case.key)
    assert kept is not None
    back, at = kept
    assert at == NOW
    assert back.slack is not None
    assert back.slack.messages == messages[-300:]
    assert back.slack.channel == CHANNEL
    assert back.health == snapshot.health


@pytest.mark.parametrize("damage", ["torn", "nonsense", "empty header"])
def test_a_damaged_journal_is_set_aside_and_said_so(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "journal.sqlite3"
    first = Journal(path)
    first.new_case("Hub down", NOW)
    first.close()
    whole = path.read_bytes()
    damaged = {
        "torn": whole[: len(whole) // 2],
        "nonsense": b"not a database at all" * 50,
        "empty header": bytes(len(whole)),
    }
    path.write_bytes(damaged[damage])
    journal = Journal(path)
    assert journal.notice is not None
    assert "set aside" in journal.notice
    assert journal.cases() == ()
    journal.new_case("a new one", NOW)
    assert len(list(tmp_path.glob("journal.sqlite3.damaged-*"))) == 1
    journal.close()


def test_a_failed_transaction_leaves_nothing(journal: Journal) -> None:
    case = journal.new_case("Hub down", NOW)
    journal.add(action(case.key), Part.NOTE, "slack")
    with pytest.raises(sqlite3.IntegrityError):
        journal.add(action(case.key), Part.NOTE, "slack")
    assert len(journal.entries(case.key)) == 1
