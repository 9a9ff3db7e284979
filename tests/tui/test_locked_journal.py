"""Another program holds the journal: the screen goes on, and what was done waits, in order, each once."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from cockpit.engine.desk import JOURNAL
from cockpit.engine.writing import HELD, NOT_KEPT_YET
from cockpit.sandbox import Sandbox
from tests.engine.test_session import posted
from tests.tui.conftest import Open
from tests.waiting import until


async def test_what_is_done_meanwhile_waits_its_turn(cockpit: Open, sandbox: Sandbox, tmp_path: Path) -> None:
    async with cockpit("1924") as driver:
        session = driver.screen.session
        session.act("open_channel")
        session.act("link_ticket", ticket=4038, subject="Hub is not reachable")
        await driver.until(lambda: session.view.snapshot.ticket(4038) and not session.view.outbox.deliveries)
        before = len(posted(sandbox))
        holder = sqlite3.connect(tmp_path / "state" / JOURNAL, isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")

        await driver.press("c")
        await driver.write("ok")
        await driver.until(lambda: "not saved yet" in driver.reads("ReplyFoot"), "the text isn't on disk")
        await driver.press("escape")
        for words in ("one", "two"):
            await driver.press("n")
            await driver.write(words)
            assert driver.screen.channel.input.value == words, "keys are painted"
            await driver.press("enter", "escape")
        assert driver.screen.channel.input.value == "", "it was taken"
        waiting = session.view.outbox.deliveries
        assert [one.data["text"] for one in waiting] == ["one", "two"]
        assert {one.error for one in waiting} == {NOT_KEPT_YET}
        await driver.press("O", "d")
        await driver.until(lambda: any("Wait until it is" in words for words in driver.said()))
        await driver.press("escape")
        await driver.until(lambda: HELD in session.view.notices, "it is said what is waited for")
        assert session.drafts.of("reply:4038") is None
        assert len(posted(sandbox)) == before, "nothing leaves that isn't on disk"

        holder.execute("ROLLBACK")
        holder.close()
        await until(lambda: len(posted(sandbox)) == before + 2)
        await driver.until(lambda: not session.view.outbox.deliveries and HELD not in session.view.notices)
        texts = [note["text"] for note in sorted(posted(sandbox), key=lambda note: float(note["ts"]))]
        assert [text.split(" — ")[0] for text in texts[before:]] == ["✎ one", "✎ two"]
        kept = session.drafts.of("reply:4038")
        assert kept is not None
        assert kept.text == driver.screen.reply.text
        assert not session.view.unsaved


async def test_what_cannot_be_kept_to_the_end_is_said(cockpit: Open, tmp_path: Path) -> None:
    async with cockpit("1924") as driver:
        holder = sqlite3.connect(tmp_path / "state" / JOURNAL, isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        driver.screen.session.act("note", text="too late")
    assert "note “too late”" in driver.app.unkept
    holder.close()
