"""The report: its figures, its tale, its names, and that nothing in it is more than text."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cockpit.incident.facts import Snapshot, Source
from cockpit.incident.report import report
from cockpit.incident.report_diagram import diagram
from cockpit.incident.report_markdown import Zone, markdown
from cockpit.incident.report_timeline import is_fix, telling_line
from cockpit.incident.report_values import EntryKind, Means, Report
from tests.incident.build import ANA, BEN, FRESHDESK, KIM, LOU, PEOPLE, PROCESS, ROTA, World, at, outage, resolved
from tests.incident.mermaid import timeline_of


def told(world: World, now: str = "23:00", **options: Any) -> Report:
    return reported(world.snapshot(), now, **options)


def reported(snapshot: Snapshot, now: str = "23:00", **options: Any) -> Report:
    return report(PROCESS, snapshot, PEOPLE, at(now), freshdesk_url=FRESHDESK, **options)


def index(text: str) -> dict[str, str]:
    return dict(re.findall(r"^\| \*\*(.+?)\*\* \| (.*) \|$", text, re.MULTILINE))


def section(written: Report, key: str) -> list[str]:
    return next(([line.text for line in one.lines] for one in written.sections if one.id == key), [])


def measure(written: Report, name: str) -> timedelta | None:
    return next(one.took for one in written.measures if one.name == name)


# --- figures ---------------------------------------------------------------------------------------------------------


def test_the_figures_of_an_outage() -> None:
    written = told(resolved())
    assert written.title == "Incident #1924: Hub unreachable: mordor/prod"
    assert (written.impact.start, written.impact.end) == (at("16:05"), at("18:00"))
    assert written.impact.duration == timedelta(minutes=115)
    assert {one.name: one.took for one in written.measures} == {
        "acknowledge": timedelta(minutes=2),
        "priority": timedelta(minutes=4),
        "inform": timedelta(minutes=10),
        "restore": timedelta(minutes=110),
    }
    assert written.owner == "Ana Ruiz"
    assert written.draft == ""
    assert written.gaps == ()


def test_the_index_is_a_table_of_lines() -> None:
    text = markdown(told(resolved()))
    assert "\n| **Duration** | 1 h 55 min |\n" in text
    rows = index(text)
    assert rows["Owner"] == "Ana Ruiz (Incident Responder)"
    assert rows["Time to acknowledge"] == "2 min (goal 15 min, kept), at 16:12 UTC"
    assert rows["Ticket"].startswith(
        "[Ticket 4038](https://desk.example.com/a/tickets/4038) (mordor, R. Osei): resolved"
    )
    assert text.startswith('---\ntitle: "Incident #1924: Hub unreachable: mordor/prod"\ndate: 2026-11-23\n---\n')


def test_the_impact_starts_with_whatever_told_of_it_first() -> None:
    ticket_first = told(resolved())
    assert ticket_first.detection is not None
    assert ticket_first.detection.means is Means.COMMUNITY
    assert "ticket 4038 (mordor)" in ticket_first.impact.start_why
    alert_first = told(resolved().alert("15:50", "hub pod not ready"))
    assert alert_first.impact.start == at("15:50")
    assert alert_first.impact.start_why == "the first sign was an alert, “hub pod not ready”"


def test_an_old_ticket_that_is_used_again_did_not_tell_of_it() -> None:
    world = (
        resolved()
        .ticket(3000, "-9 10:00", company="utopia")
        .link(3000, "16:30")
        .heard(3000, "16:40", "down for us too")
    )
    written = told(world)
    assert written.impact.start == at("16:05")
    assert told(world.ticket(3001, "-1 10:00").link(3001, "16:31")).impact.start == at("-1 10:00")


def test_a_persons_word_on_the_impact_wins_and_the_time_to_detect_follows() -> None:
    world = resolved().record("note", "17:00", data={"impact_start": "2026-11-23T15:30:00Z"})
    written = told(world)
    assert (written.impact.start, written.impact.start_why) == (at("15:30"), "Ana Ruiz said so")
    assert measure(written, "detect") == timedelta(minutes=35)
    later = told(
        world.record("note", "19:00", data={"impact_start": "16:99", "impact_end": "2026-11-23T19:45:00+02:00"})
    )
    assert (later.impact.start, later.impact.end) == (at("15:30"), at("17:45"))


def test_an_end_that_did_not_hold_was_none() -> None:
    world = resolved().record("impact", "18:10", data={"impact_end": "2026-11-23T17:50:00Z"})
    assert told(world).impact.end == at("17:50")
    assert told(world.reopened("19:00").resolved("20:00")).impact.end == at("20:00")


def test_an_end_before_the_start_is_no_negative_duration() -> None:
    written = told(resolved().record("note", "17:00", data={"impact_start": "2026-11-23T22:00:00"}))
    assert written.impact.duration == timedelta()


def test_an_open_incident_makes_a_draft() -> None:
    written = told(outage(), "16:40")
    assert written.draft == "the incident is open"
    assert (written.impact.end, written.impact.duration) == (None, None)
    text = markdown(written)
    assert "> **Draft: the incident is open.** As of 23 Nov 2026, 16:40 UTC." in text
    assert "Duration" not in index(text)
    assert index(text)["Time to restore"] == "not yet"


def test_before_anything_was_declared() -> None:
    written = told(World().ticket(4038, "16:05"), "16:10")
    assert written.draft == "no PagerDuty incident was declared yet"
    settled = told(World().ticket(4038, "13:00").attest("validate.test", "13:20", verdict="not_outage"))
    assert settled.draft == "", "none will be"
    assert written.title == "Hub is down"
    assert written.impact.start == at("16:05")
    assert markdown(told(World(), title="Nothing known")).startswith('---\ntitle: "Nothing known"\n')


def test_a_false_alarm_hit_nobody() -> None:
    said = outage().attest("validate.test", "16:30", verdict="not_outage").resolved("16:40")
    for written in (told(said), told(outage().resolved("16:40").priority("16:41", None))):
        assert written.impact.start is None
        assert written.impact.duration is None
        assert "false alarm" in section(written, "overview")[0]
        assert "Users were affected" not in markdown(written)
    assert "false alarm" not in markdown(told(resolved()))


def test_a_placeholders_acknowledgement_is_nobodys() -> None:
    world = World().opened("08:46").assigned("08:46", ROTA).acknowledged("08:50", ROTA)
    written = told(world.assigned("11:30", ANA, KIM).acknowledged("13:06").resolved("14:00"))
    assert measure(written, "acknowledge") == timedelta(hours=4, minutes=20)
    assert written.owner == "Ana Ruiz"
    assert any("lay 2 h 44 min with a user of the rota" in line for line in section(written, "badly"))


# --- updates ---------------------------------------------------------------------------------------------------------


def test_the_cadence_counts_updates_and_their_gaps() -> None:
    world = outage().told(4038, "18:00").told(4038, "21:00").resolved("22:00")
    found = told(world).cadence
    assert found is not None
    assert (found.due, found.kept, found.longest) == (2, 1, timedelta(hours=3))
    assert index(markdown(told(world)))["Updates"] == (
        "1 of 2 updates within 2 h; the longest gap was 3 h, ticket 4038 (mordor)"
    )
    assert "1 of 2 updates came late" in " ".join(section(told(world), "badly"))


def test_an_update_that_never_came_was_due() -> None:
    found = told(outage().resolved("20:00")).cadence
    assert found is not None
    assert (found.due, found.kept, found.longest) == (1, 0, timedelta(hours=3, minutes=40))


def test_no_update_is_due_while_it_is_resolved() -> None:
    world = outage().told(4038, "18:00").resolved("18:10").reopened("23:00").told(4038, "23:30").resolved("+1 00:30")
    found = told(world, "+1 02:00").cadence
    assert found is not None
    assert (found.due, found.kept, found.longest) == (2, 2, timedelta(minutes=100))
    assert "all 2 of the updates" in " ".join(section(told(world, "+1 02:00"), "well"))


def test_the_time_to_be_told_first_is_no_gap_between_updates() -> None:
    found = told(resolved()).cadence
    assert found is not None
    assert (found.due, found.longest) == (0, timedelta(minutes=100))
    assert told(World().opened("16:00").resolved("17:00")).cadence is None


def test_each_ticket_has_its_own_cadence() -> None:
    world = outage().ticket(4039, "16:30", company="utopia").link(4039, "16:31").told(4039, "16:32")
    world.told(4039, "18:00").told(4038, "19:00").resolved("19:10")
    found = told(world).cadence
    assert found is not None
    assert (found.due, found.kept) == (2, 1)
    assert found.longest_about == "ticket 4038 (mordor)"


# --- the tale --------------------------------------------------------------------------------------------------------


def long_one() -> World:
    """Resolved too soon, reopened, handed over, fixed, validated."""
    world = outage().said("16:30", "First fix: I restarted the hub. Watching it.", KIM)
    world.threaded("16:40", "the image can't be pulled", LOU)
    world.record("lift", "16:50", data={"ts": world.threads[0].ts})
    world.record("run", "17:10", data={}).said("17:10", "$ kubectl get pods → exit 0 in 4 s — Ana Ruiz", bot=True)
    world.messages[-1] = replace(world.messages[-1], record=world.records[-1], subtype="bot_message")
    world.resolved("18:00").heard(4038, "19:41", "Dear Ben,\n\nit is still broken.\nServers don't start.").reopened(
        "19:48"
    )
    world.assigned("20:11", LOU, ANA).said("21:08", "Pushed the image again. New servers start.", LOU)
    return world.attest("resolve.validated", "22:40", note="reviewed").resolved("22:50", LOU)


def test_the_timeline_tells_the_parts_of_the_tale() -> None:
    written = told(long_one())
    kinds = [entry.kind for entry in written.timeline]
    assert kinds[0] is EntryKind.IMPACT
    assert [entry.at for entry in written.timeline] == sorted(entry.at for entry in written.timeline)
    for kind in set(EntryKind) - {EntryKind.TOLD, EntryKind.RESPONDED, EntryKind.LEARNED}:
        assert kind in kinds, kind
    command = next(entry for entry in written.timeline if entry.kind is EntryKind.COMMAND)
    assert (command.what, command.outcome) == ("$ kubectl get pods", "exit 0 in 4 s")
    fixes = [(entry.who, entry.outcome) for entry in written.timeline if entry.kind is EntryKind.FIX]
    assert fixes == [
        ("Kim Tan", "resolved at 18:00 UTC, reopened at 19:48 UTC"),
        ("Lou Marsh", "resolved at 22:50 UTC"),
    ]


def test_what_no_channel_tells_is_told_in_words() -> None:
    world = World().opened("16:10", priority="P1").alert("16:10", "hub slow").resolved("16:30")
    for kind, when, step, data in (
        ("attest", "16:20", "validate.test", {"verdict": "not_outage"}),
        ("set_priority", "16:40", "validate.false_alarm", {"priority": None}),
        ("link_ticket", "16:41", "start.ticket", {"ticket": 4038}),
    ):
        world.record(kind, when, step, data=data)
    world.records = [replace(record, ts=None) for record in world.records]
    told_in_words = [entry.what for entry in told(world).timeline]
    assert "Test it by hand: said to be done, not an outage" in told_in_words
    assert "Removed the priority" in told_in_words
    assert "Linked ticket 4038" in told_in_words


def test_a_lifted_reply_is_told_once() -> None:
    text = markdown(told(long_one()))
    table = text[text.index("| UTC |") :]
    assert table.count("the image can't be pulled") == 1
    world = long_one()  # two cockpits lifted it, and the thread can't be read any more
    world.record("lift", "16:51", data={"ts": world.threads[0].ts})
    for record in world.records[-1], next(r for r in world.records if r.kind == "lift"):
        world.said("16:51", "↑ From a thread, Lou Marsh at 16:40: the image can't be pulled — Ana Ruiz", bot=True)
        world.messages[-1] = replace(world.messages[-1], record=record, subtype="bot_message")
    world.threads.clear()
    table = markdown(told(world))
    assert table[table.index("| UTC |") :].count("the image can't be pulled") == 1


def test_the_prose_says_what_the_facts_say_in_order() -> None:
    written = told(long_one())
    happened = section(written, "what_happened")
    assert happened[0] == "PagerDuty opened incident #1924 at 16:10 UTC."
    assert happened.index("Resolved at 18:00 UTC, it was opened again at 19:48 UTC.") < happened.index(
        "Lou Marsh took over the lead at 20:11 UTC."
    )
    resolution = section(written, "resolution")
    assert resolution[0] == "Lou Marsh resolved it in PagerDuty at 22:50 UTC."
    assert "“Pushed the image again. New servers start”" in resolution[1]
    assert "validated it at 22:40 UTC" in resolution[2]
    assert any(
        line.startswith("A message was in a thread") and "it was lifted" in line for line in section(written, "badly")
    )


def test_a_community_that_heard_nothing_is_said() -> None:
    written = told(outage().ticket(4039, "16:30", company="utopia").link(4039, "16:31").resolved("18:00"))
    assert "Nothing was written to ticket 4039 (utopia) while it lasted." in section(written, "badly")
    assert not any("4038" in line and "Nothing" in line for line in section(written, "badly"))


def test_the_roles_and_the_hand_off() -> None:
    world = long_one().ticket_now(4038, agent=BEN)
    roles = {role.key: [holder.name for holder in role.holders] for role in told(world).roles}
    assert roles == {"IR": ["Ana Ruiz", "Lou Marsh"], "CL": ["Ben Okafor"], "TL": ["Kim Tan"]}
    assert index(markdown(told(world)))["Incident Responder"] == (
        "Ana Ruiz (from 23 Nov 2026, 16:10 UTC), Lou Marsh (from 23 Nov 2026, 20:11 UTC)"
    )


def test_action_items_are_what_was_filed_with_links() -> None:
    world = resolved().attest(
        "after.actions", "20:00", note="Keep images: https://git.example.com/i/1, and https://git.example.com/i/2."
    )
    world.attest("after.published", "21:00", link="https://blog.example.com/report")
    world.attest("after.postmortem", "20:30", link="https://pd.example.com/postmortems/1")
    written = told(world)
    (actions,) = (one for one in written.sections if one.id == "actions")
    assert [one.url for line in actions.lines for one in line.links] == [
        "https://git.example.com/i/1", "https://git.example.com/i/2"
    ]  # fmt: skip
    assert ("Postmortem", "https://pd.example.com/postmortems/1") in [(one.label, one.url) for one in written.links]
    assert not any("attest" in entry.what.lower() and entry.at > at("20:00") for entry in written.timeline)


def test_no_section_is_empty_and_what_is_missing_is_asked_for_once() -> None:
    for world in (World(), outage(), resolved(), long_one()):
        text = markdown(told(world))
        parts = re.split(r"^## .*$", re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL), flags=re.MULTILINE)[1:]
        assert all(part.strip() for part in parts)
        assert text.count("Still to be written") == 1
        assert "\n     Where we got lucky: " in text
        assert "## Where we got lucky" not in text


def test_of_the_community_one_line_is_quoted() -> None:
    text = markdown(told(long_one()))
    assert "“it is still broken.”" in text
    assert "Servers don't start." not in text
    assert "Dear Ben" not in text


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Hello,\n\n> you wrote\nIt is down", "It is down"),
        ("Dear Ben Okafor,\nstill broken", "still broken"),
        ("Thanks!", "Thanks!"),
        ("", ""),
        ("Hi Ben, it is down again.", "Hi Ben, it is down again."),
    ],
)
def test_the_line_that_tells_something(text: str, line: str) -> None:
    assert telling_line(text) == line


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("Restarted the hub", True),
        ("First fix: I freed 40 GB", True),
        ("we have rolled back the image. Watching.", True),
        ("Has anything been changed at Mordor?", False),
        ("Changed anything? No.", False),
        ("The disk is full", False),
        ("nobody restarted it", False),
    ],
)
def test_what_counts_as_a_fix(text: str, fix: bool) -> None:
    assert is_fix(text) is fix


def test_times_are_utc_with_the_local_time_beside_them() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    text = markdown(told(long_one()), Zone("Europe/Berlin", lambda moment: moment.astimezone(berlin)))
    assert "Times are UTC, and Europe/Berlin (CET) beside it; all of 23 November 2026." in text
    assert "| UTC | Europe/Berlin (CET) | Who |" in text
    assert "| 16:12 | 17:12 | Ana Ruiz |" in text
    tokyo = ZoneInfo("Asia/Tokyo")
    assert "| 16:12 | 01:12 (24 Nov) |" in markdown(told(long_one()), Zone("", lambda when: when.astimezone(tokyo)))
    utc = ZoneInfo("UTC")
    assert "| UTC | Who |" in markdown(told(long_one()), Zone("UTC", lambda when: when.astimezone(utc)))


def test_days_are_told_where_there_are_several() -> None:
    text = markdown(told(outage().resolved("+1 09:00"), "+1 10:00"))
    assert "| 24 Nov 09:00 |" in text
    assert "        24 Nov 09∶00 : Resolved" in text


def test_what_could_not_be_read_is_said() -> None:
    written = told(resolved().down(Source.FRESHDESK, "17:00"), "18:30")
    assert written.gaps == ("Freshdesk couldn't be read: this is what it said at 17:00 UTC",)
    assert "> **Incomplete:** Freshdesk couldn't be read" in markdown(written)
    never = told(resolved().down(Source.SLACK, None), configured=frozenset({Source.PAGERDUTY, Source.FRESHDESK}))
    assert never.gaps == ()


def test_the_same_facts_give_the_same_text() -> None:
    world = long_one()
    first = markdown(told(world))
    for part in (world.log, world.messages, world.threads, world.records, world.talk[4038]):
        part.reverse()
    assert markdown(told(world)) == first


# --- the diagram -----------------------------------------------------------------------------------------------------


def test_the_diagram_tells_the_milestones_in_chapters() -> None:
    drawn = diagram(told(long_one()))
    lines = [line.strip() for line in drawn.splitlines()]
    assert lines[0] == "timeline"
    assert [line for line in lines if line.startswith("section")] == [
        "section Before anyone responded", "section Working on it", "section Resolved", "section Working on it again"
    ]  # fmt: skip
    assert "19∶48 : Opened again" in lines
    assert "21∶08 : Fix - Pushed the image again. New servers start" in lines
    _, moments = timeline_of(drawn)
    assert ("Working on it again", "19∶48", ("Opened again",)) in moments
    assert diagram(told(World())) == ""
