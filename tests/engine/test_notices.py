"""What goes wrong around an incident: each says what is wrong and what to do, and the rest goes on."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cockpit.engine.desk import Desk
from cockpit.engine.notices import notices
from cockpit.engine.session import Session
from cockpit.incident.facts import Freshness, Snapshot, Source
from cockpit.sandbox import Sandbox
from tests.conftest import SandboxSettings, settings_for
from tests.engine.test_people import begun
from tests.engine.test_session import happen
from tests.waiting import until


def told(session: Session, words: str) -> bool:
    """Whether a notice holds those words."""
    return any(words in notice for notice in session.view.notices)


async def test_a_channel_archived_under_us(session: Session, sandbox: Sandbox) -> None:
    await begun(session)
    assert session.view.notices == ()
    happen(sandbox, "archive", by="kim")
    await until(lambda: told(session, "is archived: notes can't be posted. Unarchive it in Slack"))
    session.act("note", text="still looking")
    await until(lambda: session.view.outbox.refused == 1)
    assert "the channel is archived" in (session.view.outbox.deliveries[0].error or "")
    session.act("incident_note", text="PagerDuty goes on")
    await until(lambda: session.view.snapshot.pagerduty.notes)


async def test_a_channel_made_private_under_us(session: Session, sandbox: Sandbox) -> None:
    await begun(session)
    channel = sandbox.world.slack.channels[str(session.case.channel_id)]
    channel.is_private = True
    await until(lambda: told(session, "is private now: the process wants it public"))
    session.act("note", text="still looking")
    await until(lambda: not session.view.outbox.deliveries)
    channel.members.remove(sandbox.world.slack.apps["cockpit"].user_id)
    slack = lambda: session.view.snapshot.health[Source.SLACK]
    await until(lambda: slack().state is not Freshness.OK)
    assert "Slack refused" in (slack().error or "")
    assert session.view.snapshot.health[Source.PAGERDUTY].state is Freshness.OK


async def test_a_ticket_merged_or_deleted_under_us(session: Session, sandbox: Sandbox) -> None:
    await begun(session)
    desk = sandbox.world.freshdesk
    happen(sandbox, "ticket", ticket="twin", by="t.brandt@rivendell.example", subject="Down", text="<p>Hello</p>")
    desk.merge(desk.tickets[4038], desk.tickets[4039], sandbox.person("ben").agent_id or 0)
    await until(lambda: told(session, "Ticket 4038 was merged into ticket 4039: link 4039 instead. Then unlink 4038."))
    await sandbox.advance(60)
    session.act("link_ticket", ticket=4039, subject="Down")
    session.act("unlink_ticket", ticket=4038)
    await until(lambda: session.view.notices == () and session.view.snapshot.ticket(4039))
    desk.discard(desk.tickets[4039], spam=False)
    await until(lambda: told(session, "Ticket 4039 was deleted or is spam"))


class HourSlow(SandboxSettings):
    """Settings of a machine whose clock is an hour behind."""

    def now(self) -> datetime:
        """An hour before the sandbox's present."""
        return self.sandbox_clock.now() - timedelta(hours=1)


async def test_a_clock_an_hour_wrong(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = settings_for(sandbox, tmp_path / "state")
    slow = HourSlow(**{name: getattr(settings, name) for name in settings.__slots__})
    object.__setattr__(slow, "sandbox_clock", sandbox.clock)
    desk = Desk(slow)
    session = desk.session(await desk.find("1924"))
    await session.start()
    await until(lambda: told(session, "This machine's clock is 1 h behind"))
    assert told(session, "Set it, by NTP best.")
    session.act("open_channel")
    session.act("note", text="all the same")
    await until(lambda: session.view.snapshot.slack and not session.view.outbox.deliveries)
    await session.close()
    await desk.close()


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        ((1, 1, 1), "This machine's clock is 1 h behind PagerDuty's"),
        ((-1, -1, -1), "This machine's clock is 1 h ahead of PagerDuty's"),
        ((1, 0, 0), "PagerDuty's clock and this machine's differ by 1 h; the other services agree"),
        ((0, 0, 0), None),
    ],
)
def test_whose_clock_is_wrong(hours: tuple[int, int, int], words: str | None) -> None:
    skews = {source: timedelta(hours=each) for source, each in zip(Source, hours, strict=True)}
    found = notices(Snapshot(), skews)
    assert (found == ()) if words is None else found[0].startswith(words)
