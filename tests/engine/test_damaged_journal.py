"""A journal that is torn, damaged, read-only or on a full disk: said so, nothing claimed that isn't so, rebuilt."""

from __future__ import annotations

import random
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cockpit.engine.actions import Impossible
from cockpit.engine.desk import JOURNAL, Desk
from cockpit.engine.journal import Action, Draft, Journal
from cockpit.engine.journal_file import NotSaved
from cockpit.engine.session import Session
from cockpit.engine.shared_log import LOST
from cockpit.engine.view import DeliveryState, Part
from cockpit.incident.checklist import State
from cockpit.incident.facts import Freshness, Snapshot, Source
from cockpit.sandbox import Sandbox
from cockpit.settings import Settings
from tests.engine.test_session import begin, posted
from tests.waiting import until

NOW = datetime(2026, 11, 23, 13, 3, tzinfo=UTC)
NOTES = 60


def action(case_key: str, number: int) -> Action:
    """A note's action."""
    return Action(f"{number:032x}", case_key, "note", None, "Ana Ruiz", NOW, {"text": f"look {number} " + "x" * 200})


def written(path: Path) -> str:
    """A journal with some of everything, closed; its case's key."""
    journal = Journal(path)
    case = journal.new_case("Hub down", NOW, "P1", 1924)
    for number in range(NOTES):
        seq = journal.add(action(case.key, number), Part.EFFECT, "pagerduty")
        journal.sending(seq, {"notes": ["n1"]}, NOW)
        if number % 2:
            journal.done(seq, NOW, {"id": f"n{number}"}, note_to="slack")
    journal.save_draft(case.key, Draft("reply:4038", "Hello", {"ticket": 4038}, NOW))
    journal.save_snapshot(case.key, Snapshot(), NOW)
    journal.close()
    return case.key


@pytest.mark.parametrize("seed", range(40))
def test_damage_anywhere_is_noticed_or_harmless(tmp_path: Path, seed: int) -> None:
    path, dice = tmp_path / "journal.sqlite3", random.Random(seed)
    key = written(path)
    content = bytearray(path.read_bytes())
    for _ in range(dice.choice([1, 8, 64])):
        content[dice.randrange(len(content))] ^= dice.randrange(1, 256)
    path.write_bytes(content)

    journal = Journal(path)
    if journal.notice is not None:
        assert "set aside" in journal.notice
        (aside,) = tmp_path.glob("journal.sqlite3.damaged-*[!lm]")
        assert aside.read_bytes()[:100] == bytes(content)[:100], "the old file is kept as it was"
        assert journal.cases() == ()
    else:
        for entry in journal.entries(key):
            assert entry.action == action(key, int(entry.action.id, 16)), "what goes out is what was meant"
            assert entry.state in DeliveryState
        journal.snapshot(key)
        journal.draft(key, "reply:4038")
    case = journal.new_case("goes on", NOW)
    journal.add(action(case.key, 999), Part.NOTE, "slack")
    journal.close()


@pytest.mark.parametrize("part", [0.0, 0.1, 0.35, 0.6, 0.9, 0.99])
def test_a_torn_log_ahead_leaves_what_was_whole_in_order(tmp_path: Path, part: float) -> None:
    path = tmp_path / "journal.sqlite3"
    journal = Journal(path)
    case = journal.new_case("Hub down", NOW)
    for number in range(NOTES):
        journal.add(action(case.key, number), Part.NOTE, "slack")
    log = path.with_name(path.name + "-wal").read_bytes()
    elsewhere = tmp_path / "crashed" / "journal.sqlite3"
    elsewhere.parent.mkdir()
    elsewhere.write_bytes(path.read_bytes())
    elsewhere.with_name(path.name + "-wal").write_bytes(log[: int(len(log) * part)])
    journal.close()

    torn = Journal(elsewhere)
    ids = [entry.action.id for entry in torn.entries(case.key)]
    assert ids == [f"{number:032x}" for number in range(len(ids))], "a beginning of what was written, none left out"
    assert len(ids) < NOTES
    torn.close()


def test_one_changed_letter_in_what_a_person_meant_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    written(path)
    content = path.read_bytes()
    place = content.index(b'{"text":"look 7 ') + 9
    path.write_bytes(content[:place] + b"lock 7 " + content[place + 7 :])
    journal = Journal(path)
    assert "isn't what was written" in (journal.notice or "")
    journal.close()


def test_a_journal_of_another_version_is_set_aside_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    written(path)
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    journal = Journal(path)
    assert "version 99" in (journal.notice or "")
    journal.close()


@pytest.mark.parametrize("where", ["file-as-folder", "folder-as-file", "no-such-place"])
def test_a_place_that_cannot_be_written_is_said_so_and_nothing_is_set_aside(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder.sqlite3").mkdir()
    path = {
        "file-as-folder": tmp_path / "file" / "journal.sqlite3",
        "folder-as-file": tmp_path / "folder.sqlite3",
        "no-such-place": Path("/proc/cockpit/journal.sqlite3"),
    }[where]
    with pytest.raises(NotSaved, match="Not saved"):
        Journal(path)
    assert not list(tmp_path.glob("*damaged*"))


def full(journal: Journal) -> None:
    """Let the journal's disk be full from now on."""
    pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
    journal._db.execute(f"PRAGMA max_page_count = {pages}")


def room(journal: Journal) -> None:
    """Let there be room again."""
    journal._db.execute("PRAGMA max_page_count = 100000")


def read_only(journal: Journal) -> None:
    """Let the journal's file be read-only from now on."""
    journal._db.execute("PRAGMA query_only = ON")


def test_on_a_full_disk_a_write_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    key = written(path)
    journal = Journal(path)
    full(journal)
    before = journal.entries(key)
    with pytest.raises(NotSaved, match="full"):
        journal.save_draft(key, Draft("long", "x" * 100_000, {}, NOW))
    refused = 0
    for number in range(1000, 1200):
        try:
            journal.add(action(key, number), Part.NOTE, "slack")
        except NotSaved:
            refused += 1
    assert refused, "the disk is full at last"
    assert len(journal.entries(key)) == len(before) + 200 - refused
    assert journal.draft(key, "long") is None
    room(journal)
    journal.add(action(key, 5000), Part.NOTE, "slack")
    journal.close()


@pytest.mark.parametrize("trouble", [full, read_only])
async def test_what_cannot_be_kept_is_not_done(session: Session, sandbox: Sandbox, trouble: Any) -> None:
    await begin(session)
    await until(lambda: not session.view.outbox.deliveries)
    before = len(posted(sandbox))
    trouble(session._journal)
    with pytest.raises(NotSaved):
        session.drafts.save("reply:4038", "x" * 100_000)
    said = []
    for _ in range(40):
        try:
            session.act("note", text="x" * 2_700)
        except Impossible as impossible:
            said.append(str(impossible))
    assert said, "at last it can't be kept"
    assert all("Not saved" in words and "Nothing was done" in words for words in said)
    kept = 40 - len(said)
    await until(lambda: not session._outbox.busy)
    assert len(posted(sandbox)) <= before + kept


async def test_what_was_sent_and_could_not_be_taken_down_is_looked_up(
    session: Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begin(session)
    await until(lambda: not session.view.outbox.deliveries)
    before = len(posted(sandbox))
    sandbox.fault("slack", "slow", path="chat.postMessage", count=1, seconds=0.5)
    session.act("note", text="the disk fills while this is on its way")
    await until(lambda: any(r.fault == "slow" for r in sandbox.requests))
    read_only(session._journal)
    await until(lambda: any("Not saved" in notice for notice in session.view.notices), "it is said")
    await until(lambda: len(posted(sandbox)) == before + 1, "it arrives all the same")
    session._journal._db.execute("PRAGMA query_only = OFF")
    await until(lambda: not session.view.outbox.deliveries)
    assert len(posted(sandbox)) == before + 1, "it was found, not sent again"


def meant(session: Session) -> list[tuple[object, ...]]:
    """The shared log without where in the channel it stands, which the one who wrote it doesn't know."""
    records = session.view.snapshot.records
    return [(one.id, one.kind, one.step, one.actor, one.at, dict(one.data)) for one in records]


async def test_after_damage_the_channel_rebuilds_what_was_done(sandbox: Sandbox, settings: Settings) -> None:
    desk = Desk(settings)
    session = desk.session(await desk.find("1924"))
    await session.start()
    await begin(session)
    session.act("override", step="start.service", reason="the catch-all will do")
    session.act("note", text="looked at the pods")
    await until(lambda: len(session.view.snapshot.records) == 6 and not session.view.outbox.deliveries)
    before = meant(session)
    await session.close()
    await desk.close()

    path = settings.state_dir / JOURNAL
    path.write_bytes(path.read_bytes()[:5000])
    desk = Desk(settings)
    session = desk.session(await desk.find("1924"))
    assert any("set aside" in notice for notice in session.view.notices), "a person is told"
    await session.start()
    await until(lambda: meant(session) == before)
    assert session.view.assessment.step("start.service").state is State.OVERRIDDEN
    await until(lambda: session.view.snapshot.ticket(4038), "the link came back with it")
    count = len(posted(sandbox))
    session.act("note", text="and on it goes")
    await until(lambda: len(posted(sandbox)) == count + 1)
    await session.close()
    await desk.close()


async def test_a_journal_that_lost_what_came_last_sends_nothing_again(sandbox: Sandbox, settings: Settings) -> None:
    desk = Desk(settings)
    session = desk.session(await desk.find("1924"))
    await session.start()
    await begin(session)
    session.act("incident_note", text="seen in PagerDuty")
    session.act("note", text="looked at the pods")
    earlier = sqlite3.connect(settings.state_dir / "earlier")
    session._journal._db.backup(earlier)
    earlier.close()
    await until(lambda: not session.view.outbox.deliveries)
    before = len(posted(sandbox))
    await session.close()
    await desk.close()
    (settings.state_dir / "earlier").replace(settings.state_dir / JOURNAL)

    await sandbox.advance(60)
    desk = Desk(settings)
    session = desk.session(await desk.find("1924"))
    await session.start()
    await until(lambda: [one.asks for one in session.view.outbox.deliveries] == [True], "the note is in the channel")
    (asked,) = session.view.outbox.deliveries
    assert "left by an earlier run" in (asked.error or "")
    session.decisions.settle(asked.seq, arrived=True)
    await until(lambda: not session.view.outbox.deliveries)
    assert len(posted(sandbox)) == before
    assert len(sandbox.state()["pagerduty"]["incidents"][0]["notes"]) == 1
    await session.close()
    await desk.close()


@pytest.mark.parametrize("put_back", [True, False])
async def test_a_journal_whose_end_was_lost_is_told_by_what_the_channel_proves(
    settings: Settings, sandbox: Sandbox, put_back: bool
) -> None:
    async def noted(text: str) -> None:
        desk = Desk(settings)
        session = desk.session(await desk.find("1924"))
        await session.start()
        if session.case.channel_id is None:
            await begin(session)
        session.act("note", text=text)
        await until(lambda: not session.view.outbox.deliveries)
        await session.close()
        await desk.close()

    journal = settings.state_dir / JOURNAL
    await noted("one")
    earlier = journal.read_bytes()
    await noted("two")
    if put_back:
        journal.write_bytes(earlier)

    desk = Desk(settings)
    session = desk.session(await desk.find("1924"))
    await session.start()
    await until(lambda: session.view.snapshot.health[Source.SLACK].state is Freshness.OK, "the channel is read")
    assert (LOST in session.view.notices) is put_back
    known = [record.kind for record in session.view.snapshot.records]
    assert known.count("note") == 2, "what was told is known all the same"
    await session.close()
    await desk.close()


def test_who_only_looks_on_needs_no_disk_that_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    path = tmp_path / "state" / "journal.sqlite3"
    with pytest.raises(NotSaved) as refused:
        Journal(path)
    assert "look on with --read-only" in refused.value.strerror
    looking_on = Journal(path, kept=False)
    assert looking_on.new_case("Hub down", NOW) == looking_on.cases()[0]
    looking_on.close()
