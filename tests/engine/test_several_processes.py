"""Several processes on one machine share the journal: one delivers, the others' actions go out all the same."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from pathlib import Path

import pytest

from cockpit import config as configuration
from cockpit.command_line.sandbox import config_text
from cockpit.engine.delivery_lock import DeliveryLock
from cockpit.engine.desk import Desk
from cockpit.engine.session import Session
from cockpit.engine.view import Part
from cockpit.sandbox import Sandbox
from cockpit.settings import Settings
from tests.engine.test_session import posted
from tests.waiting import until


async def test_the_second_session_hands_its_actions_to_the_first(
    session: Session, sandbox: Sandbox, settings: Settings
) -> None:
    session.act("open_channel")
    await until(lambda: not session.view.outbox.deliveries and session.case.channel_id)
    beside = Desk(settings)
    second = beside.session(await beside.find("1924"))
    await second.start_delivering()
    for number in range(5):
        second.act("note", text=f"from beside {number}")
    await until(lambda: len(posted(sandbox)) == 6)
    await until(lambda: not session.view.outbox.deliveries)
    await second.close()
    await beside.close()
    texts = [note["text"] for note in posted(sandbox)]
    assert [f"✎ from beside {number}" for number in range(5)] == [text.split(" — ")[0] for text in texts[1:]]


async def test_when_the_first_goes_the_second_delivers(session: Session, sandbox: Sandbox, settings: Settings) -> None:
    session.act("open_channel")
    await until(lambda: not session.view.outbox.deliveries and session.case.channel_id)
    beside = Desk(settings)
    second = beside.session(await beside.find("1924"))
    await second.start_delivering()
    await session.close()
    second.act("note", text="after the first has gone")
    await until(lambda: len(posted(sandbox)) == 2)
    await second.close()
    await beside.close()


async def test_a_dead_process_frees_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "locks" / "case.lock"
    holder = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import sys, time; from pathlib import Path; from cockpit.engine.delivery_lock import DeliveryLock\n"
        f"lock = DeliveryLock(Path({str(path)!r})); assert lock.take(); print('held', flush=True); time.sleep(600)",
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert holder.stdout is not None
    await holder.stdout.readline()
    mine = DeliveryLock(path)
    assert not mine.take()
    holder.kill()
    await holder.wait()
    assert mine.take()
    mine.free()


# --- the command itself, beside an open session -------------------------------------------------------------------


@pytest.fixture
def config(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A config that points at the sandbox, and a state folder of the test's own for every process."""
    for name in [name for name in os.environ if name.startswith(("COCKPIT_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COCKPIT_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    path = tmp_path / "config.toml"
    path.touch(0o600)
    path.write_text(config_text(sandbox))
    return path


async def cockpit(config: Path, *words: str) -> asyncio.subprocess.Process:
    """Start the program."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cockpit", "--config", str(config), *words,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def with_channel(config: Path, sandbox: Sandbox) -> tuple[Desk, Session]:
    """An open session that delivers, its channel opened."""
    desk = Desk(configuration.load(config))
    session = desk.session(await desk.find("1924"))
    await session.start()
    session.act("open_channel")
    await until(lambda: len(posted(sandbox)) == 1 and not session.view.outbox.deliveries)
    return desk, session


def told(sandbox: Sandbox) -> list[str]:
    """The notes' texts, without their author."""
    return [note["text"].split(" — ")[0] for note in sorted(posted(sandbox), key=lambda one: float(one["ts"]))]


async def test_notes_from_other_processes_are_delivered_by_the_open_session(config: Path, sandbox: Sandbox) -> None:
    desk, session = await with_channel(config, sandbox)
    commands = [await cockpit(config, "note", "1924", f"from outside {number}") for number in range(3)]
    ended = await asyncio.gather(*(command.communicate() for command in commands))
    for command, (out, err) in zip(commands, ended, strict=True):
        assert command.returncode == 0, err.decode()
        assert "from outside" in out.decode()
    await until(lambda: not session.view.outbox.deliveries)
    assert sorted(told(sandbox)[1:]) == [f"✎ from outside {number}" for number in range(3)]
    notes = [entry for entry in session._journal.entries(session.case.key) if entry.part is Part.NOTE]
    journalled = [entry.action.id for entry in notes]
    assert [note["metadata"]["event_payload"]["id"] for note in posted(sandbox)] == journalled, "in order, each once"
    await session.close()
    await desk.close()


async def test_a_command_that_is_killed_leaves_its_note_to_the_open_session(config: Path, sandbox: Sandbox) -> None:
    desk, session = await with_channel(config, sandbox)
    sandbox.fault("slack", "hang", path="chat.postMessage")
    command = await cockpit(config, "note", "1924", "its writer dies")
    await until(lambda: any("its writer dies" in str(one.data) for one in session.view.outbox.deliveries))
    command.kill()
    await command.communicate()
    sandbox.clear_faults()
    await until(lambda: not session.view.outbox.deliveries)
    assert told(sandbox)[1:] == ["✎ its writer dies"]
    await session.close()
    await desk.close()


async def test_a_command_takes_over_when_the_deliverer_dies_in_the_middle(config: Path, sandbox: Sandbox) -> None:
    desk, session = await with_channel(config, sandbox)
    await session.close()
    await desk.close()
    sandbox.fault("slack", "hang", path="chat.postMessage", count=1)
    deliverer = await cockpit(config, "note", "1924", "the first")
    await until(lambda: any(request.fault == "hang" for request in sandbox.requests), "it is on its way")
    second = await cockpit(config, "note", "1924", "the second")
    looking = Desk(configuration.load(config))
    case = looking.journal.cases()[0]
    await until(lambda: len(looking.history(case)) == 3, "the second is journalled behind it")
    deliverer.kill()
    await deliverer.communicate()
    _, err = await second.communicate()
    assert second.returncode == 0, err.decode()
    assert told(sandbox)[1:] == ["✎ the first", "✎ the second"]
    await looking.close()


async def test_two_notes_at_once_with_no_cockpit_open(config: Path, sandbox: Sandbox) -> None:
    await with_channel_elsewhere(config, sandbox)
    commands = [await cockpit(config, "note", "1924", f"at once {number}") for number in range(2)]
    for command in commands:
        out, err = await command.communicate()
        assert command.returncode == 0, err.decode()
        assert "✓ done" in out.decode()
    assert sorted(told(sandbox)[1:]) == ["✎ at once 0", "✎ at once 1"]


async def test_a_note_beside_an_open_cockpit_while_slack_is_down(config: Path, sandbox: Sandbox) -> None:
    desk, session = await with_channel(config, sandbox)
    sandbox.fault("slack", "500")
    command = await cockpit(config, "note", "1924", "while Slack is down")
    out, err = await command.communicate()
    assert command.returncode == 5, err.decode()
    assert "? unknown: note “while Slack is down”" in out.decode(), "a 500 doesn't say whether it was posted"
    sandbox.clear_faults()
    await session.close()
    # Opened anew it doesn't wait for as long as the one before had backed off.
    session = desk.session(session.case)
    await session.start_delivering()
    await until(lambda: told(sandbox)[1:] == ["✎ while Slack is down"], "it goes out once Slack is back")
    await session.close()
    await desk.close()


async def test_the_open_cockpit_is_killed_and_a_command_that_waits_delivers(config: Path, sandbox: Sandbox) -> None:
    await with_channel_elsewhere(config, sandbox)
    sandbox.fault("slack", "hang", path="chat.postMessage", count=1)
    opened = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.two_cockpits.program", str(config), os.environ["COCKPIT_STATE_DIR"],
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert opened.stdin is not None
    opened.stdin.write(b'{"do": "act", "kind": "note", "data": {"text": "on its way"}}\n')
    await until(lambda: any(request.fault == "hang" for request in sandbox.requests), "it is on its way")
    waiting = await cockpit(config, "note", "1924", "behind it")
    looking = Desk(configuration.load(config))
    await until(lambda: len(looking.history(looking.journal.cases()[0])) == 3, "the second is journalled behind it")
    opened.kill()
    await opened.communicate()
    _, err = await waiting.communicate()
    assert waiting.returncode == 0, err.decode()
    assert told(sandbox)[1:] == ["✎ on its way", "✎ behind it"], "what was on its way is looked up, and sent once"
    await looking.close()


async def with_channel_elsewhere(config: Path, sandbox: Sandbox) -> None:
    """Open the channel and close the cockpit that did."""
    desk, session = await with_channel(config, sandbox)
    await session.close()
    await desk.close()


async def test_a_journal_that_another_process_locks_for_long(config: Path, sandbox: Sandbox) -> None:
    """A command says that nothing was done; an open cockpit says so, and goes on once the journal is free."""
    desk, session = await with_channel(config, sandbox)
    before = len(posted(sandbox))
    holder = sqlite3.connect(desk.journal.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    command = await cockpit(config, "note", "1924", "nowhere to write it")
    _, err = await command.communicate()
    assert command.returncode == 2
    assert "can't be written (database is locked)" in err.decode()
    assert "Traceback" not in err.decode()
    holder.execute("ROLLBACK")
    holder.close()
    session.act("note", text="free again")
    await until(lambda: len(posted(sandbox)) == before + 1 and not session.view.outbox.deliveries)
    assert told(sandbox)[1:] == ["✎ free again"]
    await session.close()
    await desk.close()
