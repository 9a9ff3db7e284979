"""`cockpit report`: from a cold start, over HTTP, out of the services alone."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cockpit.command_line.sandbox import config_text
from cockpit.engine.report_file import replace_file
from cockpit.sandbox import SandboxClock, SandboxThread
from tests.command_line.conftest import Outcome, Run
from tests.conftest import BEGIN

Report = Callable[..., Outcome]


@pytest.fixture
def served() -> Iterator[SandboxThread]:
    """The long outage, played by itself."""
    clock = SandboxClock(BEGIN, 0)
    with SandboxThread("long_outage", clock=clock, rate_limits=False, autoplay=True) as sandbox:
        yield sandbox


@pytest.fixture
def cold(served: SandboxThread, run: Run, config: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Report:
    """Run a command as on a machine that has never seen the incident, and whose clock goes as the world's."""
    count = iter(range(100))

    def report(*argv: object) -> Outcome:
        config.write_text(config_text(served))
        monkeypatch.setenv("COCKPIT_STATE_DIR", str(tmp_path / f"state{next(count)}"))
        return run("--config", config, *argv)

    return report


def link(served: SandboxThread) -> None:
    """Link the ticket in the incident's description, where any cockpit reads it."""
    url = served.call(lambda sandbox: sandbox.freshdesk_url)

    def describe(sandbox: object) -> None:
        incident = max(sandbox.world.pagerduty.incidents.values(), key=lambda one: one.number)
        incident.details = f"{url}/a/tickets/4038"

    served.call(describe)


def test_the_report_of_the_whole_outage_from_a_cold_start(served: SandboxThread, cold: Report) -> None:
    link(served)
    served.advance(11 * 3600)
    outcome = cold("report", "1924")
    assert (outcome.code, outcome.err) == (0, "")
    text = outcome.out
    assert text.startswith('---\ntitle: "Incident #1924: Hub unreachable: rivendell/prod"\ndate: 2026-11-23\n---\n')
    for line in (
        "| **Owner** | Ana Ruiz, Lou Marsh (Incident Responder) |",
        "| **Duration** | 14 h 4 min |",
        "| **Time to acknowledge** | 4 h 20 min (goal 15 min, missed), at 13:06 UTC |",
        "| **Time to P1** | 4 h 26 min, at 13:12 UTC |",
        "| **Time to inform** | 4 h 32 min (goal 30 min, missed), at 13:18 UTC |",
        "| **Communication Liaison** | Ben Okafor |",
    ):
        assert line in text
    assert "3 of 3 updates within 2 h" in text
    assert "Ticket 4038" in text
    assert "confirmed: everybody in the evening course could start a server" in text
    assert "Failed to pull image" in text, "what was said in a thread"
    assert "hub's database disk" in text, "PagerDuty's notes"
    assert "lunch" not in text, "what was deleted"
    assert "```mermaid\ntimeline\n" in text
    places = [text.index(f"## {title}\n") for title in ("Overview", "What happened", "Resolution", "Timeline")]
    assert places == sorted(places)


def test_as_json_and_without_names(served: SandboxThread, cold: Report, tmp_path: Path) -> None:
    link(served)
    served.advance(11 * 3600)
    found = json.loads(cold("report", "1924", "--format", "json").out)
    assert found["impact"]["duration_seconds"] == (14 * 60 + 4) * 60
    assert found["times"]["inform"]["seconds"] == (4 * 60 + 32) * 60
    outcome = cold("report", "1924", "--anonymous", "-o", tmp_path / "r.json")
    assert (outcome.code, outcome.out) == (0, "")
    text = (tmp_path / "r.json").read_text()
    for name in ("Ana", "Ruiz", "Okafor", "Tanaka", "Marsh", "Osei", "ivendell", "sandbox.pagerduty", "/tickets/"):
        assert name not in text
    assert json.loads(text)["anonymous"] is True
    named = cold("report", "1924", "-o", tmp_path / "r.json")
    assert (named.code, "was written with --anonymous" in named.err) == (2, True)
    assert cold("report", "1911", "--anonymous", "-o", tmp_path / "r.json").code == 2
    assert (tmp_path / "r.json").read_text() == text
    assert "Read it before you publish it" in outcome.err


def test_an_open_incident_is_a_draft_and_written_again_keeps_the_prose(
    served: SandboxThread, cold: Report, tmp_path: Path
) -> None:
    file = tmp_path / "report.md"
    served.advance(2 * 3600 - 60)
    outcome = cold("report", "-o", file)
    assert outcome.code == 0
    assert "It is a draft: the incident is open." in outcome.err
    text = file.read_text()
    assert "> **Draft: the incident is open.**" in text
    head, _, rest = text.partition("## Overview\n\n")
    file.write_text(f"{head}## Overview\n\nMine.\n\n{rest[rest.index('## ') :]}")
    file.chmod(0o640)
    served.advance(9 * 3600)
    outcome = cold("report", "1924", "-o", file)
    assert outcome.code == 0
    assert f"Wrote {file} again." in outcome.err
    text = file.read_text()
    assert "## Overview\n\nMine.\n\n## What happened" in text
    assert "Draft" not in text
    assert "## Resolution" in text
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir() if "report.md" in path.name] == ["report.md"]


def test_an_edited_timeline_is_kept_beside(served: SandboxThread, cold: Report, tmp_path: Path) -> None:
    file = tmp_path / "report.md"
    served.advance(11 * 3600)
    cold("report", "1924", "-o", file)
    edited = file.read_text().replace("Sleep well", "Good night")
    file.write_text(edited)
    file.chmod(0o600)
    kept = tmp_path / "report.md~"
    kept.write_text("an older one")
    kept.chmod(0o644)
    outcome = cold("report", "1924", "-o", file)
    assert outcome.code == 0
    assert "Somebody had edited the timeline" in outcome.err
    assert (kept.read_text(), stat.S_IMODE(kept.stat().st_mode)) == (edited, 0o600)
    assert "Sleep well" in file.read_text()


@pytest.mark.parametrize("name", ["notes.md", "notes.json"])
def test_another_file_is_not_written_over(served: SandboxThread, cold: Report, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text('{"mine": 1}\n')
    outcome = cold("report", "1924", "-o", file)
    assert (outcome.code, outcome.out) == (2, "")
    assert "isn't a report that a cockpit wrote" in outcome.err
    assert file.read_text() == '{"mine": 1}\n'
    assert not served.call(lambda sandbox: sandbox.requests), "it is said before anything is asked"


def test_a_folder_that_is_not_there_is_said(served: SandboxThread, cold: Report, tmp_path: Path) -> None:
    outcome = cold("report", "1924", "-o", tmp_path / "no" / "report.md")
    assert outcome.code == 2
    assert "there is no such folder" in outcome.err


def test_a_service_that_is_away_leaves_a_gap_and_a_report_alone(
    served: SandboxThread, cold: Report, tmp_path: Path
) -> None:
    file = tmp_path / "report.md"
    served.advance(11 * 3600)
    cold("report", "1924", "-o", file)
    whole = file.read_text()
    served.fault("slack", "500")
    outcome = cold("report", "1924")
    assert outcome.code == 3
    assert "> **Incomplete:** Slack couldn't be read: all of it is missing." in outcome.out
    assert "cockpit: Slack couldn't be read." in outcome.err
    outcome = cold("report", "1924", "-o", file)
    assert outcome.code == 3
    assert "was left as it is: nothing of Slack is known" in outcome.err
    assert file.read_text() == whole


def test_what_is_remembered_stands_in(served: SandboxThread, run: Run, config: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.md"
    served.advance(11 * 3600)
    assert run("--config", config, "report", "1924", "-o", file).code == 0
    served.fault("*", "500")
    outcome = run("--config", config, "report", "1924", "-o", file)
    assert outcome.code == 3
    text = file.read_text()
    assert "> **Incomplete:** Slack couldn't be read: this is what it said at" in text
    assert "Failed to pull image" in text


def test_an_incident_that_there_is_not(cold: Report) -> None:
    assert cold("report", "9999").code == 4
    assert cold("report", "nonsense words").code == 2


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    target, alias = tmp_path / "real.md", tmp_path / "alias.md"
    target.write_text("old")
    alias.symlink_to(target)
    replace_file(alias, "new\r\n")
    assert (target.read_bytes(), alias.is_symlink()) == (b"new\r\n", True)
    with pytest.raises(UnicodeEncodeError):
        replace_file(target, "\ud800")
    assert target.read_bytes() == b"new\r\n"
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["alias.md", "real.md"]


def told(served: SandboxThread, kind: str) -> list[dict[str, Any]]:
    """Our notes of a kind in the channel."""
    channels = served.call(lambda sandbox: sandbox.state())["slack"]["channels"]
    messages = [one for channel in channels for one in channel["messages"]]
    ours = [one for one in messages if ((one.get("metadata") or {}).get("event_payload") or {}).get("kind") == kind]
    assert all(one["thread_ts"] is None for one in ours)
    return ours


def status(cold: Report, step: str) -> dict[str, Any]:
    """How a step stands, to a cockpit that has never seen the incident."""
    steps = json.loads(cold("status", "1924", "--json").out)["steps"]
    found: dict[str, Any] = next(one for one in steps if one["id"] == step)
    return found


def test_writing_it_leaves_one_note_for_each_change_and_the_step_is_sensed(
    served: SandboxThread, cold: Report, tmp_path: Path
) -> None:
    file = tmp_path / "incident.md"
    served.advance(3600)
    assert cold("report", "1924", "-o", file).code == 0
    served.advance(60)
    cold("report", "1924", "-o", file)
    (note,) = told(served, "report")
    assert note["text"] == "▤ Wrote the report: incident.md (a draft: the incident is open) — Ana Ruiz"
    assert "while the incident was open" in status(cold, "after.draft")["evidence"]
    served.advance(10 * 3600)
    before = len(told(served, "report"))
    assert cold("report", "1924", "-o", file).code == 0
    outcome = cold("report", "1924", "-o", file)
    assert "Not noted in the channel. It hasn't changed since Ana Ruiz wrote it" in outcome.err
    assert len(told(served, "report")) == before + 1
    (note,) = told(served, "report")[before:]
    assert str(tmp_path) not in json.dumps(note), "nobody's folders"
    assert note["metadata"]["event_payload"]["data"].keys() == {"file", "digest", "draft"}
    drafted = status(cold, "after.draft")
    assert (drafted["state"], drafted["source"]) == ("done", "slack")
    assert "drafted by Ana Ruiz" in drafted["evidence"]
    assert "as incident.md" in drafted["evidence"]

    file.write_text(file.read_text().replace("## Overview\n\n", "## Overview\n\nIn short: "))
    cold("report", "1924", "-o", file)
    assert len(told(served, "report")) == before + 2, "what a person edited is a change"
    cold("--read-only", "report", "1924", "-o", tmp_path / "other.md")
    cold("report", "1924")
    assert len(told(served, "report")) == before + 2, "neither read-only nor a look at it notes anything"
    assert (tmp_path / "other.md").exists()


def test_the_impact_that_a_person_knows_counts_on_every_machine(
    served: SandboxThread, cold: Report, tmp_path: Path
) -> None:
    served.advance(11 * 3600)
    outcome = cold("report", "1924", "--impact-start", "25 min before the alert", "--impact-end", "22:40")
    assert outcome.code == 0
    assert "From: Mon 23 Nov 2026, 08:21 UTC, 25 min before the alert at 08:46 UTC." in outcome.err
    assert "| **Impact starts** | 23 Nov 2026, 08:21 UTC (Ana Ruiz said so) |" in outcome.out
    (note,) = told(served, "impact")
    assert note["text"] == "◎ Users were hit from 2026-11-23 08:21 UTC until 2026-11-23 22:40 UTC — Ana Ruiz"
    found = json.loads(cold("report", "1924", "--format", "json").out)
    assert (found["impact"]["start"], found["impact"]["end"]) == ("2026-11-23T08:21:00Z", "2026-11-23T22:40:00Z")
    cold("report", "1924", "--impact-start", "08:21")
    assert len(told(served, "impact")) == 1, "the same word again is no news"
    for typed, said in (
        ("tomorrow", "isn't a time"),
        ("2026-02-30 10:00", "isn't in the calendar"),
        ("2026-11-30 10:00", "still to come"),
        ("2026-11-23 23:30", "before it began"),
    ):
        outcome = cold("report", "1924", "--impact-start", typed)
        assert (outcome.code, outcome.out) == (2, "")
        assert said in outcome.err
    assert cold("--read-only", "report", "1924", "--impact-start", "08:21").code == 2
    assert len(told(served, "impact")) == 1
