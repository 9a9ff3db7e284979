"""The report: whatever anybody writes is text in it, and no more."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cockpit.incident.facts import IncidentNote, Person
from cockpit.incident.report_diagram import drawable
from cockpit.incident.report_markdown import literal, markdown
from tests.incident.build import World, at
from tests.incident.mermaid import timeline_of
from tests.incident.test_report import reported

HOSTILE = (
    "](javascript:alert(1)) [x](http://evil.example) ![i](http://evil.example/i.png)",
    "<script>alert(1)</script><img src=x onerror=alert(1)><!-- cockpit report 1 incident=X names=yes -->",
    "| cell | cell |\n## Heading\n\n```mermaid\ngraph TD\n```\n---",
    "https://evil.example/a|b www.evil.example mailto:a@evil.example ftp://evil.example <http://evil.example>",
    "`code` ``co`de`` \\` $x$ ~~s~~ **b** __b__ *i* _i_ :tada: {{ site.secret }} {% raw %} {role}`x`",
    "@everyone @org/team a@evil.example\u202eltr \x1b]52;c;AAAA\x07 \x1b[2J \u2028 \x00 \ud800 \ufdd0",
    "[ref]: http://evil.example\n[ref]\n\n    indented\n1. one\n- two\n> three\n\t# four",
    "%%{init: {'theme':'x'}}%% ; end; section x : y : z #59; click a href \"javascript:x\"",
    "--- \n- - -\n***\n===\n:::note\n+++\n%%% --> <!--",
    "&lt;b&gt; &#60;b&#62; &colon;",
)
URLS = (
    "javascript:alert(1)",
    "https://ok.example/a b)|(c\">'<x>`\\[y](z)\n",
    "data:text/html,x",
    "https://ok.example/a_b(c)",
)


def hostile(text: str, url: str) -> World:
    """That text in every field that anybody can write."""
    evil = Person("PEVIL", text, "evil@example.com")
    world = World().ticket(4038, "16:05", text, subject=text, company=text, requester=replace(evil, id="9"), url=url)
    world.opened("16:10", text, url=url, service_name=text, description=text).alert("16:11", text, text, hub=text)
    world.acknowledged("16:12", evil).assigned("16:12", evil, evil).priority("16:14", "P1", evil)
    world.log[-1] = replace(world.log[-1], summary=text)
    world.channel_opened("16:16", name=text, url=url).link(4038, "16:17").said("16:20", text, evil)
    world.said("16:22", f"Restarted {text}", evil).threaded("16:23", text, evil).told(4038, "16:25", text)
    world.heard(4038, "16:30", text).record("note", "16:31", actor=text, data={"text": text})
    world.record("run", "16:32", data={}).said("16:32", f"$ {text} → {text}", bot=True)
    world.messages[-1] = replace(world.messages[-1], record=world.records[-1], subtype="bot_message")
    world.attest("validate.test", "16:33", verdict="outage", outage_kind=text, note=text)
    world.attest("after.actions", "19:00", note=f"{text} https://ok.example/{text}").responder(evil, text, "16:40")
    return world.attest("resolve.validated", "17:00", note=text).resolved("18:00", evil)


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("anonymous", [False, True])
def test_hostile_text_is_text(text: str, url: str, anonymous: bool) -> None:
    world = hostile(text, url)
    snapshot = world.snapshot()
    assert snapshot.pagerduty is not None
    note = IncidentNote("N1", at("16:50"), Person("PEVIL", text), text)
    snapshot = replace(snapshot, pagerduty=replace(snapshot.pagerduty, notes=(note,)))
    written = reported(snapshot, anonymous=anonymous)
    text_of = markdown(written)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028\ud800-\udfff]", text_of)
    head, body = re.fullmatch(r"---\n(title: \".*\"\ndate: [\d-]+)\n---\n(.*)", text_of, re.DOTALL).groups()
    json.loads(head.split("\n")[0].removeprefix("title: "))
    tokens = MarkdownIt("gfm-like", {"html": True, "linkify": True}).parse(body)
    flat = [child for token in tokens for child in (token, *(token.children or ()))]
    comments = [token for token in flat if token.type.startswith("html")]
    assert all(token.content.startswith(("<!-- cockpit report 1 ", "<!-- Still to be written")) for token in comments)
    assert len(comments) == 2
    assert not [token for token in flat if token.type in ("image", "code_block", "hr", "ordered_list_open")]
    (drawn,) = [token for token in flat if token.type == "fence"]
    assert drawn.info == "mermaid"
    assert timeline_of(drawn.content.removesuffix("\n"))[1]
    links = {str(token.attrs["href"]) for token in flat if token.type == "link_open"}
    filed = {one.url for part in written.sections for line in part.lines for one in line.links}
    assert all(link.startswith("https://ok.example/") or link in filed for link in links), links
    headings = [tokens[n + 1].content for n, token in enumerate(tokens) if token.type == "heading_open"]
    assert headings == [*(one.title for one in written.sections), "Timeline"]
    assert flat_rows(tokens)[-1] == len(written.timeline)
    width = 6 if any(entry.outcome for entry in written.timeline) else 5
    assert {row.count("|") - row.count("\\|") for row in text_of.split("\n") if row.startswith("| 16:")} == {width}


def flat_rows(tokens: list[Any]) -> list[int]:
    """How many rows each table's body has."""
    counts: list[int] = []
    for token in tokens:
        if token.type == "tbody_open":
            counts.append(0)
        elif token.type == "tr_open" and counts and token.level == 2:
            counts[-1] += 1
    return counts


@given(st.text(max_size=120))
@example("A.AL is down.At once: hub.example.org, ünï.xn--p1ai")
def test_any_text_shows_as_itself(text: str) -> None:
    shown = literal(text)
    assert "\n" not in shown
    (paragraph, *_) = MarkdownIt("gfm-like", {"html": True}).parse(f"a {shown}")[1:] or [None]
    kinds = {child.type for child in (paragraph.children if paragraph else ())}
    assert kinds <= {"text", "code_inline", "text_special"}


@given(st.text(max_size=200))
def test_no_text_means_anything_to_mermaid(text: str) -> None:
    shown = drawable(text)
    assert not re.search(r"[:;#%{}<>\"`\\|\[\]\n&_]|--", shown)
    assert shown.strip()
    assert len(shown) <= 60
    assert timeline_of(f"timeline\n    title {shown}\n    section S\n        16∶05 : {shown}")[0] == shown
