"""Lifting replies out of threads: all in order, each once, by whichever cockpit."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.engine.desk import Desk
from cockpit.engine.session import Session
from cockpit.engine.threads import unlifted
from cockpit.engine.view import DeliveryState
from cockpit.incident.checklist import State
from cockpit.sandbox import Sandbox
from tests.conftest import settings_for
from tests.engine.test_readers import happen, open_channel
from tests.engine.test_session import posted
from tests.waiting import until


async def threads(session: Session, sandbox: Sandbox) -> None:
    """Three replies in two threads, read."""
    await open_channel(session)
    happen(sandbox, "post", by="kim", text="which image?", key="q")
    happen(sandbox, "post", by="ben", text="the community asks", key="r")
    happen(sandbox, "post", by="lou", text="the one of Friday", thread="q")
    happen(sandbox, "post", by="kim", text="an hour more", thread="r")
    happen(sandbox, "post", by="lou", text="it can't be pulled", thread="q")
    await until(lambda: len(unlifted(session.view.snapshot)) == 3)


def lifted(sandbox: Sandbox) -> list[str]:
    """What was lifted, in the channel's order."""
    notes = [note for note in posted(sandbox) if note["metadata"]["event_payload"]["kind"] == "lift"]
    return [note["text"].partition("UTC: ")[2].partition(" — ")[0] for note in sorted(notes, key=lambda n: n["ts"])]


ALL = ["the one of Friday", "an hour more", "it can't be pulled"]


@pytest.mark.parametrize("fault", [None, "drop_before", "drop_after"])
async def test_all_are_lifted_in_order_once(session: Session, sandbox: Sandbox, fault: str | None) -> None:
    await threads(session, sandbox)
    if fault:
        sandbox.fault("slack", fault, path="chat.postMessage", count=1)
    assert len(session.lift_all()) == 3
    assert session.lift_all() == (), "what is on its way isn't lifted again"
    await until(lambda: not session.view.outbox.deliveries)
    assert lifted(sandbox) == ALL
    await until(lambda: session.view.assessment.step("work.no_threads").state is State.DONE)


async def test_two_cockpits_lift_a_reply_once(session: Session, sandbox: Sandbox, tmp_path: Path) -> None:
    await threads(session, sandbox)
    desk = Desk(settings_for(sandbox, tmp_path / "ben", "ben"))
    other = desk.session(await desk.find("1924"))
    await other.read_once()
    await other.start_delivering()
    session.lift_all()
    await until(lambda: not session.view.outbox.deliveries)
    assert len(other.lift_all()) == 3, "it hasn't read the channel since"
    await until(lambda: not other.view.outbox.deliveries)
    assert lifted(sandbox) == ALL
    states = {one.state for one in desk.history(other.case)}
    assert states == {DeliveryState.DONE}
    await other.close()
    await desk.close()


async def test_a_long_reply_is_cut_to_what_a_note_holds(session: Session, sandbox: Sandbox) -> None:
    await open_channel(session)
    happen(sandbox, "post", by="kim", text="the log?", key="q")
    happen(sandbox, "post", by="lou", text="line\n" * 2_000, thread="q")
    await until(lambda: unlifted(session.view.snapshot))
    session.lift_all()
    await until(lambda: not session.view.outbox.deliveries)
    (note,) = [note for note in posted(sandbox) if note["metadata"]["event_payload"]["kind"] == "lift"]
    assert len(note["text"]) < 3_000
    assert "more characters" in note["text"]


async def test_edits_and_deletions_in_a_thread_show(session: Session, sandbox: Sandbox) -> None:
    await open_channel(session)
    happen(sandbox, "post", by="kim", text="which image?", key="q")
    happen(sandbox, "post", by="lou", text="the one of Friday", thread="q", key="a")
    happen(sandbox, "post", by="lou", text="never mind", thread="q", key="b")
    await until(lambda: len(unlifted(session.view.snapshot)) == 2)
    happen(sandbox, "delete", message="b")
    happen(sandbox, "post", by="lou", text="sorry", thread="q")
    await until(lambda: [one.text for one in unlifted(session.view.snapshot)] == ["the one of Friday", "sorry"])
