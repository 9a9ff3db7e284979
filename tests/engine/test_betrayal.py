"""A secret of the config that somebody types or pastes: it isn't journalled, isn't sent, and isn't in a draft."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from cockpit.engine.actions import KINDS, Impossible
from cockpit.engine.desk import JOURNAL, Desk
from cockpit.engine.journal import Action
from cockpit.engine.session import Session
from cockpit.engine.view import DeliveryState, Part
from cockpit.sandbox import Sandbox
from cockpit.secret import Secret
from cockpit.settings import Settings
from tests.engine.test_read_only import SOMETHING
from tests.engine.test_session import begin
from tests.waiting import until

TYPED = {
    "note": "text", "incident_note": "text", "attest": "note", "override": "reason", "not_applicable": "reason",
    "defer": "reason", "snooze": "reason", "reply": "body", "open_ticket": "subject", "declare": "title",
    "request_responders": "message", "handoff": "brief", "link_ticket": "subject", "resolve_incident": "resolution",
    "lift": "text",
}  # fmt: skip
"""Each kind that carries what a person writes, and where."""


def forms(secret: str) -> tuple[str, ...]:
    """How a person comes by it: as it is, in an address, in a header that a debugging tool printed."""
    return (
        secret,
        f"https://h.example/?t={quote(secret, safe='')}",
        f"Basic {b64encode(f'{secret}:X'.encode()).decode()}",
    )


async def test_no_text_that_a_person_types_may_hold_one(session: Session, settings: Settings, sandbox: Sandbox) -> None:
    await begin(session)
    given = sandbox.credentials()
    secrets = given["pagerduty_token"], given["slack_token"], given["freshdesk_key"]
    before = len(sandbox.requests)
    for kind, field in TYPED.items():
        for form in (form for secret in secrets for form in forms(secret)):
            data: dict[str, Any] = {one: SOMETHING[one] for one in KINDS[kind].needs}
            step = "resolve.validated" if kind in {"attest", "override", "not_applicable", "defer"} else None
            with pytest.raises(Impossible) as stopped:
                session.act(kind, step=step, **data | {field: f"it is {form}, I think"})
            assert form not in str(stopped.value)
            if KINDS[kind].impossible(session.view, data, step) is None:
                assert "from the config" in str(stopped.value), kind
    for form in (form for secret in secrets for form in forms(secret)):
        session.drafts.save("channel", f"it is {form}, I think", to=form)
        draft = session.drafts.of("channel")
        assert draft is not None
        assert re.fullmatch(r"it is .*•••, I think", draft.text), "the rest is kept"
    await until(lambda: any("held a secret" in notice for notice in session.view.notices), "it is told")
    await session.close()
    held = b"".join(path.read_bytes() for path in settings.state_dir.rglob("*") if path.is_file())
    for secret in secrets:
        for form in (secret, quote(secret, safe=""), b64encode(f"{secret}:X".encode()).decode()):
            assert form.encode() not in held
            assert not [one for one in sandbox.requests[before:] if form in one.body + one.query]


async def test_one_whose_source_is_a_command_is_held_back_once_it_is_known(
    settings: Settings, sandbox: Sandbox
) -> None:
    """The process that journalled it hadn't asked the command yet, as `cockpit run` never does."""
    key = sandbox.credentials()["freshdesk_key"]
    behind(settings, "echo", key)
    desk = Desk(settings)
    session = desk.session(await desk.find("1924"))
    session.act("open_channel")
    action = Action("r1", session.case.key, "run", None, "Ana", session.now(),
                    {"command": f"curl -u {key}: https://h", "exit": 0, "seconds": 1.0})  # fmt: skip
    desk.journal.add(action, Part.NOTE, "slack")
    await session.start()
    await until(lambda: desk.connection.freshdesk)
    await until(lambda: [one for one in desk.history(session.case) if one.held], "it is held back")
    (one,) = [one for one in desk.history(session.case) if one.action_id == "r1"]
    assert one.state is DeliveryState.REFUSED
    assert one.error == "This holds [freshdesk] api_key from the config, which nobody may read: take it out."
    await session.close()
    await desk.close()
    assert not [request for request in sandbox.requests if key in request.body]
    assert (settings.state_dir / JOURNAL).exists()


def behind(settings: Settings, *argv: str) -> None:
    """Have Freshdesk's key come from that command."""
    assert settings.freshdesk is not None
    changed = replace(settings.freshdesk, api_key=Secret.command(argv, "[freshdesk] api_key"))
    object.__setattr__(settings, "freshdesk", changed)


def written(settings: Settings) -> bytes:
    """Everything in the state folder."""
    return b"".join(path.read_bytes() for path in settings.state_dir.rglob("*") if path.is_file())


async def test_until_the_command_answers_no_text_is_kept_but_drafts_which_are_masked_then(
    settings: Settings, sandbox: Sandbox, tmp_path: Path
) -> None:
    key = sandbox.credentials()["freshdesk_key"]
    answer = tmp_path / "answer"
    behind(settings, "/bin/sh", "-c", f"until [ -e '{answer}' ]; do sleep 0.05; done; cat '{answer}'")
    desk = Desk(settings)
    session = desk.session(await desk.find("1924"))
    await session.start()
    with pytest.raises(Impossible, match=r"isn't known yet: the command `/bin/sh …` hasn't answered"):
        session.act("note", text=f"it is {key}")
    session.act("acknowledge")
    session.drafts.save("channel", f"it is {key}")
    answer.write_text(key)
    await until(lambda: desk.connection.freshdesk)
    await until(lambda: session.drafts.of("channel").text == "it is •••", "the draft")
    session.act("note", text="looked around")
    assert key.encode() not in written(settings), "nor in the write-ahead log"
    await session.close()
    await desk.close()


async def test_where_the_command_failed_a_text_is_gone_once_it_is_dropped(settings: Settings, sandbox: Sandbox) -> None:
    key = sandbox.credentials()["freshdesk_key"]
    behind(settings, "false")
    desk = Desk(settings)
    session = desk.session(await desk.find("1924"))
    await desk.learn_secrets()
    session.act("note", text=f"it is {key}")
    (noted,) = session.view.outbox.deliveries
    assert noted.title == "write a note in the timeline", "the audit's lines stay"
    session.decisions.drop(noted.seq)
    assert key.encode() not in written(settings)
    await session.close()
    await desk.close()


async def test_a_case_does_not_begin_with_one(settings: Settings, sandbox: Sandbox) -> None:
    desk = Desk(settings)
    with pytest.raises(Impossible, match="from the config"):
        await desk.begin(f"Hub down {sandbox.credentials()['slack_token']}")
    assert desk.journal.cases() == ()
    assert (await desk.begin("Hub down")).title == "Hub down"
    desk.journal.close()
