"""Every sensed step, through its phases: what proves it, what doesn't, and how the evidence reads."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.incident.checklist import State, StepState
from cockpit.incident.facts import Freshness, Health, LogKind, Source, Status
from cockpit.incident.sensors import People
from tests.incident.build import ANA, BEN, FRESHDESK, KIM, LOU, PEOPLE, ROTA, World, outage, resolved


def step(world: World, step_id: str, now: str = "17:00", people: People = PEOPLE) -> StepState:
    return world.assess(now, people).step(step_id)


# --- 1 validate


@pytest.mark.parametrize(
    ("title", "body", "done"),
    [
        ("[take immediate action] hub down", "", True),
        ("hub down", "severity: take immediate action\nsee the runbook", True),
        ("hub down (take immediate action).", "", True),
        ("immediate action needed: hub down", "", False),
        ("take immediate action needed", "", False),
        ("take immediate actions", "", False),
        ("mistake immediate action", "", False),
        ("Same: same day action needed", "", False),
        ("immediate action needed", "really: take immediate action", True),
    ],
)
def test_only_exactly_the_tag_classifies(title: str, body: str, done: bool) -> None:
    found = step(World().opened("16:00", title="Alert").alert("16:00", title, body), "validate.classify")
    assert (found.state is State.DONE) is done
    assert found.sensed is done


def test_the_trap_tag_is_named() -> None:
    world = World().opened("16:00").alert("16:00", "immediate action needed: hub")
    assert "“immediate action needed” isn't “take immediate action”" in step(world, "validate.classify").evidence
    world = World().opened("16:00").alert("16:00", "same day action needed")
    assert "“same day action needed” (P2)" in step(world, "validate.classify").evidence


def test_the_title_of_the_incident_counts_too() -> None:
    assert step(World().opened("16:00", title="take immediate action: hub"), "validate.classify").state is State.DONE


def test_by_hand_only_when_not_classified() -> None:
    assert step(outage(), "validate.test").state is State.NOT_APPLICABLE
    world = World().opened("16:00").alert("16:00", "hub slow")
    assert step(world, "validate.test").state is State.TODO
    world.attest("validate.test", "16:10", verdict="outage", outage_kind="degraded performance")
    assessed = world.assess("16:20")
    assert assessed.step("validate.test").state is State.DONE
    assert not assessed.step("validate.test").sensed
    assert assessed.step("validate.classify").state is State.NOT_APPLICABLE
    assert (assessed.verdict, assessed.outage_kind) == ("outage", "degraded performance")
    assert assessed.phase_done(1)


def test_asking_for_more_settles_nothing() -> None:
    world = World().ticket(4040, "13:00").attest("validate.test", "13:05", verdict="asked_for_more")
    assessed = world.assess("13:10")
    assert assessed.step("validate.test").state is State.TODO
    assert assessed.verdict == "asked_for_more"
    assert "no answer yet" in assessed.step("validate.test").evidence
    world.heard(4040, "13:20")
    assert "R. Osei answered at 13:20 UTC" in step(world, "validate.test", "13:30").evidence


def test_the_ticket_path_has_its_own_words() -> None:
    world = World().ticket(4040, "13:00")
    assert "Reproduce" in step(world, "validate.test").hint
    assert step(world, "validate.classify").state is State.NOT_APPLICABLE
    assert "six kinds" in step(World().opened("13:00").alert("13:00", "x"), "validate.test").hint


def false_alarm() -> World:
    return World().opened("16:00").alert("16:00", "x").attest("validate.test", "16:05", verdict="not_outage")


def test_a_false_alarm_is_resolved_first() -> None:
    world = false_alarm().priority("16:06", "P1")
    assert "resolve it first" in step(world, "validate.false_alarm").evidence
    world.resolved("16:10")
    assert "now remove P1" in step(world, "validate.false_alarm").evidence
    world.priority("16:11", None)
    found = step(world, "validate.false_alarm")
    assert found.state is State.DONE
    assert found.evidence == "resolved first, then P1 removed at 16:11 UTC (PagerDuty log)"


def test_the_other_order_leaves_a_phantom() -> None:
    world = false_alarm().priority("16:06", "P1").priority("16:08", None).resolved("16:10")
    found = step(world, "validate.false_alarm")
    assert found.state is State.TODO
    assert "before it was resolved" in found.evidence


def test_removed_between_two_resolutions_is_the_wrong_order() -> None:
    world = false_alarm().priority("16:06", "P1").resolved("16:10").reopened("16:12")
    world.priority("16:13", None).resolved("16:20")
    assert step(world, "validate.false_alarm").state is State.TODO


def test_created_as_p1_and_demoted_before_the_resolution_is_the_wrong_order() -> None:
    world = false_alarm()
    world.priority("16:08", None).resolved("16:10")
    assert step(world, "validate.false_alarm").state is State.TODO


def test_a_false_alarm_that_never_was_p1_needs_resolving_only() -> None:
    world = false_alarm()
    assert step(world, "validate.false_alarm").state is State.TODO
    assert step(world.resolved("16:10"), "validate.false_alarm").state is State.DONE


def test_after_a_false_alarm_nothing_else_applies() -> None:
    assessed = false_alarm().assess("17:00")
    later = [s for s in assessed.steps if s.step.phase > 1]
    assert {s.state for s in later} == {State.NOT_APPLICABLE}
    assert assessed.deadlines == ()
    assert step(outage(), "validate.false_alarm").state is State.NOT_APPLICABLE


# --- 2 start


def test_p1_follows_the_world() -> None:
    world = World().opened("16:00").priority("16:05", "P2")
    assert step(world, "start.p1").evidence == "its priority is P2, not P1 (PagerDuty)"
    world.priority("16:06", "P1")
    assert step(world, "start.p1").evidence == "made P1 at 16:06 UTC (PagerDuty)"
    world.priority("16:09", None)
    assert step(world, "start.p1").state is State.TODO


def test_a_placeholder_is_no_person() -> None:
    world = World().opened("08:46").acknowledged("08:50", ROTA)
    assert step(world, "start.acknowledged").state is State.TODO
    assert "by no person" in step(world, "start.acknowledged").evidence
    world.acknowledged("11:31", ANA)
    assert step(world, "start.acknowledged").evidence == "acknowledged by Ana Ruiz at 11:31 UTC (PagerDuty log)"


def test_a_placeholder_known_by_another_entry_only() -> None:
    world = World().opened("08:46").assigned("08:46", ROTA).acknowledged("08:50", replace(ROTA, email=None))
    assert step(world, "start.acknowledged").state is State.TODO


def test_an_unknown_address_cannot_be_told_from_a_placeholder() -> None:
    world = World().opened("08:46").acknowledged("08:50", replace(LOU, email=None))
    assert step(world, "start.acknowledged").state is State.CANT_TELL
    assert step(world, "start.acknowledged", people=People()).state is State.DONE


def test_a_log_that_lags_behind_is_waited_for() -> None:
    world = World().ticket(1, "15:00").opened("16:00", priority="P1").acknowledged("16:01").channel_opened("16:02")
    world.told(1, "16:03").log.pop()
    found = world.assess("16:05")
    assert found.step("start.acknowledged").state is State.DONE
    assert "doesn't say when yet" in found.step("start.acknowledged").evidence
    assert found.official_start.at is None


def test_a_machine_is_no_person() -> None:
    world = World().opened("16:00").acknowledged("16:01", ANA)
    assert world.incident is not None
    world.incident = replace(world.incident, acknowledgers=())
    world.log[-1] = replace(world.log[-1], by_person=False)
    assert step(world, "start.acknowledged").state is State.TODO


def test_the_log_proves_it_after_the_resolution() -> None:
    found = step(resolved(), "start.acknowledged", "19:00")
    assert found.state is State.DONE
    assert "16:12 UTC" in found.evidence


def test_an_acknowledgement_that_ran_out_is_none() -> None:
    world = World().opened("16:00").acknowledged("16:05").entry(LogKind.UNACKNOWLEDGED, "16:35", None)
    assert world.incident is not None
    world.incident = replace(world.incident, status=Status.TRIGGERED)
    found = step(world, "start.acknowledged")
    assert found.state is State.TODO
    assert "but no longer" in found.evidence


def test_the_catch_all_service_is_set_and_warned_of() -> None:
    world = World().opened("16:00", service_name="Misc alerts from Prometheus Alert Manager")
    assert step(world, "start.service").state is State.DONE
    assert step(world, "start.service").evidence.startswith("⚠")
    assert step(World().opened("16:00", service_name=None), "start.service").state is State.TODO


def test_the_channel_must_be_public() -> None:
    assert step(World().channel_opened("16:00", private=True), "start.channel").state is State.TODO
    assert step(World().channel_opened("16:00"), "start.channel").state is State.DONE


def test_told_means_a_public_reply_since_the_beginning_on_every_ticket() -> None:
    world = World().ticket(1, "15:00").told(1, "15:10").link(1, "15:20").opened("16:00")
    assert step(world, "start.informed").state is State.TODO  # that was before T0
    world.told(1, "16:10")
    assert step(world, "start.informed").state is State.DONE
    world.ticket(2, "16:20").link(2, "16:21")
    assert "ticket 2: no public reply" in step(world, "start.informed").evidence
    world.ticket(3, "16:30", outbound=True).told(2, "16:31").link(3, "16:32")
    assert step(world, "start.informed").state is State.DONE  # an outbound ticket tells by itself


def test_a_private_note_tells_nobody() -> None:
    world = World().opened("16:00").ticket(1, "15:00").told(1, "16:10")
    world.talk[1][-1] = replace(world.talk[1][-1], private=True)
    assert step(world, "start.informed").state is State.TODO


def test_a_ticket_typed_in_for_a_caller_tells_nobody() -> None:
    world = World().opened("16:00").ticket(1, "16:05")
    world.talk[1][0] = replace(world.talk[1][0], incoming=False)
    assert step(world, "start.informed").state is State.TODO


def test_a_ticket_linked_in_the_description_counts() -> None:
    world = World().opened("16:00", description=f"see {FRESHDESK}/a/tickets/4038")
    assert step(world, "start.ticket").evidence == "ticket 4038 is linked, but Freshdesk hasn't shown it yet"
    world.ticket(4038, "15:50")
    assert step(world, "start.ticket").state is State.DONE
    world.record("unlink_ticket", "16:10", data={"ticket": 4038})
    assert step(world, "start.ticket").state is State.TODO


# --- 3 work


def test_narrated_lapses_and_a_bot_says_nothing() -> None:
    world = outage()
    assert step(world, "work.narrated", "16:40").state is State.DONE
    assert step(world, "work.narrated", "16:41").state is State.TODO
    world.said("16:50", "Incident acknowledged", bot=True, subtype="bot_message")
    world.said("16:51", "joined", KIM, subtype="channel_join")
    assert step(world, "work.narrated", "16:52").state is State.TODO
    world.record("note", "16:53").said("16:53", "✎ looking — Ana Ruiz", bot=True, subtype="bot_message")
    world.messages[-1] = replace(world.messages[-1], record=world.records[-1])
    found = step(world, "work.narrated", "16:56")
    assert found.state is State.DONE
    assert found.evidence == "Ana Ruiz wrote 3 min ago, at 16:53 UTC (#jupyterhub_u_inc_1924)"


def test_a_bot_outside_the_channel_cannot_tell() -> None:
    world = World().channel_opened("16:00", member=False)
    assert step(world, "work.narrated").state is State.CANT_TELL
    assert step(world, "work.no_threads").state is State.CANT_TELL


def test_threads_are_lifted() -> None:
    world = outage().threaded("16:25", "the image can't be pulled")
    found = step(world, "work.no_threads")
    assert found.state is State.TODO
    assert "Kim Tan wrote in a thread at 16:25 UTC" in found.evidence
    world.record("lift", "16:30", "work.no_threads", data={"ts": world.threads[0].ts})
    assert step(world, "work.no_threads").state is State.DONE


def test_a_thread_that_nobody_read_yet_is_a_thread() -> None:
    world = outage()
    world.messages[-1] = replace(world.messages[-1], reply_count=2)
    assert step(world, "work.no_threads").state is State.TODO
    world.messages[-1] = replace(world.messages[-1], reply_count=0)
    assert step(world, "work.no_threads").state is State.DONE


def test_a_reply_sent_to_the_channel_too_is_no_thread() -> None:
    world = outage().threaded("16:25", "found it")
    world.messages.append(replace(world.threads[0], subtype="thread_broadcast"))
    assert step(world, "work.no_threads").state is State.DONE


# --- 4 hands


def test_experts_by_request_by_invitation_or_attested() -> None:
    assert step(outage(), "hands.experts").state is State.TODO
    assert step(outage().responder(LOU, "pending", "16:30"), "hands.experts").sensed
    assert step(outage().responder(LOU, "declined", "16:30"), "hands.experts").state is State.TODO
    assert step(outage().record("invite", "16:30", "hands.experts"), "hands.experts").sensed
    said = step(outage().attest("hands.experts", "16:30", note="Lou is on a call"), "hands.experts")
    assert (said.state, said.sensed) == (State.DONE, False)
    assert "Lou is on a call" in said.evidence


def test_the_tech_lead_is_in_by_membership_or_by_joining() -> None:
    world = outage()
    assert step(world, "hands.tech_lead").state is State.TODO
    world.responder(KIM, "pending", "16:30")
    assert step(world, "hands.tech_lead").evidence == "Kim Tan was asked: pending (PagerDuty)"
    world.members.append(KIM)
    assert step(world, "hands.tech_lead").evidence == "Kim Tan is in #jupyterhub_u_inc_1924 (Slack)"
    assert step(outage().responder(KIM, "joined", "16:40"), "hands.tech_lead").state is State.DONE
    assert step(world, "hands.tech_lead", people=People()).state is State.CANT_TELL


def test_the_tech_lead_needs_only_one_of_two_services() -> None:
    world = outage().responder(KIM, "joined", "16:40").down(Source.SLACK, "16:50")
    assert step(world, "hands.tech_lead").state is State.DONE
    assert step(outage().down(Source.SLACK, "16:50"), "hands.tech_lead").state is State.CANT_TELL


def test_roles() -> None:
    world = outage()
    assert "ticket 4038 has no agent" in step(world, "roles.assigned").evidence
    world.ticket_now(4038, agent=BEN).responder(LOU, "joined", "16:30")
    found = step(world, "roles.assigned")
    assert found.state is State.DONE
    assert "IR Ana Ruiz" in found.evidence
    assert "CL Ben Okafor" in found.evidence
    nobody = World().opened("08:46").assigned("08:46", ROTA)
    assert "no person has the incident" in step(nobody, "roles.assigned").evidence


# --- 5 comms


def test_updates_are_due_per_ticket() -> None:
    world = outage()
    assert step(world, "comms.update", "18:19").state is State.DONE
    found = step(world, "comms.update", "18:20")
    assert found.state is State.TODO
    assert "nothing for 2 h, last told at 16:20 UTC" in found.evidence
    world.told(4038, "18:21")
    assert step(world, "comms.update", "18:22").state is State.DONE
    world.ticket(4039, "18:22", company="utopia").link(4039, "18:23")
    assert step(world, "comms.update", "18:24").evidence == "ticket 4039 (utopia): not told yet (Freshdesk)"


def test_a_question_wants_an_answer() -> None:
    world = outage().heard(4038, "16:30")
    assert "R. Osei wrote at 16:30 UTC, unanswered" in step(world, "comms.answered").evidence
    assert step(world.told(4038, "16:35"), "comms.answered").state is State.DONE


def test_a_linked_ticket_never_read_cannot_be_told() -> None:
    world = outage().link(9999, "16:30")
    for step_id in ("start.informed", "comms.update", "comms.answered"):
        assert step(world, step_id).state is State.CANT_TELL


# --- 6 and 7 resolve


def test_resolved_through() -> None:
    assessed = resolved().assess("18:30")
    assert assessed.phase_done(6)
    assert assessed.phase_done(7)
    assert not assessed.quiet(8)
    assert assessed.step("comms.update").state is State.DONE  # it was told a moment ago: what was done stays done
    assert resolved().assess("23:00").step("comms.update").state is State.NOT_APPLICABLE


def test_resolved_as_last_read_may_have_been_reopened_since() -> None:
    world = resolved().down(Source.PAGERDUTY, "18:10")
    assert step(world, "work.narrated", "23:00").state is State.TODO


def test_a_reply_that_is_no_resolution_message_tells_no_resolution() -> None:
    world = outage().resolved("18:00").told(4038, "18:02", purpose="update")
    assert step(world, "resolve.told", "18:05").state is State.TODO
    world.record("reply", "18:06", data={"ticket": 4038, "purpose": "resolution", "conversation_id": 424242})
    assert "not seen in Freshdesk yet" in step(world, "resolve.told", "18:07").evidence


def test_resolved_from_outside_is_followed() -> None:
    found = step(outage().resolved("18:00", None), "resolve.pagerduty", "18:05")
    assert found.state is State.DONE
    assert found.evidence == "resolved by PagerDuty, from outside at 18:00 UTC (PagerDuty log)"


def test_closed_is_not_resolved() -> None:
    world = resolved().ticket_now(4038, status=5)
    assert "Closed asks nobody" in step(world, "resolve.freshdesk", "19:00").evidence
    assert step(resolved().ticket_now(4038, status=17), "resolve.freshdesk", "19:00").state is State.TODO


@pytest.mark.parametrize("text", ["It is STILL broken.", "hub is down again", "students can’t log in", "Not fixed!"])
def test_still_broken_breaks_it(text: str) -> None:
    world = resolved().heard(4038, "19:41", text)
    found = step(world, "resolve.holds", "19:45")
    assert found.state is State.TODO
    assert "R. Osei wrote at 19:41 UTC" in found.evidence
    assert not world.assess("19:45").phase_done(7)
    world.told(4038, "19:50")  # an answer doesn't mend it
    assert step(world, "resolve.holds", "19:55").state is State.TODO


def test_a_line_that_ends_within_a_phrase_hides_nothing() -> None:
    world = resolved().heard(4038, "19:41", "Sorry, it does\nnot work.").told(4038, "19:50")
    assert "with “does not work”" in step(world, "resolve.holds", "19:55").evidence


def test_an_unread_word_after_the_resolution_cannot_be_told() -> None:
    world = resolved().heard(4038, "19:41", "Thank you!\n> the hub is still down, we wrote")
    assert step(world, "resolve.holds", "19:45").state is State.CANT_TELL
    assert step(world.told(4038, "19:50"), "resolve.holds", "19:55").state is State.DONE


def test_what_came_before_the_resolution_says_nothing() -> None:
    assert step(outage().heard(4038, "17:30", "still broken").resolved("18:00"), "resolve.holds", "19:00").sensed


def test_reopening_takes_the_resolution_back() -> None:
    world = resolved().heard(4038, "19:41", "still broken").reopened("19:45").ticket_now(4038, status=2)
    assessed = world.assess("19:50")
    for step_id in ("resolve.validated", "resolve.told", "resolve.pagerduty", "resolve.freshdesk", "resolve.holds"):
        assert assessed.step(step_id).state is State.TODO, step_id
    assert "counts no more" in assessed.step("resolve.validated").evidence
    world.acknowledged("19:46").attest("resolve.validated", "22:00").resolved("22:44")
    world.told(4038, "22:45", purpose="resolution").ticket_now(4038, status=4)
    assert world.assess("23:00").phase_done(7)


def test_a_ticket_that_is_not_read_yet_has_an_agent_or_not() -> None:
    world = outage().ticket_now(4038, agent=BEN).responder(LOU, "joined", "16:40").link(4039, "17:00")
    found = step(world, "roles.assigned", "17:01")
    assert (found.state, found.evidence) == (State.CANT_TELL, "can't tell: Freshdesk hasn't shown ticket 4039 yet")
    assert step(world.ticket(4039, "16:50"), "roles.assigned", "17:02").evidence == "ticket 4039 has no agent"


def test_whether_an_expert_is_named_cannot_be_told_without_the_channel() -> None:
    world = outage().ticket_now(4038, agent=BEN)
    world.members.append(KIM)
    assert step(world, "roles.assigned", "17:00").state is State.DONE
    found = step(world.down(Source.SLACK, "16:59"), "roles.assigned", "17:00")
    assert (found.state, found.source) == (State.CANT_TELL, Source.SLACK)
    assert step(world.ticket_now(4038, agent=None), "roles.assigned", "17:00").state is State.TODO, "so much is certain"


# --- 8 after


def test_links_are_asked_for() -> None:
    world = resolved().attest("after.actions", "18:30")
    assert "it needs a link" in step(world, "after.actions", "19:00").evidence
    world.attest("after.actions", "18:31", note="see https://tracker.example.com/1, and 2")
    found = step(world, "after.actions", "19:00")
    assert (found.state, found.url) == (State.DONE, "https://tracker.example.com/1")


def test_the_report_is_sent_by_its_link() -> None:
    world = resolved()
    link = "https://reports.example.com/2026/hub_down"
    assert step(world, "after.sent", "+1 09:00").state is State.TODO
    world.attest("after.published", "+1 10:00", link=link)
    assert step(world, "after.sent", "+1 10:01").state is State.TODO
    world.told(4038, "+1 10:05", f"See {link}_old")
    assert step(world, "after.sent", "+1 10:06").state is State.TODO
    world.told(4038, "+1 10:10", "See https://reports.example.com/2026/hub\\_down/.")
    found = step(world, "after.sent", "+1 10:11")
    assert found.state is State.DONE
    assert "10:10 UTC" in found.evidence


def test_archived_after_publishing() -> None:
    world = resolved()
    assert world.channel is not None
    world.channel = replace(world.channel, archived=True)
    assert "isn't published yet" in step(world, "after.archived", "+1 09:00").evidence
    world.attest("after.published", "+1 10:00", link="https://reports.example.com/1")
    assert step(world, "after.archived", "+1 10:01").state is State.DONE


def test_the_draft_is_sensed_or_attested() -> None:
    assert step(resolved().record("report", "18:40"), "after.draft", "19:00").sensed
    assert step(resolved().attest("after.draft", "18:40"), "after.draft", "19:00").state is State.DONE


def test_a_report_written_too_early_is_not_the_one_that_is_owed() -> None:
    open_yet = outage().record("report", "17:00", data={"file": "a.md", "draft": True}).resolved("18:00")
    assert "while the incident was open" in step(open_yet, "after.draft", "19:00").evidence
    again = resolved().record("report", "18:40").reopened("19:00").resolved("20:00")
    assert "before it was reopened" in step(again, "after.draft", "20:10").evidence
    assert step(again.record("report", "20:20"), "after.draft", "20:30").sensed
    assert step(resolved().down(Source.SLACK, None), "after.draft", "19:00").state is State.CANT_TELL


def test_a_false_alarm_that_was_never_declared_leaves_nothing_to_close() -> None:
    world = World().ticket(4038, "16:05").link(4038, "16:06").attest("validate.test", "16:30", verdict="not_outage")
    assert step(world, "validate.false_alarm", "16:31").state is State.NOT_APPLICABLE
    assert world.told(4038, "16:40").ticket_now(4038, status=4).assess("16:41").next_step() is None


def test_a_ticket_that_tells_of_no_outage_is_answered_and_resolved() -> None:
    world = World().ticket(4038, "16:05").link(4038, "16:06").attest("validate.test", "16:30", verdict="not_outage")

    def following(now: str) -> str | None:
        found = world.assess(now).next_step()
        return found.step.id if found else None

    assert following("16:31") == "comms.answered"
    assert step(world.told(4038, "16:40"), "comms.answered", "16:41").state is State.DONE
    assert following("16:41") == "resolve.freshdesk"
    world.ticket_now(4038, status=5)
    assert step(world, "resolve.freshdesk", "16:45").state is State.NOT_APPLICABLE, "closed is an end as well"
    world.ticket_now(4038, status=4).heard(4038, "16:50", "Thank you!")
    assert step(world, "resolve.freshdesk", "17:00").state is State.DONE
    assert following("17:00") is None, "thanks wait for nothing"
    world.ticket_now(4038, status=2)
    assert following("17:00") == "comms.answered"


def test_what_happens_to_an_open_incident_opens_it_no_second_time() -> None:
    world = resolved().reopened("19:41").acknowledged("19:45").attest("resolve.validated", "20:15")
    world.entry(LogKind.UNACKNOWLEDGED, "20:20", None).acknowledged("20:30").entry(LogKind.TRIGGERED, "20:31", None)
    assert step(world, "resolve.validated", "20:40").state is State.DONE
    assert "reopened at 19:41 UTC" in step(world, "resolve.pagerduty", "20:40").evidence


def test_acknowledged_after_a_resolution_was_opened_again_by_it() -> None:
    world = resolved().acknowledged("19:41").resolved("20:00").entry(LogKind.TRIGGERED, "21:00", None)
    world.acknowledged("21:05")
    assert "reopened at 21:00 UTC" in step(world, "resolve.pagerduty", "22:00").evidence


# --- hand-off


def test_a_hand_off_from_beginning_to_end() -> None:
    world = outage()
    assert not world.assess("19:00").shown(9)
    assert world.assess("19:10").shown(9)  # relief comes near
    world.record("handoff", "19:20", data={"to": "Lou Marsh"})
    assert step(world, "handoff.agreed", "19:21").state is State.TODO
    world.attest("handoff.agreed", "19:22")
    assert step(world, "handoff.reassigned", "19:23").state is State.TODO
    world.said("19:23", "the hub is slow for Lou as well").said("19:23", "I hand over soon")
    world.assigned("19:24", LOU, ANA)
    assert step(world, "handoff.reassigned", "19:25").evidence == "assigned to Lou Marsh at 19:24 UTC (PagerDuty log)"
    assert step(world, "handoff.announced", "19:25").state is State.TODO
    world.said("19:26", "Lou takes over from here")
    assert step(world, "handoff.announced", "19:27").state is State.DONE
    assert step(world, "handoff.comms", "19:27").state is State.TODO
    world.record("not_applicable", "19:28", "handoff.comms", data={"reason": "Ben stays"})
    assert world.assess("19:30").phase_done(9)
    assert world.assess("22:23").phase_done(9)
    due = world.assess("22:24")  # Lou's relief comes near: the old hand-off is history
    assert {s.state for s in due.in_phase(9)} == {State.TODO}


def test_the_liaison_changes_too() -> None:
    world = outage().record("handoff", "19:20", data={"to": "Lou Marsh", "liaison": "ben@example.com"})
    assert step(world, "handoff.comms", "19:21").state is State.TODO
    assert step(world.ticket_now(4038, agent=BEN), "handoff.comms", "19:21").state is State.DONE


def test_a_hand_off_is_begun_by_attesting_it() -> None:
    world = outage().attest("handoff.agreed", "17:00")
    assert world.assess("17:01").shown(9)
    assert step(world, "handoff.reassigned", "17:01").state is State.TODO  # Ana's assignment is older
    assert step(world.assigned("17:02", LOU, ANA), "handoff.reassigned", "17:03").state is State.DONE


# --- services that are down, and things that aren't there yet


def test_nothing_there_yet_is_to_do_while_the_services_are_well() -> None:
    states = {s.state for s in World().assess("17:00").steps}
    assert states == {State.TODO, State.NOT_APPLICABLE}


def test_down_means_cannot_tell_with_the_last_known_words() -> None:
    world = outage().down(Source.PAGERDUTY, "16:57", "503 from the API")
    found = step(world, "start.acknowledged", "17:00")
    assert found.state is State.CANT_TELL
    assert found.evidence == (
        "can't tell: PagerDuty says: 503 from the API; last read 3 min ago: "
        "acknowledged by Ana Ruiz at 16:12 UTC (PagerDuty log)"
    )
    world = outage().down(Source.FRESHDESK, None, None)
    assert step(world, "start.ticket").evidence == "can't tell: Freshdesk hasn't been read yet"


@pytest.mark.parametrize("source", list(Source))
def test_no_sensed_step_over_a_service_that_is_down_is_done(source: Source) -> None:
    world = resolved().down(source, "18:10")
    for found in world.assess("18:30").steps:
        if found.source is source:
            assert found.state is not State.DONE, found.step.id
            assert found.state is not State.TODO, found.step.id


def test_stale_is_still_trusted() -> None:
    world = outage()
    world.health[Source.PAGERDUTY] = Health(Freshness.STALE, world.health[Source.PAGERDUTY].read_at, "timed out")
    assert step(world, "start.acknowledged").state is State.DONE


def test_the_date_is_told_on_another_day() -> None:
    assert "at 23 Nov 16:12 UTC" in step(outage(), "start.acknowledged", "+1 09:00").evidence
