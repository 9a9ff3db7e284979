"""`note`, `tick`, `declare` and `log`: what reaches the services, what waits, and how each end is told."""

from __future__ import annotations

import io
import json
import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.command_line.conftest import Run, ran, spawned
from tests.waiting import eventually


def channels(served) -> dict[str, list[dict[str, Any]]]:
    """The channels' messages by the channel's name."""
    return {one["name"]: one["messages"] for one in served.state()["slack"]["channels"]}


def records(served) -> list[dict[str, Any]]:
    """Our notes in all channels, oldest first."""
    messages = [message for one in channels(served).values() for message in one]
    ours = [message for message in messages if (message.get("metadata") or {}).get("event_type") == "cockpit_action"]
    return sorted(ours, key=lambda message: float(message["ts"]))


@pytest.fixture
def declared(cockpit: Run) -> int:
    """A P1 with its channel; its number."""
    outcome = cockpit("declare", "--title", "Hub down for Rivendell", "--ticket", "4038")
    assert outcome.code == 0, outcome.err
    return 1925


def test_declaring_makes_the_incident_its_channel_and_one_note_of_each(cockpit: Run, declared: int, served) -> None:
    incident = next(one for one in served.state()["pagerduty"]["incidents"] if one["incident_number"] == declared)
    assert incident["title"] == "Hub down for Rivendell"
    assert incident["priority"]["summary"] == "P1"
    assert incident["service"]["summary"] == "Misc alerts from Prometheus Alert Manager"
    assert f"{served.freshdesk_url}/a/tickets/4038" in json.dumps(incident["body"])
    assert "misc_alerts__inc_1925" in channels(served)
    kinds = [message["metadata"]["event_payload"]["kind"] for message in records(served)]
    assert sorted(kinds) == ["declare", "link_ticket", "open_channel"]
    assert cockpit("status").out.startswith("#1925  Hub down for Rivendell")


def test_declaring_takes_the_title_from_the_ticket_and_the_service_by_name(cockpit: Run, served) -> None:
    outcome = cockpit("declare", "--ticket", "4038", "--ticket", "4038", "--service", "jupyterhub url")
    assert outcome.code == 0
    assert outcome.out.splitlines()[0] == "✓ done: declare “Hub is not reachable”"
    incident = served.state()["pagerduty"]["incidents"][-1]
    assert str(incident["body"]).count("/a/tickets/4038") == 1
    assert (incident["title"], incident["service"]["summary"]) == ("Hub is not reachable", "JupyterHub URL")


def test_declaring_twice_makes_one_incident(cockpit: Run, declared: int, served) -> None:
    outcome = cockpit("declare", "--title", "Again", "--ticket", "4038")
    assert outcome.code == 2
    assert "declared already: #1925" in outcome.err
    assert len(served.state()["pagerduty"]["incidents"]) == 2


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        ((), 2, "needs a --title"),
        (("--title", " "), 2, "needs a --title"),
        (("--title", "x", "--service", "JupiterHub URL"), 2, "Did you mean “JupyterHub URL”?"),
        (("--title", "x", "--ticket", "99999"), 4, "no ticket 99999"),
    ],
)
def test_a_declaration_that_cannot_be_is_a_sentence(
    cockpit: Run, served, argv: tuple[str, ...], code: int, said: str
) -> None:
    outcome = cockpit("declare", *argv)
    assert outcome.code == code
    assert said in outcome.err
    assert len(served.state()["pagerduty"]["incidents"]) == 1


def test_a_declaration_that_pagerduty_refuses_is_4_and_opens_no_channel(cockpit: Run, served) -> None:
    before = set(channels(served))
    served.fault("pagerduty", "403", method="POST")
    outcome = cockpit("declare", "--title", "x")
    assert outcome.code == 4
    assert outcome.out.startswith("✗ refused: declare “x”")
    assert set(channels(served)) == before


# --- note ------------------------------------------------------------------------------------------------------------


def test_a_note_is_in_the_channel_once(cockpit: Run, declared: int, served) -> None:
    outcome = cockpit("note", "The image can't be pulled")
    assert (outcome.code, outcome.out, outcome.err) == (0, "✓ done: note “The image can't be pulled”\n", "")
    notes = [message for message in records(served) if "image can't be pulled" in message["text"]]
    assert len(notes) == 1
    assert notes[0]["text"].endswith("— Ana Ruiz")
    assert notes[0].get("thread_ts") is None


def test_a_note_to_a_named_incident_and_from_stdin(
    cockpit: Run, declared: int, served, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cockpit("note", str(declared), "by number").code == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("two\nlines\n"))
    assert cockpit("note", str(declared), "-").code == 0
    texts = [message["text"] for message in records(served)]
    assert any("by number" in text for text in texts)
    assert any("two\nlines" in text for text in texts)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("looks", "like", "dns"), "in quotes"),
        (("looks", "odd"), "in quotes"),
        (("  ",), "empty"),
        (("x" * 5000,), "2,800"),
    ],
)
def test_a_note_that_cannot_be_is_a_sentence(
    cockpit: Run, declared: int, served, words: tuple[str, ...], said: str
) -> None:
    before = len(records(served))
    outcome = cockpit("note", *words)
    assert outcome.code == 2
    assert said in outcome.err
    assert len(records(served)) == before


def test_an_empty_stdin_is_an_empty_note(cockpit: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    outcome = cockpit("note", "-")
    assert (outcome.code, outcome.err) == (2, "cockpit: The note is empty.\n")


def test_without_a_channel_a_note_waits_and_goes_out_in_order_when_there_is_one(cockpit: Run, served) -> None:
    for text in ("first", "second"):
        outcome = cockpit("note", "ticket:4038", text)
        assert outcome.code == 3
        assert outcome.out == f"◷ queued: note “{text}”\n"
        assert "goes out when the incident has a channel" in outcome.err
    assert records(served) == []
    assert cockpit("declare", "--ticket", "4038").code == 0
    notes = [message["text"] for message in records(served) if message["text"].startswith("✎")]
    assert [text.split(" —")[0] for text in notes] == ["✎ first", "✎ second"]


def test_what_slack_had_no_time_for_waits_and_a_later_command_delivers_it(cockpit: Run, declared: int, served) -> None:
    served.fault("slack", "429", path="chat.postMessage", retry_after=1)
    outcome = cockpit("note", "kept")
    assert outcome.code == 3
    assert outcome.out.startswith("◷ queued: note “kept”. Couldn't post")
    assert "safe on this machine" in outcome.err
    served.clear_faults()

    def ours() -> list[str]:
        return [message["text"] for message in records(served) if message["text"].startswith("✎")]

    deadline, tries = time.monotonic() + 30, 0
    while "✎ kept — Ana Ruiz" not in ours():
        assert time.monotonic() < deadline
        tries += 1
        assert cockpit("note", f"later {tries}").code in (0, 3)  # it waits behind the one before it
    assert cockpit("note", "last").code == 0
    assert ours() == [f"✎ {text} — Ana Ruiz" for text in ("kept", *(f"later {n + 1}" for n in range(tries)), "last")]


def test_a_refused_note_is_4_and_says_what_is_missing(cockpit: Run, declared: int, served) -> None:
    served.call(lambda sandbox: sandbox.story.world.slack.apps["cockpit"].scopes.remove("chat:write"))
    outcome = cockpit("note", "no")
    assert outcome.code == 4
    assert outcome.out.startswith("✗ refused: note “no”")
    assert "chat:write" in outcome.out


def test_a_note_whose_answer_was_lost_is_looked_up_and_not_sent_twice(cockpit: Run, declared: int, served) -> None:
    served.fault("slack", "drop_after", path="chat.postMessage", count=1)
    outcome = cockpit("note", "once")
    assert outcome.code == 0, outcome.err
    assert sum("once" in message["text"] for message in records(served)) == 1


def test_an_outcome_that_nobody_can_tell_is_5(cockpit: Run, declared: int, served, monkeypatch) -> None:
    monkeypatch.setattr("cockpit.command_line.acting.PATIENCE", 1.0)
    served.fault("slack", "drop_after", path="chat.postMessage")
    served.fault("slack", "500", path="conversations.history")
    outcome = cockpit("note", "lost")
    assert outcome.code == 5
    assert outcome.out.startswith("? unknown: note “lost”")
    assert cockpit("status").out.rstrip().endswith("Outbox: 1 unknown; see `cockpit log`.")


def test_read_only_writes_nothing(cockpit: Run, declared: int, served) -> None:
    before = len(served.requests())
    for argv in (("note", "x"), ("tick", "resolve.validated"), ("declare", "--title", "x")):
        outcome = cockpit("--read-only", *argv)
        assert outcome.code == 2
        assert "--read-only" in outcome.err
    assert len(served.requests()) == before
    assert cockpit("--read-only", "status").code == 0


def test_ctrl_c_while_it_waits_tells_that_the_note_is_kept(cockpit: Run, config: Path, declared: int, served) -> None:
    before = len(served.requests())
    served.fault("slack", "hang")
    with spawned("--config", config, "note", str(declared), "kept") as process:
        asked = lambda: any(request.service == "slack" for request in served.requests()[before:])
        eventually(lambda: asked() or process.poll() is not None, "Slack is asked")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert err == "cockpit: It is kept on this machine and may still go out: see `cockpit log`.\n"
    assert cockpit("log").out.splitlines()[-1].endswith("◷ queued  Ana Ruiz  note “kept”")


# --- tick ------------------------------------------------------------------------------------------------------------


def step(cockpit: Run, name: str) -> dict[str, Any]:
    document = json.loads(cockpit("status", "1925", "--json").out)
    return next(one for one in document["steps"] if one["id"] == name)


def test_a_step_is_attested_with_who_and_what(cockpit: Run, declared: int, served) -> None:
    outcome = cockpit("tick", "resolve.validated", "--note", "reviewed with Ben")
    assert (outcome.code, outcome.err) == (0, "")
    state = step(cockpit, "resolve.validated")
    assert (state["state"], state["sensed"], state["by"]) == ("done", False, "Ana Ruiz")
    assert "reviewed with Ben" in state["evidence"]
    assert sum("reviewed with Ben" in message["text"] for message in records(served)) == 1


@pytest.mark.parametrize(("flag", "state"), [("--not-applicable", "not_applicable"), ("--override", "overridden")])
def test_a_step_is_set_aside_with_a_reason(cockpit: Run, declared: int, flag: str, state: str) -> None:
    assert cockpit("tick", "1925", "start.informed", flag, "they called us").code == 0
    found = step(cockpit, "start.informed")
    assert (found["state"], found["sensed"]) == (state, False)
    assert "they called us" in found["evidence"]


def test_a_verdict_is_a_verdict(cockpit: Run, declared: int) -> None:
    assert cockpit("tick", "validate.test", "--verdict", "outage").code == 0
    assert step(cockpit, "validate.test")["state"] == "done"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("resolve.validatd",), "Did you mean `resolve.validated`?"),
        (("zzz",), "It has: validate.classify"),
        (("resolve.validated", "--override", " "), "needs a reason"),
        (("resolve.validated", "--override", "x", "--note", "y"), "takes its reason"),
        (("start.acknowledged",), "can't be attested"),
        (("one", "two", "three"), "Expected `[INCIDENT] STEP`"),
    ],
)
def test_a_tick_that_cannot_be_is_a_sentence(
    cockpit: Run, declared: int, served, argv: tuple[str, ...], said: str
) -> None:
    before = len(records(served))
    outcome = cockpit("tick", *argv)
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err
    assert len(records(served)) == before


# --- log -------------------------------------------------------------------------------------------------------------


def test_the_log_has_every_delivery_and_its_end_without_asking_anybody(cockpit: Run, declared: int, served) -> None:
    cockpit("note", "looked at the nodes")
    served.fault("*", "500")
    before = len(served.requests())
    outcome = cockpit("log")
    assert outcome.code == 0
    assert "#1925  Hub down for Rivendell" in outcome.err
    lines = outcome.out.splitlines()
    assert [line for line in lines if "declare “Hub down" in line and "note:" not in line] == [lines[1]]
    assert lines[-1].split("  ") == ["13:03 UTC", "✓ done", "Ana Ruiz", "note “looked at the nodes”"]
    assert len(served.requests()) == before


def test_the_log_as_json(cockpit: Run, declared: int) -> None:
    cockpit("note", "1925", "x")
    outcome = cockpit("log", "1925", "--json")
    assert outcome.code == 0
    entries = json.loads(outcome.out)
    lines = [line["event"] for line in entries[-1].pop("lines")]
    assert lines == ["journalled", "sending", "done"]
    assert entries[-1] | {"seq": 0, "action": ""} == {
        "seq": 0, "action": "", "kind": "note", "part": "note", "title": "note “x”", "destination": "slack",
        "state": "done", "held": False, "asks": False, "actor": "Ana Ruiz", "at": "2026-11-23T13:03:00Z", "error": None,
        "found_by": None, "certain": None,
    }  # fmt: skip
    assert len({entry["seq"] for entry in entries}) == len(entries)


def test_an_empty_log_says_so(cockpit: Run) -> None:
    outcome = cockpit("log", "1924")
    assert (outcome.code, outcome.out) == (0, "")
    assert "Nothing was done from this machine." in outcome.err


def test_a_state_folder_that_cannot_be_used_is_said(config: Path, tmp_path: Path, monkeypatch) -> None:
    blocked = tmp_path / "a file"
    blocked.touch()
    monkeypatch.setenv("COCKPIT_STATE_DIR", str(blocked / "state"))
    outcome = ran("--config", config, "status", "1924")
    assert outcome.code == 2
    assert str(blocked) in outcome.err


def test_the_log_says_when_what_is_queued_goes_again(cockpit: Run, declared: int, served) -> None:
    served.fault("slack", "429", path="chat.postMessage", retry_after=300)
    outcome = cockpit("note", "1925", "x")
    assert outcome.code == 3
    assert "Slack gets too many requests from this account" in outcome.out
    assert re.search(r"◷ queued .* \(again in (4|5) min\)$", cockpit("log", "1925").out, re.MULTILINE)
    assert "Outbox: 1 queued, again in" in cockpit("status", "1925").out
