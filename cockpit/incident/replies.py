"""Texts for the communities: bundled ones, what the facts can fill in, and why a text can't be sent yet."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cockpit.incident.checklist import Assessment, State
from cockpit.incident.facts import LogKind, Snapshot, Status
from cockpit.incident.history import ticket_history
from cockpit.incident.moments import moment
from cockpit.incident.text import everyone_in, one_line
from cockpit.incident.timeline import timeline


class Purpose(StrEnum):
    """What a reply is for; records tell it, and the checklist reads it there."""

    FIRST_RESPONSE = "first_response"
    UPDATE = "update"
    RESOLUTION = "resolution"
    NEED_MORE = "need_more"
    REPORT_LINK = "report_link"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Template:
    """The start of a reply: Markdown with `{fields}`."""

    purpose: Purpose
    title: str
    body: str


FIELDS: Mapping[str, str] = {
    "name": "whom we write to",
    "hub": "which hub",
    "impact": "what users can't do",
    "state": "where it stands",
    "tried": "what was tried since, and what it showed",
    "done": "what was found, and what was done",
    "next": "what we do next",
    "next_update": "when they hear from us again",
    "question": "what we need to know",
    "link": "the report's address",
}
"""The fields of templates, each with what belongs there."""

TEMPLATES: tuple[Template, ...] = (
    Template(
        Purpose.FIRST_RESPONSE,
        "First response",
        "Hi {name},\n\n"
        "Thank you for telling us. Something is wrong with {hub}: {impact}. We are treating it as an outage, and we "
        "are working on it now.\n\n"
        "Right now: {state}. Next, we will {next}.\n\n"
        "You will hear from us again by {next_update}, even if there is nothing new. If you see anything that could "
        "help us, please reply here.\n",
    ),
    Template(
        Purpose.UPDATE,
        "Update",
        "Hi {name},\n\n"
        "Here is where we are with {hub}: {state}.\n\n"
        "What we have tried since we last wrote:\n\n{tried}\n\n"
        "Next, we will {next}. You will hear from us again by {next_update}.\n\n"
        "Thank you for bearing with us.\n",
    ),
    Template(
        Purpose.RESOLUTION,
        "Resolved",
        "Hi {name},\n\n"
        "{hub} should work again. This is what we found and did:\n\n{done}\n\n"
        "Could you please try it, and tell us if anything still looks wrong? We will open this again at once if it "
        "does.\n\n"
        "We are sorry for the disruption. We will write up what happened and send it to you.\n",
    ),
    Template(
        Purpose.NEED_MORE,
        "Need more information",
        "Hi {name},\n\n"
        "Thank you for telling us. We tried to see the same thing on {hub}, and so far we can't. To find it faster, "
        "could you tell us:\n\n"
        "- {question}\n"
        "- who is affected: you, some people, or everyone?\n"
        "- when did it begin, and what does the screen say (a picture is welcome)?\n\n"
        "We keep looking meanwhile, and you will hear from us by {next_update}.\n",
    ),
    Template(
        Purpose.REPORT_LINK,
        "Link to the report",
        "Hi {name},\n\n"
        "We have written up what happened with {hub}, what we did, and what we will change so that it is less likely "
        "to happen again:\n\n{link}\n\n"
        "Thank you for your patience. If something in it is unclear, or you remember it differently, please tell us.\n",
    ),
    Template(Purpose.PLAIN, "Plain reply", "Hi {name},\n\n"),
)
"""The bundled texts, for teams that have no canned responses of their own."""

LONGEST = 20_000
"""Characters of a text that can be sent: more, nobody reviews, and reading its Markdown takes ever longer."""

# Brackets that nobody types: half of one left over in a text still shows that it isn't finished.
_OPEN, _CLOSE = "⟦", "⟧"
_FIELD = re.compile(r"\{(\w+)\}")
_BLANK = re.compile(rf"{_OPEN}\s*([\w.]*)")
_PLACEHOLDER = re.compile(r"\{\{[^{}]*\}\}|\{%[^{}]*%\}")
# What Markdown reads, or what looks like a field; within a word `_` marks nothing.
_READ = re.compile(r"[\\`~*<>\[\]{}|⟦⟧]|(?<![^\W_])_|_(?![^\W_])")
_MENTION = re.compile(r"<(?:@[UW][A-Z0-9]+|!subteam\^[A-Z0-9]+|#[CG][A-Z0-9]+)[^>]*>")


def template(purpose: Purpose) -> Template:
    """The bundled text for that purpose."""
    return next(one for one in TEMPLATES if one.purpose is purpose)


def mark(name: str) -> str:
    """How an unfilled field shows, e.g. `⟦impact: what users can't do⟧`; `problems` finds it again for certain."""
    about = FIELDS.get(name)
    return f"{_OPEN}{name}: {about}{_CLOSE}" if about else f"{_OPEN}{name}{_CLOSE}"


def compose(template: Template, fields: Mapping[str, str]) -> str:
    """The template's text with the fields filled in; those without a value stay as marks. Values aren't read again."""
    return _FIELD.sub(lambda found: fields.get(found[1], "").strip() or mark(found[1]), template.body)


def problems(text: str) -> tuple[str, ...]:
    """Why the text isn't fit to be sent to anybody, each as a sentence that says where; empty: it is."""
    if not text.strip():
        return ("It is empty.",)
    if len(text) > LONGEST:
        return (f"It is {len(text):,} characters long; at most {LONGEST:,} can be reviewed and sent.",)
    found: dict[str, str] = {}
    for blank in _BLANK.finditer(text):
        name = f"“{blank[1]}”" if blank[1] else "A field"
        found.setdefault(name, f"{name} isn't filled in (line {line_of(text, blank.start())}).")
    if _OPEN not in text and (at := text.find(_CLOSE)) >= 0:
        found["close"] = f"A piece of an unfilled field is left: “{_CLOSE}” (line {line_of(text, at)})."
    for placeholder in _PLACEHOLDER.finditer(text):
        words = one_line(placeholder[0], 40)
        found.setdefault(words, f"The placeholder {words} isn't filled in (line {line_of(text, placeholder.start())}).")
    if (everyone := everyone_in(text)) is not None:
        found["everyone"] = f"“{everyone}” mentions everyone, as in Slack: that means nothing to a community."
    for mention in _MENTION.finditer(text):
        words = one_line(mention[0], 40)
        where = f"(line {line_of(text, mention.start())})"
        found.setdefault(words, f"“{words}” is a mention out of Slack {where}: write the name.")
    return tuple(found.values())


def line_of(text: str, at: int) -> int:
    """The number of the line in which that character stands."""
    return text.count("\n", 0, at) + 1


def starting_fields(snapshot: Snapshot, assessment: Assessment, ticket: int, now: datetime) -> Mapping[str, str]:
    """What the facts can say for a reply to that ticket. What they can't is left out, for the writer to fill in."""
    facts = snapshot.ticket(ticket)
    history = ticket_history(facts) if facts else None
    fields = {
        "name": plain(facts.ticket.requester.name) if facts else "",
        "hub": _hub(snapshot, assessment),
        "impact": assessment.outage_kind or "",
        "state": _state(snapshot, assessment, now),
        "tried": _done(snapshot, history.last_told if history else None, now),
        "done": _done(snapshot, None, now),
        "next": _next(assessment),
        "next_update": moment(now + assessment.process.clocks.update, now),
        "link": _report(assessment),
    }
    return {name: value for name, value in fields.items() if value}


def readdressed(text: str, was: str, to: str) -> str:
    """The same text to somebody else: the greeting, its first line, names them instead."""
    first, line_end, rest = text.partition("\n")
    for name in filter(None, (plain(was), first_name(plain(was)))):
        if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", first):
            return re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", lambda _: plain(to), first, count=1) + line_end + rest
    return text


def first_name(name: str) -> str:
    """The name by which somebody is called: its first word, unless that is only an initial."""
    first = name.split()[0] if name.split() else name
    return first if len(first.rstrip(".")) > 1 else name


def plain(words: str, longest: int = 80) -> str:
    """Words out of a service on one line, with nothing in it that Markdown reads or that looks like a field."""
    return one_line(_READ.sub("", words), longest)


def _hub(snapshot: Snapshot, assessment: Assessment) -> str:
    facts = snapshot.pagerduty
    for alert in facts.alerts if facts else ():
        for labels in assessment.process.words.hub_labels:
            parts = [alert.labels.get(label, "") for label in labels.split("/")]
            if all(parts):
                return plain("/".join(parts))
    found = re.search(r":\s+([\w.-]+(?:/[\w.-]+)?)\s*$", facts.incident.title) if facts else None
    return plain(found[1]) if found else ""


def _state(snapshot: Snapshot, assessment: Assessment, now: datetime) -> str:
    facts = snapshot.pagerduty
    if facts is None:
        return "we are looking into what you reported"
    if facts.incident.status is Status.RESOLVED:
        return "it is resolved, as far as we can see"
    if facts.incident.status is Status.ACKNOWLEDGED:
        # Since a person took it, not since it began: hours may lie between.
        taken = next((c.at for c in assessment.official_start.conditions if c.name == "acknowledged"), None)
        return f"our engineers have been working on it since {moment(taken, now)}" if taken else "we are working on it"
    return "our engineers have been alerted"


_LONGEST_LIST = 5
_NOTED = frozenset({"note", "run", "incident_note"})
_REOPENING = ("reopen_incident", LogKind.REOPENED.value)
_RESOLVING = ("resolve_incident", LogKind.RESOLVED.value)
_MEANT = {
    **dict.fromkeys(_REOPENING, "We opened the incident again."),
    **dict.fromkeys(_RESOLVING, "It looked resolved."),
    "request_responders": "We asked more colleagues to help.",
    LogKind.RESPONDER.value: "We asked more colleagues to help.",
    "handoff": "A rested colleague took over.",
}
"""What some acts and entries of PagerDuty's log mean to a community: their own words name people and systems."""


def _done(snapshot: Snapshot, since: datetime | None, now: datetime) -> str:
    """A list of what was done since then, for the writer to put plainly.

    Notes, commands, what was lifted out of a thread, notes in PagerDuty, and the acts that mean something to a
    community. What colleagues merely say in the channel isn't written for one.
    """
    slack = snapshot.slack
    lifted = {str(record.data.get("ts")) for record in snapshot.records if record.kind == "lift"}
    clues = {(reply.at, reply.text) for reply in slack.replies if reply.ts in lifted} if slack else set()
    lines: dict[str, str] = {}
    events = timeline(snapshot)
    reopened = max((event.at for event in events if event.kind in _REOPENING), default=None)
    for event in events:
        if since is not None and event.at <= since:
            continue
        if event.kind in _RESOLVING and (reopened is None or event.at > reopened):
            continue  # the resolution that stands is what the letter is about
        words = _MEANT.get(event.kind, "")
        if event.kind in _NOTED or (event.kind == "thread" and (event.at, event.text) in clues):
            words = plain(_said(event.text), 300)
        if words:
            lines.setdefault(words, f"- {words} ({moment(event.at, now)})")
    return "\n".join(list(lines.values())[-_LONGEST_LIST:])


def _said(words: str) -> str:
    """What a note says, without its sign; of a command's without the end of what it printed."""
    return words.partition("\n```")[0].lstrip("✎⚒$ ").removeprefix("Noted in PagerDuty: ")


def _next(assessment: Assessment) -> str:
    """The first open step that means something to a community."""
    return next((s.step.public for s in assessment.steps if s.state is State.TODO and s.step.public), "")


def _report(assessment: Assessment) -> str:
    """The report's address, once the step that brings it is attested."""
    for state in assessment.steps:
        if state.step.action == "reply:report_link":
            named = state.step.params.get("step")
            return next((s.url or "" for s in assessment.steps if s.step.id == named), "")
    return ""
