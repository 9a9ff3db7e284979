"""Snoozing a clock: everyone's cockpit keeps it quiet until then, and says why."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cockpit.engine.actions import Impossible
from cockpit.engine.desk import Desk
from cockpit.engine.session import Session
from cockpit.incident.deadlines import Deadline, Due
from cockpit.incident.facts import Freshness
from cockpit.sandbox import Sandbox
from tests.conftest import settings_for
from tests.engine.test_people import begun
from tests.engine.test_session import posted
from tests.waiting import until


def inform(session: Session) -> Deadline:
    """The clock for telling the community."""
    return next(one for one in session.view.assessment.deadlines if one.id == "inform")


@pytest.mark.parametrize("fault", [None, "drop_before", "drop_after"])
async def test_a_snoozed_clock_is_quiet_everywhere_until_then(
    session: Session, sandbox: Sandbox, tmp_path: Path, fault: str | None
) -> None:
    await begun(session)
    await sandbox.advance(1_800)
    session.refresh()
    await until(lambda: inform(session).state is Due.OVERDUE)
    until_then = session.now() + timedelta(minutes=20)
    if fault:
        sandbox.fault("slack", fault, path="chat.postMessage", count=1)
    session.act("snooze", deadline="inform", until=until_then.isoformat(), reason="they are on the phone with Ben")
    assert inform(session).state is Due.OK
    await until(lambda: not session.view.outbox.deliveries)
    (note,) = [n for n in posted(sandbox) if n["metadata"]["event_payload"]["kind"] == "snooze"]
    assert note["text"] == (
        f"◷ Snoozed “inform” until {until_then:%H:%M} UTC — they are on the phone with Ben — Ana Ruiz"
    )

    desk = Desk(settings_for(sandbox, tmp_path / "ben", "ben"))
    other = desk.session(await desk.find("1924"))
    await other.start()
    await until(lambda: all(one.state is Freshness.OK for one in other.view.snapshot.health.values()))
    await until(lambda: inform(other).snoozed_until == until_then)
    assert inform(other).about.endswith(f"snoozed until {until_then:%H:%M} UTC: they are on the phone with Ben")
    await sandbox.advance(1_300)
    for one in (session, other):
        one.refresh()
        await until(lambda one=one: inform(one).state is Due.OVERDUE)
        assert inform(one).snoozed_until is None
    await other.close()
    await desk.close()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"deadline": "publish"}, "isn't running"),
        ({"deadline": "inform", "ticket": 99}, "isn't running"),
        ({"until": "soon"}, "Until when"),
        ({"until": "2026-11-23T18:00:00"}, "with its zone"),
        ({"until": "2026-11-23T13:00:00+00:00"}, "has passed"),
        ({"until": "2027-11-23T13:00:00+00:00"}, "more than a month"),
        ({"reason": "  "}, "reason"),
    ],
)
async def test_what_cannot_be_snoozed_says_why(session: Session, changes: dict[str, Any], why: str) -> None:
    await begun(session)
    data: dict[str, Any] = {"deadline": "inform", "until": "2026-11-23T14:00:00+00:00", "reason": "x", **changes}
    with pytest.raises(Impossible, match=why):
        session.act("snooze", **data)
