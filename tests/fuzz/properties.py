"""What must hold of any text: one function for each promise. `dice` decides what the text itself doesn't."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from html import escape, unescape
from html.parser import HTMLParser
from typing import Any

from markdown_it import MarkdownIt
from rich.cells import cell_len

from cockpit.incident import canned, guards
from cockpit.incident.command import LONGEST_TAIL, last_lines
from cockpit.incident.communities import Listed
from cockpit.incident.facts import Person, Snapshot, Ticket, TicketFacts
from cockpit.incident.guards import Guard
from cockpit.incident.markup import from_html, markdown_plain, to_html, to_markdown
from cockpit.incident.masking import masked, masked_command, spelled
from cockpit.incident.replies import TEMPLATES, compose, plain, problems, readdressed
from cockpit.incident.report_diagram import drawable
from cockpit.incident.report_markdown import link, literal
from cockpit.incident.text import bounded, clean, everyone_in, from_slack, one_line, squash, to_slack
from cockpit.services import freshdesk_wire, pagerduty_wire, slack_record, slack_wire
from cockpit.services.call import Unreadable
from cockpit.tui.ink import clip, measure, paragraph, spread, wrap
from cockpit.tui.signalling import notification, title
from tests.hostile.judging import unsafe

Property = Callable[[str, int], None]

PROPERTIES: list[Property] = []
"""All of them, in a fixed order: an input names its own by number."""


def holds(promise: Property) -> Property:
    """This must hold."""
    PROPERTIES.append(promise)
    return promise


def safe(text: str, *, newline: bool = True) -> None:
    """Nothing in it can command, hide or reorder."""
    assert not (found := unsafe(text, newline=newline)), found


# --- text ------------------------------------------------------------------------------------------------------------


@holds
def cleaning(text: str, dice: int) -> None:
    once = clean(text)
    safe(once)
    assert clean(once) == once
    assert len(once) <= 4 * len(text)
    once.encode()


@holds
def cutting(text: str, dice: int) -> None:
    limit = dice % 300
    line = one_line(text, limit)
    safe(line, newline=False)
    assert len(line) <= limit
    assert one_line(line, limit) == line
    cut = bounded(text, limit)
    safe(cut)
    assert len(cut) <= limit


@holds
def comparing(text: str, dice: int) -> None:
    once = squash(text)
    safe(once, newline=False)
    assert squash(once) == once
    assert squash(clean(text)) == once


@holds
def reading_slack(text: str, dice: int) -> None:
    names = {f"U{n}": part for n, part in enumerate(text.split("|"))}
    shown = from_slack(text, names)
    safe(shown)
    assert len(shown) <= 10 * len(text) + 100 + text.count("<@") * max(map(len, names.values()))


@holds
def writing_slack(text: str, dice: int) -> None:
    wire = to_slack(text)
    assert not re.search("[<>]", wire)
    assert wire == to_slack(from_slack(wire)) if ":" not in text and clean(text) == text else True
    # Whatever was read, said again it mentions nobody: Slack reads mentions between < and > only.
    again = to_slack(from_slack(text))
    assert not re.search("[<>]", again)
    if ":" not in text:
        assert from_slack(wire) == clean(text)


# --- HTML and Markdown -----------------------------------------------------------------------------------------------

_OURS = re.compile(
    r"</?(?:p|strong|em|code|pre|ul|li|blockquote)>|<br>|<ol(?: start=\"[0-9]{1,9}\")?>|</ol>|</a>"
    r"|<a href=\"(?P<href>[^\"<>]*)\">|<code class=\"language-[^\"<>]*\">"
)


class _Data(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.data: list[str] = []

    def handle_data(self, data: str) -> None:
        self.data.append(data)


def _within(small: str, large: str) -> bool:
    """Whether the letters of `small` stand in `large` in that order, white space aside."""
    letters = iter("".join(large.split()))
    return all(letter in letters for letter in "".join(small.split()))


@holds
def reading_html(text: str, dice: int) -> None:
    shown = from_html(text)
    safe(shown)
    assert clean(shown) == shown
    assert "\n\n\n" not in shown
    assert len(shown) <= 40 * len(text) + 40


@holds
def reading_html_that_ends_well(text: str, dice: int) -> None:
    """A page in which we know what is to be seen, and what is not."""
    roll = random.Random(dice)
    html: list[str] = []
    seen: list[str] = []
    for part in re.split(r"[|\n]", text)[:40]:
        words = "".join(c for c in part if c.isascii() and c.isalnum())
        match roll.randrange(7):
            case 0:
                html.append(f"<script>{escape(part)}HIDDEN</script><style>HIDDEN</style>")
            case 1:
                html.append(f'<img src="https://evil.example/HIDDEN?{escape(part)}" height=40>')
            case 2:
                html.append(f"<template><p>HIDDEN {escape(part)}</p></template><title>HIDDEN</title>")
            case 3:
                html.append(f'<a href="javascript:HIDDEN{escape(part)}">ok</a>')
            case 4:
                html.append(f'<b onclick="HIDDEN{escape(part)}" class=HIDDEN>ok</b>')
            case 5:
                html.append(f"<p>SEEN{escape(part)}</p>")
                seen.append(f"SEEN{words}")
            case 6:
                html.append(f"<ul><li>SEEN{words}<ol><li>SEEN<blockquote>")
                seen.append(f"SEEN{words}")
    shown = from_html("".join(html))
    assert "HIDDEN" not in shown.replace("HIDDEN", "", text.count("HIDDEN"))
    squeezed = "".join(c for c in shown if c.isascii() and c.isalnum())
    at = 0
    for words in seen:
        assert (found := squeezed.find(words, at)) >= 0, (words, shown)
        at = found


@holds
def writing_html(text: str, dice: int) -> None:
    html = to_html(text)
    for found in _OURS.finditer(html):
        if found["href"] is not None:
            assert re.match(r"(?:https?://|mailto:)\S", unescape(found["href"]), re.I), found[0]
    assert not re.search("[<>]", _OURS.sub("", html)), html
    safe(unescape(html))
    parser = _Data()
    parser.feed(html)
    parser.close()
    read = markdown_plain(text)
    safe(read)
    assert _within("".join(parser.data), read), "what the community reads, the review shows"
    for found in _OURS.finditer(html):
        if found["href"]:
            bare = re.sub(r"^(?:https?://|mailto:)|/$", "", unescape(found["href"]), flags=re.I)
            assert squash(bare) in squash(read) or "%" in bare or "xn--" in bare, (bare, read)


def _tokens(markdown: str) -> list[Any]:
    """What GitHub reads in it; a bare `host.name`, which this parser would link, isn't linked there."""
    tokens = MarkdownIt("gfm-like", {"html": True, "linkify": True}).parse(markdown)
    flat = [child for token in tokens for child in (token, *(token.children or ()))]
    bare = re.compile(r"http://(?!www\.)", re.I)
    kept: list[Any] = []
    inside = False
    for token in flat:
        if token.type == "link_open" and token.markup == "linkify" and bare.match(str(token.attrs["href"])):
            inside = not re.search(
                r"[a-z]:" + re.escape(str(token.attrs["href"]).removeprefix("http:")), markdown, re.I
            )
            if inside:
                continue
        if token.type == "link_close" and inside:
            inside = False
            continue
        kept.append(token)
    return kept


@holds
def writing_markdown(text: str, dice: int) -> None:
    safe(to_markdown(text))
    html = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(to_markdown(text))
    assert set(re.findall(r"<(/?\w+)", html)) <= {"p", "/p", "br"}, html
    assert squash(unescape(re.sub(r"<br />|</?p>", " ", html))) == squash(text)


@holds
def writing_a_cell_of_the_report(text: str, dice: int) -> None:
    shown = literal(text)
    safe(shown, newline=False)
    tokens = _tokens(f"| a | b |\n| --- | --- |\n| x | {shown} |")
    kinds = {token.type for token in tokens}
    allowed = {"table_open", "table_close", "thead_open", "thead_close", "tbody_open", "tbody_close", "tr_open"}
    allowed |= {"tr_close", "th_open", "th_close", "td_open", "td_close", "inline", "text", "text_special"}
    assert kinds <= allowed | {"code_inline"}, kinds - allowed
    assert sum(token.type == "td_open" for token in tokens) == 2


@holds
def linking_in_the_report(text: str, dice: int) -> None:
    label, _, rest = text.partition("|")
    shown = link(label, f"https://ok.example/{rest}" if dice % 2 else rest)
    safe(shown, newline=False)
    hrefs = [str(token.attrs["href"]) for token in _tokens(f"see {shown}.") if token.type == "link_open"]
    assert all(re.match("https?://", href) for href in hrefs), hrefs
    assert not [token for token in _tokens(f"see {shown}.") if token.type in ("image", "html_inline", "html_block")]
    if dice % 2:
        assert len(hrefs) <= 1


@holds
def drawing_the_diagram(text: str, dice: int) -> None:
    shown = drawable(text)
    assert not re.search(r"[:;#%{}<>\"`\\|\[\]\n&_]|--", shown)
    assert 1 <= len(shown) <= 60


# --- replies ---------------------------------------------------------------------------------------------------------


def _ticket(text: str) -> Ticket:
    parts = [*clean(text).split("|"), "", "", ""]
    at = datetime(2026, 11, 23, tzinfo=UTC)
    who = Person("1", one_line(parts[0], 500) or "x", one_line(parts[1], 500) or None)
    return Ticket(7, one_line(parts[2], 500), 2, "https://desk.example/a/tickets/7", at, at, who, one_line(parts[0]))


@holds
def filling_a_template(text: str, dice: int) -> None:
    parts = [clean(part) for part in text.split("|")]
    names = ("name", "hub", "impact", "state", "tried", "next", "next_update", "question", "link")
    values = {name: plain(parts[n % len(parts)]) for n, name in enumerate(names)}
    for template in TEMPLATES:
        written = compose(template, values)
        problems(written)
        # A value is words: whatever it is, the reply's structure is the template's.
        tags = re.findall(r"<(?:a|code|pre|blockquote|ol|strong|em)\b", to_html(written))
        addresses = re.findall(r"(?i)\b(?:https?://|mailto:)", written)
        assert len(tags) <= len(addresses) + len(re.findall(r"(?<!\w)_|_(?!\w)|\n[>-]|\n\d", written)), (tags, written)
        readdressed(written, values["name"], plain(parts[-1]))


@holds
def filling_a_canned_response(text: str, dice: int) -> None:
    html, _, rest = text.partition("|")
    written = canned.fill(html, _ticket(rest), {"tried": "- a", "name": plain(rest)})
    problems(written)
    found = [one["href"] for one in _OURS.finditer(to_html(written)) if one["href"]]
    assert all(re.match(r"(?:https?://|mailto:)\S", unescape(href), re.I) for href in found)
    filled = canned.fill("{{ticket.subject}} {{ticket.requester.name}}", _ticket(rest), {})
    assert len(filled) <= 300


@holds
def judging_a_reply(text: str, dice: int) -> None:
    problems(text)
    assert problems(f"{text} ⟦name⟧")
    assert problems(f"{text}\n{{{{ticket.id}}}}")
    assert everyone_in(f"{text} <!here>")


# --- secrets ---------------------------------------------------------------------------------------------------------

SECRETS = (
    "xoxb-1111111111-2222222222-abcdefABCDEF",
    "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "AKIAABCDEFGHIJKLMNOP",
    "hvs.CAESIabcdefghijklmnopqrs",
)


@holds
def masking(text: str, dice: int) -> None:
    once = masked(text)
    assert masked(once) == once
    assert len(once) <= 3 * len(text) + 3
    secret = SECRETS[dice % len(SECRETS)]
    assert secret not in masked(f"{text} {secret} {text}")


@holds
def masking_commands(text: str, dice: int) -> None:
    argv = text.split("|")
    assert len(masked_command(argv)) == len(argv)
    spelled(argv)
    assert SECRETS[0] not in spelled(["deploy", *argv, "--token", SECRETS[0]])


@holds
def telling_a_commands_output(text: str, dice: int) -> None:
    shown = last_lines(text.encode("utf-8", "surrogatepass" if dice % 2 else "replace"), dice % 60)
    safe(shown)
    assert len(shown) <= LONGEST_TAIL + 1


# --- the services' JSON ----------------------------------------------------------------------------------------------


def _walk(value: object) -> None:
    """Each text in it is safe."""
    if isinstance(value, str):
        safe(value)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            _walk(getattr(value, field.name))
    elif isinstance(value, dict) or hasattr(value, "items"):
        for key, inner in value.items():
            _walk(key)
            _walk(inner)
    elif isinstance(value, list | tuple | set | frozenset):
        for inner in value:
            _walk(inner)


class Odd:
    """Values for an answer's fields: pieces of the text, and now and then what the schema doesn't allow."""

    def __init__(self, text: str, dice: int) -> None:
        self.parts = text.split("|")
        self.roll = random.Random(dice)
        self.count = 0

    def __call__(self, usual: object = None) -> Any:
        self.count += 1
        piece = self.parts[self.count % len(self.parts)]
        match self.roll.randrange(24):
            case 0:
                return None
            case 1:
                return self.roll.choice([0, -1, 10**18, 1.5, True, float("inf"), float("nan")])
            case 2:
                return [piece, None, {"id": piece}, [piece]]
            case 3:
                return {"id": piece, piece: piece, "name": {"name": piece}}
            case 4 | 5 | 6 | 7 | 8 | 9:
                return usual if usual is not None else piece
            case _:
                return piece if usual is None else usual

    def deep(self, levels: int) -> Any:
        value: Any = self()
        for level in range(levels):
            value = {self.parts[level % len(self.parts)]: value, "k": [self()]} if level % 2 else [value]
        return value


AT = "2026-11-23T13:03:00Z"


def _reference(odd: Odd) -> dict[str, Any]:
    return {"id": odd("P1"), "name": odd(), "summary": odd(), "email": odd(), "type": odd("user_reference")}


@holds
def reading_pagerduty(text: str, dice: int) -> None:
    odd = Odd(text, dice)
    body = {"details": odd.deep(dice % 50), "contexts": [{"text": odd(), "href": odd()}]}
    incident = {
        "id": odd("P1"), "incident_number": odd(7), "status": odd("triggered"), "title": odd(), "body": body,
        "service": _reference(odd), "priority": _reference(odd), "html_url": odd(), "created_at": odd(AT),
        "description": odd(), "incident_key": odd(), "assignments": [{"assignee": _reference(odd)}],
        "acknowledgements": [{"acknowledger": _reference(odd)}], "escalation_policy": _reference(odd),
        "updated_at": odd(AT),
        "incidents_responders": [{"user": _reference(odd), "state": odd(), "updated_at": odd(AT)}],
    }  # fmt: skip
    firing = f"Labels:\n - hub = {odd()}\n - {odd()} = x\nAnnotations:\n - y = z"
    alert = {
        "id": odd("A"), "summary": odd(), "status": odd(), "created_at": odd(AT),
        "body": {**body, "details": odd({"firing": firing, "labels": {"hub": odd(), odd.parts[0]: odd()}})},
    }  # fmt: skip
    kinds = [f"{kind}_log_entry" for kind in pagerduty_wire.LOG_KINDS]
    entry = {
        "id": odd("L"), "type": odd(odd.roll.choice(kinds)), "created_at": odd(AT), "summary": odd(), "note": odd(),
        "message": odd(), "agent": _reference(odd), "assignees": [_reference(odd)],
        "channel": {"type": odd("slack"), "summary": odd(), "channel_id": odd("C1"), "new_priority": _reference(odd)},
    }  # fmt: skip
    note = {"id": odd("N"), "created_at": odd(AT), "user": _reference(odd), "content": odd()}
    for convert, value in (
        (pagerduty_wire.incident, incident),
        (pagerduty_wire.responders, incident),
        (pagerduty_wire.alert, alert),
        (pagerduty_wire.log_entry, entry),
        (pagerduty_wire.note, note),
        (pagerduty_wire.on_call, {"user": _reference(odd), "escalation_level": odd(1), "end": odd(AT)}),
        (pagerduty_wire.channel_ref, {"channel": {"id": odd("C"), "name": odd(), "link": odd()}}),
        (pagerduty_wire.priorities, {"priorities": [_reference(odd)]}),
        (pagerduty_wire.service_ref, _reference(odd)),
    ):
        _convert(convert, odd(value))


@holds
def reading_slacks_json(text: str, dice: int) -> None:
    odd = Odd(text, dice)
    block = {"type": "rich_text", "elements": [odd.deep(dice % 60), {"text": odd()}], "text": {"text": odd()}}
    payload = {"id": odd("r"), "kind": odd("note"), "step": odd(), "actor": odd(), "at": odd(AT), "data": odd({})}
    payload["data"] = odd({"text": odd(), "deep": odd.deep(dice % 40)})
    message = {
        "ts": odd("1763892000.000100"), "user": odd("U1"), "text": odd(), "subtype": odd(), "thread_ts": odd(),
        "reply_count": odd(2), "latest_reply": odd(), "edited": odd({}), "bot_id": odd("B1"), "username": odd(),
        "app_id": odd("A1"), "bot_profile": {"id": odd("B1"), "name": odd()}, "user_profile": {"real_name": odd()},
        "blocks": odd([block]), "files": [{"title": odd(), "name": odd(), "id": odd()}],
        "attachments": [{"pretext": odd(), "title": odd(), "text": odd(), "fallback": odd()}],
        "metadata": {"event_type": odd(slack_record.EVENT_TYPE), "event_payload": odd(payload)},
    }  # fmt: skip
    if dice % 3 == 0:
        message["text"] = ""
    trust = slack_wire.Trust(slack_wire.Identity("U1", "B1", "T", "team", "https://chat.example"))
    user = {"id": odd("U1"), "name": odd(), "real_name": odd(), "profile": {"real_name": odd(), "email": odd()}}
    people = {"U1": found} if (found := _convert(slack_wire.person, user)) else {}
    names = slack_wire.names(people)
    _convert(lambda one: slack_wire.message(one, people, names, trust, reply=bool(dice % 2)), odd(message))
    channel = {"id": odd("C1"), "name": odd(), "created": odd(1.0), "topic": {"value": odd()}}
    _convert(lambda one: slack_wire.channel(one, "https://chat.example"), odd(channel))
    _convert(lambda one: slack_wire.identity(one, "a,b"), {"user_id": odd("U"), "team": odd(), "url": odd()})
    slack_wire.people_in([odd(message)])
    slack_record.order(odd.parts[0])


@holds
def reading_freshdesk(text: str, dice: int) -> None:
    odd = Odd(text, dice)
    who = {"id": odd(7), "name": odd(), "email": odd(), "contact": {"name": odd(), "email": odd()}}
    known = _convert(freshdesk_wire.person, who) or Person("7", "x")
    ticket = {
        "id": odd(7), "subject": odd(), "status": odd(2), "created_at": odd(AT), "updated_at": odd(AT),
        "source": odd(10), "tags": odd([odd(), odd()]), "description": odd(), "description_text": odd(),
    }  # fmt: skip
    found = _convert(lambda one: freshdesk_wire.ticket(one, "https://desk.example", known), odd(ticket))
    if found is not None:
        _convert(lambda one: freshdesk_wire.description(one, found), ticket)
    piece = {
        "id": odd(8), "created_at": odd(AT), "user_id": odd(7), "from_email": odd(), "incoming": odd(True),
        "private": odd(False), "body": odd(), "body_text": odd(),
    }  # fmt: skip
    _convert(lambda one: freshdesk_wire.conversation(one, {7: known}), odd(piece))
    _convert(freshdesk_wire.company, {"id": odd(9), "name": odd(), "domains": odd([odd()])})
    response = {"id": odd(3), "title": odd(), "content_html": odd(), "content": odd()}
    _convert(lambda one: freshdesk_wire.canned_response(one, "folder"), odd(response))
    fault = {"field": odd(), "message": odd(), "code": odd()}
    _walk(freshdesk_wire.explain({"description": odd(), "errors": odd([fault]), "code": odd(), "message": odd()}))


def _convert(convert: Callable[[Any], Any], value: Any) -> Any:
    """What comes of a value: safe facts, or the word that it can't be read."""
    try:
        found = convert(value)
    except Unreadable as unreadable:
        safe(str(unreadable))
        return None
    _walk(found)
    return found


# --- what is drawn ---------------------------------------------------------------------------------------------------


@holds
def drawing(text: str, dice: int) -> None:
    shown, width = clean(text), 4 + dice % 120
    lines = wrap(shown, width)
    assert all(cell_len(line) <= width for line in lines), lines
    assert "".join("".join(lines).split()) == "".join(shown.split())
    for line in lines:
        safe(line, newline=False)
    for line in paragraph(shown, "plain", width, first="▸ "):
        assert measure(line) <= width
    flat = one_line(shown)
    assert measure(clip(((flat, "plain"), ("·", "dim")), width)) <= width
    assert measure(spread(((flat, "plain"),), (("18:02 UTC", "dim"),), width)) <= width


@holds
def telling_the_terminal(text: str, dice: int) -> None:
    for said in (title(text), notification(text, {"TERM": "foot"}), notification(text, {"TERM_PROGRAM": "WezTerm"})):
        assert said is not None
        found = re.fullmatch(r"\x1b\](?:2;|9;|777;notify;cockpit;)(.*)\x1b\\", said, re.S)
        assert found is not None
        safe(found[1], newline=False)
        assert len(found[1]) <= 200


# --- what is kept from going out -------------------------------------------------------------------------------------


@holds
def guarding_a_reply(text: str, dice: int) -> None:
    parts = [*clean(text).split("|"), "", "", "", "", ""]
    snapshot = Snapshot(tickets=(TicketFacts(_ticket(parts[1])), TicketFacts(replace(_ticket(parts[2]), id=8))))
    table = {one_line(parts[3]): Listed(one_line(parts[4]) or None, (parts[1],)), "a/b": Listed("Utopia")}
    guard = Guard(communities=table)
    for ticket in (7, 8, 9):
        for finding in guards.in_reply(parts[0], ticket, snapshot, guard):
            safe(finding.words, newline=False)
            assert len(finding.words) < 400
    found = guards.in_reply(parts[0], 7, snapshot, guard)
    assert all(one.final for one in guards.standing(found, [one.key for one in found]))
    words = " ".join(parts[0].split())[:300]
    for planted in ("hub.prod.svc.cluster.local", "10.0.0.7", SECRETS[0], "<@U0123ABC>"):
        assert guards.in_reply(f"{words} {planted} {words}", 7, snapshot, guard), planted
