"""Text from outside: nothing hostile gets through, nothing a person wrote is lost."""

from __future__ import annotations

import re
import unicodedata
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cockpit.incident.markup import from_html, markdown_plain, to_html, to_markdown
from cockpit.incident.text import (
    bounded,
    clean,
    everyone_in,
    from_slack,
    one_line,
    squash,
    to_slack,
)

# No deadline: a busy machine is no fault. No database: nothing is left in the folder.
anyhow = settings(max_examples=50)

FRAGMENTS = [
    "\x1b", "\x1b]52;c;aGk=\x07", "\x1b[31m", "\x1b[", "\x1b]8;;http://x\x1b\\", "\x1bP", "\x1b\\", "\x07",
    "\x9b2J", "\x9d0;t\x9c", "\x90", "\x9f", "\x9c", "\r", "\n", "\r\n", "\t", " ", "\xa0", "\x00", "\x7f",
    "\x85", "\u2028", "\u202e", "\u200b", "\u200d", "\ufeff", "\U000e0041", "\xad", "\u0301", "\u0316",
    "\u0344", "\ufe0f", "\u20e3", "\ud83d", "\udc00", "\uffff", "\U0010fffe", "\ue000", "e", "é", "ß", "한",
    "🔥", "a", "B", "7", ".", ")", "*", "_", "`", "```", "[", "](", ")", "<", ">", "&", "&amp;", "&lt;",
    "&#60;", "|", "~", "#", "# ", "- ", "1. ", "> ", "+ ", "---", "===", "\\", "$", "!", "@", "%", ":",
    "http://h.example/a_b_c", "mailto:a@h.example", "javascript:x", "<b>", "</p>", "<br>", "<li>", "<ul>",
    "<pre>", "</pre>", "<blockquote>", "<a href='http://x.example'>", "</a>", "<!--", "-->", "<![",
    "<script>", "</script>", "<img alt=x src=http://t.example>", "<td>", "    ", "\n\n", "word",
]  # fmt: skip
hostile = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3), max_size=25).map("".join)

BAD = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\uffff\U000e0000-\U000e007f]"
)


def is_safe(text: str) -> bool:
    """Said apart from the product's own tables, but for the ranges' bounds."""
    stacked = 0
    for character in text:
        stacked = stacked + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if stacked > 4:
            return False
    return not BAD.search(text)


@pytest.mark.parametrize(
    ("raw", "safe"),
    [
        ("plain", "plain"),
        ("", ""),
        ("two\nlines", "two\nlines"),
        ("a\x1b]52;c;cm0gLXJm\x07b", "ab"),
        ("a\x1b]52;c;cm0gLXJm\x1b\\b", "ab"),
        ("a\x9d52;c;cm0gLXJm\x9cb", "ab"),
        ("\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\", "click"),
        ("\x1b[1;31mred\x1b[0m \x9b1mbold\x9b0m", "red bold"),
        ("a\x1bPq#0;2;0\x1b\\b\x1b_Gf=1;AAAA\x1b\\c\x1b^pm\x1b\\d\x1bXsos\x1b\\e", "abcde"),
        ("a\x90q\x9cb\x9fG\x9cc", "abc"),
        ("a\x1bcb\x1b(Bc\x1b7d", "abcd"),
        ("a\x1b]0;never ended\nthe next line", "a0;never ended\nthe next line"),
        ("a\x9d0;never ended", "a0;never ended"),
        ("a\x1b[never", "aever"),
        ("a\x1b[12\nthe next line", "a12\nthe next line"),
        ("cut off\x1b", "cut off"),
        ("\x1b\x1b[0m]52;c;aGk=\x07", "]52;c;aGk="),
        ("tab\tnul\x00bel\x07del\x7fc1\x85", "tab    nulbeldelc1"),
        ("a\r\nb\rc\u2028d\u2029e", "a\nb\nc\nd\ne"),
        ("safe\u202eexe.txt\u2066\u2069\u200e\u200f\u061c", "safeexe.txt"),
        ("z\u200be\u200cr\u200do\u2060\u2064\ufeff\xad", "zero"),
        ("flag\U000e0067\U000e007f", "flag"),
        ("\ufff9a\ufffab\ufffb", "ab"),
        ("\ud800x\udfff\ufdd0\U0001ffff", "\ufffdx\ufffd\ufffd\ufffd"),
        ("private \ue0a0", "private \ue0a0"),
        ("Z" + "\u0301" * 50 + "a\u0301lgo", "Z" + "\u0301" * 4 + "a\u0301lgo"),
        ("\u0301\u200b" * 9, "\u0301" * 4),
        ("naïve café 日本語 한국어 עברית हिन्दी ❤️ 1️⃣", "naïve café 日本語 한국어 עברית हिन्दी ❤️ 1️⃣"),
        # a curly quote whose UTF-8 was read as Latin-1 holds C1 controls; the words between must survive
        ("â\x80\x9dwordsâ\x80\x9c", "âwordsâ"),
    ],
)
def test_clean_known_cases(raw: str, safe: str) -> None:
    assert clean(raw) == safe


@anyhow
@given(hostile)
def test_clean_is_safe_and_idempotent(text: str) -> None:
    once = clean(text)
    assert is_safe(once)
    assert clean(once) == once
    once.encode()


@anyhow
@given(st.text(st.characters(categories=["L", "N", "P", "S"], exclude_characters="\u115f\u1160\u3164\uffa0")))
def test_clean_keeps_every_visible_character(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    "unit",
    [
        "\x1b]",
        "\x1b[1",
        "\x9d",
        "\x90x",
        "\x1bP\x1b\x1b",
        "a\u0301" + "\u0316" * 9,
        "\u0301",
        "🔥",
        "\u200b",
        "\r\t",
        "\x1b",
    ],
)
def test_clean_takes_any_length(unit: str) -> None:
    assert is_safe(clean(unit * 50_000))


@anyhow
@given(hostile, st.integers(-2, 60))
def test_one_line_is_one_short_clean_line(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert is_safe(line)
    assert "\n" not in line
    assert len(line) <= max(0, limit)


def test_one_line_folds_and_cuts() -> None:
    assert one_line(" a\n\n b\t\xa0c ") == "a b c"
    assert one_line("abcdef", 6) == "abcdef"
    assert one_line("abcd efgh", 6) == "abcd…"
    assert len(one_line("x" * 999)) == 200


@anyhow
@given(hostile, st.integers(-2, 90))
def test_bounded_keeps_to_its_limit(text: str, limit: int) -> None:
    cut = bounded(text, limit)
    assert is_safe(cut)
    assert len(cut) <= max(0, limit)
    assert cut == clean(text) or cut.endswith(("more characters)", "…")) or limit < 1


def test_bounded_tells_exactly_what_is_missing() -> None:
    text = "\n".join(f"line {n}" for n in range(1000))
    cut = bounded(text, 200)
    kept, tail = cut.rsplit("\n", 1)
    assert text.startswith(kept + "\n"), "cut at the end of a line"
    assert tail == f"… ({len(text) - len(kept):,} more characters)"
    assert bounded("short", 200) == "short"


@anyhow
@given(hostile)
def test_squash_is_canonical(text: str) -> None:
    once = squash(text)
    assert is_safe(once)
    assert squash(once) == once
    assert squash(unicodedata.normalize("NFD", "Ana é  한국\n") + text) == squash("Ana é 한국 " + text)
    assert once == " ".join(once.split())


def test_squash_keeps_case() -> None:
    assert squash("A\u0301 \n b") == "Á b" != squash("á b")


def test_squash_cuts_marks_after_normalising() -> None:
    # U+0344 is two marks in NFC, the first of which joins the letter
    once = squash("x" + "\u0344" * 4)
    assert once == "\u1e8d" + "\u0301\u0308" * 2
    assert squash(once) == once


@anyhow
@given(hostile.filter(lambda text: ":" not in text))
def test_slack_round_trip(text: str) -> None:
    assert from_slack(to_slack(text)) == clean(text)


@pytest.mark.parametrize(
    ("wire", "plain"),
    [
        ("<@U1> and <@U2|kim> and <@U9>", "@Ana and @kim and @U9"),
        ("<@U1|old.name>", "@Ana"),
        ("<#C1|ops> <#C2> <#C1|>", "#ops #C2 #C1"),
        ("<!here> <!channel|channel> <!everyone>", "@here @channel @everyone"),
        ("<!subteam^S1|@team> <!subteam^S2|team> <!subteam^S3>", "@team @team @S3"),
        ("<!date^1392734382^{date}|that day>", "that day"),
        ("<!date^1392734382^{date}^https://x.example>", "2014-02-18 14:39 UTC"),
        ("<!date^99999999999999999999^{date}> <!date^soon^{date}>", "99999999999999999999 soon"),
        ("<https://h.example/a?b=1&amp;c=2|the hub>", "the hub (https://h.example/a?b=1&c=2)"),
        ("<https://h.example> <http://h.example|h.example>", "https://h.example h.example"),
        ("<mailto:a@h.example|a@h.example> <mailto:a@h.example|Ana>", "a@h.example Ana (a@h.example)"),
        ("<https://bank.example|https://evil.example>", "https://evil.example (https://bank.example)"),
        (":fire: :+1::skin-tone-3: :white_check_mark::tada: :our_own:", "🔥 👍 ✅🎉 :our_own:"),
        ("root:x:0:0:root a:x: :x:b", "root:x:0:0:root a:x: :x:b"),
        ("&amp;lt;b&amp;gt; &lt;b&gt; &amp;amp;", "&lt;b&gt; <b> &amp;"),
        ("I <3 it, a < b > c <> <@> <!>", "I <3 it, a < b > c <> <@> <!>"),
        ("*bold* `code`", "*bold* `code`"),
        ("\x1b]52;c;&lt;x&gt;\x07hi \u202e<@U3>", "hi @R&D <lab>"),
    ],
)
def test_from_slack_known_cases(wire: str, plain: str) -> None:
    assert from_slack(wire, {"U1": "Ana", "U3": "R&D <lab>"}) == plain


@anyhow
@given(hostile, st.dictionaries(st.text(max_size=3), hostile, max_size=3))
def test_from_slack_is_always_safe(text: str, names: dict[str, str]) -> None:
    assert is_safe(from_slack(text, names))


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("<!here>", True), ("<!channel|channel>", True), ("x<!everyone>x", True), ("@here!", True),
        ("(@Channel)", True), ("hello @everyone", True), ("@he\u200bre", True), ("ana@here.example", False),
        ("@hereby", False), ("here channel everyone", False), ("<!subteam^S1|@here-team2>", True), ("<@U1>", False),
        ("@channels", False), ("&lt;!here&gt;", False),
    ],
)  # fmt: skip
def test_what_would_call_everyone_is_found(text: str, calls: bool) -> None:
    assert (everyone_in(text) is not None) is calls


@pytest.mark.parametrize(
    ("html", "plain"),
    [
        ("plain &amp; simple", "plain & simple"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<div>one</div><div>two<br>three</div>", "one\ntwo\nthree"),
        ("<div>one</div><div><br></div><div><br/></div><div>two</div>", "one\n\ntwo"),
        ("a<br><br><br><br>b", "a\n\nb"),
        ("<p>&zwnj;&nbsp;</p><p>\u200b</p>x", "x"),
        ("  a \n b\t<b>c</b>  d ", "a b c d"),
        ("<p>x</p><ul><li>one</li><li><p>two</p></li></ul><p>y</p>", "x\n\n• one\n• two\n\ny"),
        ("<ol start=3><li>c<ul><li>deep</ul><li>d</ol>", "3. c\n  • deep\n4. d"),
        ("<a href='https://h.example/x'>the hub</a>.", "the hub (https://h.example/x)."),
        ("<a href='https://h.example/'>h.example</a>", "h.example"),
        ("<a href='mailto:a@h.example'>a@h.example</a>", "a@h.example"),
        ("<a href='MAILTO:a@h.example'>Ana</a>", "Ana (a@h.example)"),
        ("<a href='javascript:alert(1)'>x</a> <a href='data:x'>y</a> <a name=z>z</a>", "x y z"),
        ("<a href='https://evil.example'>https://bank.example</a>", "https://bank.example (https://evil.example)"),
        ("<a href='https://h.example'><img alt=logo src='//t.example'></a>", "[image: logo] (https://h.example)"),
        ("<a href=https://h.example></a>", "https://h.example"),
        ("<a href=https://h.example><div>in a block</div></a>", "in a block\n(https://h.example)"),
        ("<img src=https://t.example/1.gif width=1 height=1>a<img style='display: none' src=x>", "a"),
        ("<img src=https://t.example/shot.png>", "[image]"),
        ("<blockquote>q<blockquote>r</blockquote></blockquote>a", "> q\n>\n> > r\n\na"),
        ("<pre>\n  two\n    four\n</pre>x", "  two\n    four\n\nx"),
        ("<pre>a\n\n\n\nb</pre>", "a\n\nb"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a | b\nc"),
        ("a<hr>b", "a\n\n---\n\nb"),
        ("<style>p{}</style><script>alert('<p>')</script><!-- no --><p>yes", "yes"),
        ("<html><head><title>t</title><meta x><style><!-- x --></style></head><body>yes</body></html>", "yes"),
        ("<head><meta x><p>the head never ended", "the head never ended"),
        ("<!--[if mso]>no<![endif]-->yes<![if !mso]> too<![endif]>", "yes too"),
        ("<!-->a<!--->b<!-- x --!>c", "abc"),
        ("a <!-- never ended", "a <!-- never ended"),
        ("a <b never ended", "a <b never ended"),
        ("1 < 2 > 0 &lt;b&gt; &eacute;&#233;&#xe9;", "1 < 2 > 0 <b> ééé"),
        ("&#27;]52;c;aGk=&#7;x&#x202e;y", "]52;c;aGk=xy"),
        ("\x1b]52;c;aGk=\x07x", "]52;c;aGk=x"),
        ("\x1b<img alt=x src=http://t.example>y", "[image: x]y"),
        ("&#" + "1" * 5000 + ";", "\ufffd"),
        ("<![foo", "<![foo"),
        ("<![foo>x", "x"),
        ("</p></ul></li></blockquote></pre></a>x", "x"),
    ],
)  # fmt: skip
def test_from_html_known_cases(html: str, plain: str) -> None:
    assert from_html(html) == plain


@anyhow
@given(hostile)
def test_from_html_is_always_safe(html: str) -> None:
    plain = from_html(html)
    assert is_safe(plain)
    assert clean(plain) == plain
    assert "t.example" not in plain or "<img" in plain
    assert "\n\n\n" not in plain
    assert not plain.startswith("\n")
    assert not plain.endswith("\n")


@pytest.mark.parametrize(
    "unit",
    ["<div>", "</div>", "<blockquote>x", "<ul><li>x", "<", "<a ", "<!--", "<![", "<?", "</", "&", "&#1", "<a x=\"",
     "<a x='>", "<script>", "<svg>", "<pre>\n", "<a href='http://x.example'>y", "<br>", "<td>", "<!-- --"],
)  # fmt: skip
@pytest.mark.parametrize("end", ["", ">", "-->", "'>"])
def test_from_html_takes_any_length(unit: str, end: str) -> None:
    plain = from_html(unit * 10_000 + end)
    assert is_safe(plain)
    assert len(plain) < 10_000 * 40, "a line's margin does not grow with the depth"


def test_from_html_finds_the_text_below_100_000_divs() -> None:
    assert from_html("<div>" * 100_000 + "here" + "</div>" * 100_000) == "here"
    assert from_html("<blockquote>" * 100_000 + "here").endswith("> here")


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("one\ntwo\n\nthree", "<p>one<br>\ntwo</p>\n<p>three</p>\n"),
        ("**b** *i* `<c>`", "<p><strong>b</strong> <em>i</em> <code>&lt;c&gt;</code></p>\n"),
        ("<b onclick=x>&amp;", "<p>&lt;b onclick=x&gt;&amp;amp;</p>\n"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>\n"),
        ("[x](/relative)", "<p>[x](/relative)</p>\n"),
        ("[x](https://h.example)", '<p><a href="https://h.example">x</a></p>\n'),
        ("go http://h.example/_a_ ok", '<p>go <a href="http://h.example/_a_">http://h.example/_a_</a> ok</p>\n'),
        ("http://h.example/%C3%A9", '<p><a href="http://h.example/%C3%A9">http://h.example/%C3%A9</a></p>\n'),
        ("h.example a@h.example", "<p>h.example a@h.example</p>\n"),
        ("# 1 no heading", "<p># 1 no heading</p>\n"),
        ("no heading\n---", "<p>no heading<br>\n---</p>\n"),
        ("[x]: https://h.example", '<p>[x]: <a href="https://h.example">https://h.example</a></p>\n'),
        ("    no code", "<p>no code</p>\n"),
    ],
)  # fmt: skip
def test_to_html_known_cases(markdown: str, html: str) -> None:
    assert to_html(markdown) == html


@anyhow
@given(hostile)
def test_to_html_lets_no_markup_through(markdown: str) -> None:
    html = to_html(markdown)
    assert html == to_html(markdown)
    allowed = r"</?(?:p|br|strong|em|code|pre|ul|ol|li|blockquote|a)(?: (?:href|class|title|start)=\"[^\"<>]*\")*>"
    assert not re.search("[<>]", re.sub(allowed, "", html))
    assert all(re.match(r"(?i)https?://|mailto:", unescape(url)) for url in re.findall(r'href="([^"]*)"', html))


@anyhow
@given(hostile)
def test_a_reply_is_known_again_after_reformatting(markdown: str) -> None:
    html = to_html(markdown)
    sent = squash(markdown_plain(markdown))
    assert squash(from_html(html)) == sent
    as_kept = html.replace("<br>", "<br/>").replace("<p>", '<p dir="ltr">\n  ').replace("</p>", " </p>\r\n")
    assert squash(from_html(f'<div style="font-size:13px">\r\n<div>{as_kept}</div></div>')) == sent


between = st.sampled_from(
    [" ", "\n", "\n\n", "\n- ", "\n1. ", "\n> ", " *", "* ", "**", "_", "`", " [", "] ", "<b>", "&amp;"]
    + ["\\", "\n# ", "\n---\n", "\n    ", "\n[x]: ", " <!-- ", " | "]
)  # fmt: skip


@anyhow
@given(st.lists(between, max_size=25))
def test_markdown_plain_loses_no_word(marks: list[str]) -> None:
    written = "word" + "".join(f"{mark}word{n}" for n, mark in enumerate(marks))
    assert re.findall(r"word\d*", markdown_plain(written)) == ["word", *(f"word{n}" for n in range(len(marks)))]


def test_markdown_plain_reads_well() -> None:
    written = "Hello **R.**,\n\n- the *hub* is [up](https://h.example)\n- `ok`\n\n1. x\n2. y\n\n> q\n\n```\n  kept\n```"
    assert markdown_plain(written) == (
        "Hello R.,\n\n• the hub is up (https://h.example)\n• ok\n\n1. x\n2. y\n\n> q\n\n  kept"
    )


@anyhow
@given(hostile)
def test_to_markdown_shows_as_the_text_itself(text: str) -> None:
    html = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(to_markdown(text))
    assert set(re.findall(r"<(/?\w+)", html)) <= {"p", "/p", "br"}
    assert squash(unescape(re.sub(r"<br />|</?p>", " ", html))) == squash(text)


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("a|b `c` <d> @here", "a\\|b \\`c\\` \\<d> @here"),
        ("# h\n- x\n1. y\n12) z", "\\# h\\\n\\- x\\\n1\\. y\\\n12\\) z"),
        ("snake_case https://h.example/a_b?c=1&d=2", "snake_case https://h.example/a_b?c=1&d=2"),
        ("_x_ &amp; $5", "\\_x\\_ \\&amp; \\$5"),
        ("a\n\nb", "a\n\nb"),
        ("    indented", "\xa0\xa0\xa0\xa0indented"),
        ("[x](y) ![z]", "\\[x\\](y) !\\[z\\]"),
    ],
)
def test_to_markdown_known_cases(text: str, markdown: str) -> None:
    assert to_markdown(text) == markdown
