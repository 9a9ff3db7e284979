"""The audit: a line an event in the transaction that it tells of, and a check that finds every line that isn't so."""

from __future__ import annotations

import copy
import json
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cockpit.engine import journal_deliveries
from cockpit.engine.audit import GENESIS
from cockpit.engine.audit_check import check
from cockpit.engine.auditor import audit_of, check_journal
from cockpit.engine.journal import Action, Journal
from cockpit.engine.view import Part
from cockpit.incident.facts import Anchor

NOW = datetime(2026, 11, 23, 13, 3, tzinfo=UTC)
LETTER = "Dear Ms Osei, your hub is down."

Told = list[dict[str, Any]]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """An empty journal."""
    journal = Journal(tmp_path / "journal.sqlite3")
    yield journal
    journal.close()


@pytest.fixture
def key(journal: Journal) -> str:
    """A case with a bit of everything in it."""
    key = journal.new_case("Hub down", NOW, "P1", 1924).key
    seq = journal.add(reply(key, "a1"), Part.EFFECT, "freshdesk:4038")
    journal.sending(seq, {"newest": 1}, NOW)
    journal.unknown(seq, NOW, f"Who knows? You sent “{LETTER}”", asks=True)
    journal.done(seq, NOW, {"conversation": 7}, note_to="slack", by="Ana Ruiz")
    refused = journal.add(note(key, "a2"), Part.NOTE, "slack")
    journal.refuse(refused, NOW, "Slack refused: is_archived")
    given_up = journal.add(note(key, "a3"), Part.NOTE, "slack")
    journal.drop(given_up, NOW, "Lou Chen")
    return key


def reply(case_key: str, name: str) -> Action:
    """A letter to a community, whose text is nobody else's business."""
    data = {"ticket": 4038, "purpose": "update", "to": "R. Osei", "body": LETTER}
    return Action(name, case_key, "reply", "comms.update", "Ana Ruiz", NOW, data)


def note(case_key: str, name: str) -> Action:
    """A note's action."""
    return Action(name, case_key, "note", None, "Ana Ruiz", NOW, {"text": f"looked {name}"})


def events(journal: Journal, key: str) -> list[str]:
    """What the audit tells, in order."""
    return [str(line["event"]) for line in journal.audit(key)]


# --- what is written -----------------------------------------------------------------------------------------------


def test_every_transition_is_a_line_and_the_chain_is_whole(journal: Journal, key: str) -> None:
    assert events(journal, key) == [
        "journalled", "sending", "asks", "confirmed", "queued", "journalled", "refused", "journalled", "dropped",
    ]  # fmt: skip
    verdict = check_journal(journal, key)
    assert (verdict.faults, verdict.count) == ((), 9)
    assert journal.anchor(key) == Anchor(key, 9, verdict.head)


ENDINGS: dict[str, tuple[Callable[[Journal, int], None], list[str]]] = {
    "answered": (lambda j, s: (j.sending(s, {}, NOW), j.done(s, NOW, {}))[0], ["sending", "done"]),
    "already so": (lambda j, s: j.done(s, NOW, {}), ["already"]),
    "found": (
        lambda j, s: (j.sending(s, {}, NOW), j.unknown(s, NOW, "?"), j.done(s, NOW, {}))[0],
        ["sending", "unknown", "found"],
    ),
    "absent": (
        lambda j, s: (j.sending(s, {}, NOW), j.unknown(s, NOW, "?"), j.unknown(s, NOW, "?", looks=1),
                      j.requeue(s, NOW))[0],
        ["sending", "unknown", "absent"],
    ),
    "sent again": (
        lambda j, s: (j.sending(s, {}, NOW), j.unknown(s, NOW, "?", asks=True), j.requeue(s, NOW, by="Ana"))[0],
        ["sending", "asks", "sent_again"],
    ),
    "postponed": (
        lambda j, s: (j.sending(s, {}, NOW), j.requeue(s, NOW, "429"), j.requeue(s, NOW, "429"))[0],
        ["sending", "postponed"],
    ),
    "held": (
        lambda j, s: (j.refuse(s, NOW, "no", held=True), j.requeue(s, NOW, by="Ana"))[0],
        ["held", "retried"],
    ),
    "orphaned": (
        lambda j, s: (j.sending(s, {}, NOW), j.orphaned(j.entry(s).action.case_key, NOW))[0],
        ["sending", "orphaned"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_an_event_is_called(journal: Journal, ending: str) -> None:
    happen, told = ENDINGS[ending]
    key = journal.new_case("Hub down", NOW).key
    seq = journal.add(note(key, "a1"), Part.NOTE, "slack")
    happen(journal, seq)
    assert events(journal, key) == ["journalled", *told]
    assert check_journal(journal, key).faults == ()


def test_what_a_person_decided_has_their_name(journal: Journal, key: str) -> None:
    decided = {str(line["event"]): line.get("by") for line in journal.audit(key)}
    assert (decided["confirmed"], decided["dropped"], decided["sending"]) == ("Ana Ruiz", "Lou Chen", None)


def test_a_community_is_not_quoted(journal: Journal, key: str) -> None:
    assert LETTER not in json.dumps(journal.audit(key), ensure_ascii=False)


def test_two_processes_write_one_chain(journal: Journal) -> None:
    key = journal.new_case("Hub down", NOW).key
    other = Journal(journal.path)
    for number in range(6):
        (journal, other)[number % 2].add(note(key, f"a{number}"), Part.NOTE, "slack")
    other.close()
    verdict = check_journal(journal, key)
    assert (verdict.faults, verdict.count) == ((), 6)


def test_what_was_not_kept_is_not_told(journal: Journal, key: str) -> None:
    before = journal.audit(key)
    with pytest.raises(sqlite3.IntegrityError):
        journal.add(note(key, "a2"), Part.NOTE, "slack")
    assert journal.audit(key) == before


def test_each_case_has_a_chain_of_its_own(journal: Journal, key: str) -> None:
    other = journal.new_case("Another", NOW).key
    journal.add(note(other, "b1"), Part.NOTE, "slack")
    assert [line["number"] for line in journal.audit(other)] == [1]
    assert check_journal(journal, key).faults == check_journal(journal, other).faults == ()


def test_a_journal_from_before_there_was_an_audit_begins_one_with_what_it_holds(journal: Journal, key: str) -> None:
    journal._db.execute("DROP TABLE audit")
    opened = Journal(journal.path)
    assert opened.notice is None
    assert events(opened, key) == ["carried"] * 3
    opened.add(note(key, "a4"), Part.NOTE, "slack")
    assert check_journal(opened, key).faults == ()
    assert events(opened, key) == ["carried"] * 3 + ["journalled"]
    opened.close()
    again = Journal(journal.path)
    assert len(again.audit(key)) == 4, "it is begun once"
    again.close()


# --- what the check finds ------------------------------------------------------------------------------------------


def exported(journal: Journal, key: str) -> Told:
    """What `cockpit log --json` prints, read again."""
    told: Told = json.loads(json.dumps(audit_of(journal, key)))
    return told


def test_a_delivery_that_was_given_up_is_still_told(journal: Journal, key: str) -> None:
    gone = exported(journal, key)[-1]
    assert (gone["seq"], gone["title"], gone["state"], gone["actor"]) == (4, "note “looked a3”", "dropped", "Ana Ruiz")


def test_whatever_is_changed_in_a_line_is_found_and_the_line_named(journal: Journal, key: str) -> None:
    whole = exported(journal, key)
    assert check(whole).faults == ()
    for place, delivery in enumerate(whole):
        for index, line in enumerate(delivery["lines"]):
            for name in line.keys() - {"number", "hash"}:
                forged = copy.deepcopy(whole)
                forged[place]["lines"][index][name] = "forged"
                assert f"Line {line['number']} was altered." in check(forged).faults, name
            longer = copy.deepcopy(whole)
            longer[place]["lines"][index]["more"] = "said later"
            assert f"Line {line['number']} was altered." in check(longer).faults


def test_whatever_is_changed_in_a_delivery_is_found(journal: Journal, key: str) -> None:
    whole = exported(journal, key)
    for place, delivery in enumerate(whole):
        for name in delivery.keys() - {"lines"}:
            forged = copy.deepcopy(whole)
            forged[place][name] = "forged"
            assert check(forged).faults, name


def test_what_a_lost_answer_was_found_by_is_told_and_proven_by_the_chain(journal: Journal, key: str) -> None:
    likeness = {"conversation": 8, "found_by": "a reply of the same words", "likely": True}
    for name, outcome in (("b1", likeness), ("b2", {"found_by": "its id in the channel"})):
        seq = journal.add(note(key, name), Part.NOTE, "slack")
        journal.sending(seq, {}, NOW)
        journal.unknown(seq, NOW, "no answer")
        journal.done(seq, NOW, outcome)
    told = exported(journal, key)
    assert [(one["found_by"], one["certain"]) for one in told[-2:]] == [
        ("a reply of the same words", False), ("its id in the channel", True),
    ]  # fmt: skip
    assert {(one["found_by"], one["certain"]) for one in told[:-2]} == {(None, None)}
    before = [{name: value for name, value in one.items() if name not in ("found_by", "certain")} for one in told]
    assert check(told).faults == check(before).faults == (), "what was printed before it was told still checks"
    told[-2]["certain"] = True
    (fault,) = check(told).faults
    assert "has certain True" in fault


def test_a_line_that_is_missing_is_found_unless_it_is_the_last(journal: Journal, key: str) -> None:
    whole = exported(journal, key)
    for number in range(1, 9):
        lacking = copy.deepcopy(whole)
        for delivery in lacking:
            delivery["lines"] = [line for line in delivery["lines"] if line["number"] != number]
        assert f"Line {number} is missing." in check(lacking).faults
    assert check(whole[:-1]).faults == (), "a chain by itself doesn't know its end …"
    assert check(whole[:-1], [journal.anchor(key)]).faults == (
        "Lines 8 to 9 are missing, as the channel's notes prove.",
    ), "… but the channel does"


def _swapped(told: Told) -> None:
    first, second = told[0]["lines"][1:3]
    first["number"], second["number"] = second["number"], first["number"]


def _reordered(told: Told) -> None:
    told[0]["lines"].reverse()


def _moved(told: Told) -> None:
    told[2]["lines"].append(told[0]["lines"].pop())


def _doubled(told: Told) -> None:
    told[1]["lines"].append(dict(told[1]["lines"][-1]))


def _another_log(told: Told) -> None:
    told[3]["lines"][0]["log"] = "0123"


@pytest.mark.parametrize(
    ("forge", "said"),
    [
        (_swapped, "Line 2 was altered."),
        (_reordered, "Line 3 is out of order: it stands behind line 4."),
        (_moved, "Line 4 is of delivery 1 and stands under another."),
        (_doubled, "Line 5 is there twice."),
        (_another_log, "Lines of 2 logs stand in it; a chain is one log's."),
        (lambda told: told[0].update(lines=[]), "Delivery 1 is told by no line."),
        (lambda told: told[0].update(state="refused"), "Delivery 1 has state 'refused'; its line 4 has 'done'."),
        (
            lambda told: told[2].update(error="for fun"),
            "Delivery 3 says another error than its line 7 was written with.",
        ),
        (lambda told: told.append({"seq": 9}), "The entry in place 5 isn't a delivery with its lines."),
    ],
)
def test_what_the_check_says(journal: Journal, key: str, forge: Callable[[Told], None], said: str) -> None:
    told = exported(journal, key)
    forge(told)
    assert said in check(told).faults


@pytest.mark.parametrize(
    "nonsense",
    [
        None, {}, "x", 7, [7], [None], [{"lines": 7}], [{"lines": [7]}], [{"lines": [{"number": "1", "hash": "x"}]}],
        [{"lines": [{"number": True, "hash": "x"}]}], [{"lines": [{"number": 1, "hash": None}]}],
        [{"seq": [], "lines": [{"number": 1, "hash": "x", "log": [], "delivery": {}, "event": "\ud800\x1b[31m"}]}],
        [{"seq": "\x1b[31m", "error": 7, "lines": []}], [{"lines": [{"number": 10**40, "hash": "x"}]}],
    ],
)  # fmt: skip
def test_what_is_no_log_is_a_fault_and_nothing_worse(nonsense: object) -> None:
    verdict = check(nonsense, [Anchor("L", 3, "h")])
    assert verdict.faults
    assert all(words.isprintable() for words in verdict.faults)


def test_nothing_at_all_is_whole(journal: Journal) -> None:
    assert (check([]).faults, check([]).head) == ((), GENESIS)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE deliveries SET state = 'done', error = NULL WHERE seq = 3", "Delivery 3 has state 'done'; its line 7"),
        ("DELETE FROM deliveries WHERE seq = 3", "Delivery 3 has state 'dropped'; its line 7 has 'refused'."),
        ("UPDATE audit SET content = replace(content, 'Lou', 'Kim') WHERE number = 9", "Line 9 was altered."),
        ("UPDATE audit SET content = 'gone' WHERE number = 9", "Line 9 was altered."),
        ("DELETE FROM audit WHERE number IN (2, 3)", "Lines 2 to 3 are missing."),
        ("DELETE FROM audit WHERE number > 7", "Lines 8 to 9 are missing, as the channel's notes prove."),
        ("DELETE FROM audit", "Delivery 1 is told by no line."),
    ],
)
def test_a_journal_that_was_changed_by_hand(journal: Journal, key: str, statement: str, said: str) -> None:
    proof = journal.anchor(key)
    assert proof is not None
    assert check_journal(journal, key, [proof]).faults == ()
    journal._db.execute(statement)
    assert any(fault.startswith(said) for fault in check_journal(journal, key, [proof]).faults)


def test_an_action_that_was_changed_together_with_its_seal(journal: Journal, key: str) -> None:
    columns = journal._db.execute(f"SELECT {journal_deliveries._ACTION} FROM actions WHERE id = 'a2'").fetchone()  # noqa: S608
    forged = [*columns[:6], columns[6].replace("looked", "broke")]
    journal._db.execute(
        "UPDATE actions SET data = ?, seal = ? WHERE id = 'a2'", (forged[6], journal_deliveries._seal(forged))
    )
    assert check_journal(journal, key).faults == ("What delivery 3 is to bring was changed after it was journalled.",)


def test_a_log_that_was_written_anew_does_not_agree_with_the_channel(journal: Journal, key: str) -> None:
    proof = journal.anchor(key)
    assert proof is not None
    journal._db.execute("DELETE FROM audit")
    for entry in journal.entries(key):
        with journal._transaction() as db:
            for _ in range(3):
                journal._tell(db, journal_deliveries.Event.JOURNALLED, entry, NOW)
    verdict = check_journal(journal, key, [proof])
    assert "Line 9 isn't the one that a note in the channel carries: the log was written anew." in verdict.faults


def test_notes_of_other_logs_are_counted_and_prove_nothing_here(journal: Journal, key: str) -> None:
    others = [Anchor("another", 50, "x"), Anchor("another", 51, "y"), Anchor("third", 1, "z")]
    verdict = check_journal(journal, key, others)
    assert (verdict.faults, verdict.strangers) == ((), 2)
