"""Freshdesk's HTML and the composer's light Markdown, each to the other and to plain text.

Every plain text that leaves here is cleaned (`text.clean`).
"""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote

from cockpit.incident.text import clean, linked

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_SAFE_LINK = re.compile(r"(?:https?://|mailto:)\S", re.I)

# Deeper levels are drawn at this depth, or the margin of hostile HTML would grow with the square of its
# length.
_DEEPEST = 6
_UNREAD = frozenset({"script", "style", "template", "title", "svg"})
_OF_THE_HEAD = frozenset({"head", "meta", "link", "base", "title", "style", "script", "noscript", "template"})
_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "dl"})
_LINES = frozenset(
    {"html", "body", "address", "article", "aside", "dd", "details", "div", "dt", "fieldset", "figcaption"}
    | {"figure", "footer", "form", "header", "main", "nav", "center", "section", "summary", "caption"}
    | {"thead", "tbody", "tfoot", "tr"}
)

# The standard parser (3.11) takes time in the square of the length over comments, declarations and tags that
# never end, stops at `<![x`, and `html.unescape` stops at a number of more than 4,300 digits.
_COMMENT_END = re.compile("--!?>")
_DECLARATION = re.compile("<[!?][^>]*>")
_LONG_NUMBER = re.compile("&#(?:[0-9]{16,}|[xX][0-9a-fA-F]{16,});?")


_CONTROLS = dict.fromkeys((*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0)))
"""Taken out one by one before HTML is read: an escape sequence cut as a whole could take a tag's `<` with it."""


def from_html(html: str) -> str:
    """Freshdesk's HTML as plain text that a person can read.

    Lists get `•` and `1.`, quotes `> `, a link reads `label (url)` if it is http, https or mailto and else
    its label, an image `[image: alt]` without its address; one too small to see, or hidden, is a tracker and
    left out. At most one blank line in a row. Never raises; linear in the length of `html`, whatever it
    holds.
    """
    reader = _Reader()
    reader.feed(_well_ended(clean(html.translate(_CONTROLS))))
    reader.close()
    return reader.read()


def _well_ended(html: str) -> str:
    """`html` without comments and declarations, and with no tag that never ends."""
    kept: list[str] = []
    at = 0
    while (start := html.find("<!--", at)) >= 0 and (end := _COMMENT_END.search(html, start + 2)):
        kept.append(html[at:start])
        at = end.end()
    html = "".join(kept) + html[at:]
    last = html.rfind(">") + 1
    html = html[:last] + html[last:].replace("<", "&lt;")
    return _LONG_NUMBER.sub("\ufffd", _DECLARATION.sub("", html))


class _Reader(HTMLParser):
    """Writes lines as tags go by. It counts and searches no stack: end tags may be missing or crossed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._written: list[str] = []
        self._line: list[str] = []
        self._gap = False
        self._quotes = 0
        self._gap_quotes = 0
        self._lists: list[int | None] = []  # the number of the next item; None: bullets
        self._marker = ""
        self._preformatted = 0
        self._unread = ""
        self._unread_depth = 0
        self._in_head = False
        self._href: str | None = None
        self._label: list[str] = []

    def read(self) -> str:
        """The plain text, once all is fed."""
        self._end_link()
        self._end_line()
        return "\n".join(self._written)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("head", "body"):
            self._in_head, self._unread = tag == "head", ""
        elif tag not in _OF_THE_HEAD:
            self._in_head = False
        if self._unread:
            self._unread_depth += tag == self._unread
        elif tag in _UNREAD:
            self._unread, self._unread_depth = tag, 1
        elif tag == "br":
            self._break()
        elif tag == "a":
            self._end_link()
            href = re.sub(r"\s+", "%20", (dict(attrs).get("href") or "").strip())
            self._href, self._label = href if _SAFE_LINK.match(href) else None, []
        elif tag == "img":
            self._add(_image(dict(attrs)))
        elif tag in ("td", "th"):
            if self._line:
                self._line.append(" | ")
        elif tag in ("ul", "ol"):
            self._block(paragraph=not self._lists)
            start = dict(attrs).get("start") or "1"
            number = int(start) if re.fullmatch(r"-?[0-9]{1,9}", start) else 1
            self._lists.append(number if tag == "ol" else None)
        elif tag == "li":
            self._item()
        else:
            self._edge(tag, 1)
            if tag == "hr":
                self._line.append("---")
                self._block(paragraph=True)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("head", "body"):
            self._in_head, self._unread = False, ""
        if self._unread:
            self._unread_depth -= tag == self._unread
            if not self._unread_depth:
                self._unread = ""
        elif tag == "a":
            self._end_link()
        elif tag in ("ul", "ol"):
            self._block()
            self._marker = ""
            if self._lists:
                self._lists.pop()
            self._gap |= not self._lists
        elif tag == "li":
            self._block()
            self._marker = ""
        elif tag != "hr":
            self._edge(tag, -1)

    def handle_data(self, data: str) -> None:
        if not self._unread and not self._in_head:
            self._add(data)

    def _add(self, data: str) -> None:
        if self._href is not None:
            self._label.append(data)
        if not self._preformatted:
            self._line.append(data)
            return
        first, *others = data.split("\n")
        self._line.append(first)
        for line in others:
            self._break()
            self._line.append(line)

    def _edge(self, tag: str, step: int) -> None:
        """The start (`step` 1) or the end (-1) of a block; nothing if `tag` is none."""
        if tag in _PARAGRAPHS:
            self._block(paragraph=not self._lists)
        elif tag in _LINES:
            self._block()
        elif tag in ("pre", "blockquote", "hr"):
            self._block(paragraph=True)
            if tag == "pre":
                self._preformatted = max(0, self._preformatted + step)
            elif tag == "blockquote":
                self._quotes = max(0, self._quotes + step)

    def _item(self) -> None:
        self._block()
        number = self._lists[-1] if self._lists else None
        if number is None:
            self._marker = "• "
        else:
            self._marker = f"{number}. "
            self._lists[-1] = number + 1

    def _end_link(self) -> None:
        if self._href is not None:
            label, href = " ".join("".join(self._label).split()), self._href
            self._href = None
            shown = linked(label, href)
            if shown != label and unquote(href) != unquote(label):
                self._add(shown.removeprefix(label))

    def _block(self, paragraph: bool = False) -> None:
        """A block begins or ends here: a new line follows, after a blank one for a paragraph."""
        self._end_line()
        self._gap |= paragraph and not self._marker

    def _break(self) -> None:
        if not self._end_line():
            self._gap = True

    def _end_line(self) -> bool:
        """Write the line so far; whether there was anything on it."""
        raw, self._line = clean("".join(self._line)).replace("\n", " "), []
        line = raw.rstrip() if self._preformatted else " ".join(raw.split())
        if not line.strip():
            return False
        quotes = min(self._quotes, _DEEPEST)
        if self._gap and self._written:
            self._written.append(("> " * min(quotes, self._gap_quotes)).rstrip())
        indent = "  " * (min(len(self._lists), _DEEPEST) - (1 if self._marker else 0))
        self._written.append("> " * quotes + indent + self._marker + line)
        self._gap, self._gap_quotes, self._marker = False, quotes, ""
        return True


def _image(attrs: dict[str, str | None]) -> str:
    style = re.sub(r"\s", "", attrs.get("style") or "").lower()
    tiny = any(re.fullmatch(r"\s*[0-3](?:px)?\s*", attrs.get(side) or "") for side in ("width", "height"))
    if tiny or "display:none" in style or re.search(r"(?:^|;)(?:width|height):[0-3]px", style):
        return ""
    alt = " ".join((attrs.get("alt") or "").split())
    return f"[image: {alt}]" if alt else "[image]"


@cache
def _light() -> MarkdownIt:
    # Imported when first needed: the first paint needs no Markdown.
    from markdown_it import MarkdownIt

    class Light(MarkdownIt):
        def validateLink(self, url: str) -> bool:
            return bool(_SAFE_LINK.match(url))

        def normalizeLinkText(self, link: str) -> str:
            return link

    # Listed by name, so that what is not named stands as typed: HTML, entities, images, headings (a line
    # above `---` is one), tables, indented code and reference definitions (which would vanish).
    light = Light("zero", {"breaks": True, "linkify": True, "maxNesting": 100})
    light.enable(["blockquote", "list", "fence"])
    light.enable(["backticks", "emphasis", "link", "autolink", "linkify", "escape", "newline"])
    if light.linkify is not None:
        light.linkify.set({"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})
    return light


def to_html(markdown: str) -> str:
    """What a person wrote in the composer, as the HTML that Freshdesk takes.

    Light Markdown: paragraphs, lists, quotes, emphasis, code, links and bare web addresses; a single line
    end is a line break. All else, HTML too, stands as typed. Links are http, https or mailto only. Cleaned
    before it is read. Deterministic. What lies in more than 100 quotes or 50 lists is left out.
    """
    html: str = _light().render(clean(markdown))
    return html


def markdown_plain(markdown: str) -> str:
    """The same light Markdown as plain text: exactly what `from_html` reads back from what `to_html` sent."""
    return from_html(to_html(markdown))


# Within a word `_` marks nothing, and an `&` that begins no entity is itself: addresses stay readable.
_MARKS = re.compile(r"[\\`*\[\]<|~$]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)")


def to_markdown(text: str) -> str:
    """Plain text as Markdown (CommonMark with GitHub's and MyST's extensions) that shows as this text,
    cleaned.

    Line ends become hard breaks, blank lines part paragraphs, indents become no-break spaces. For a table's
    cell or a heading, take `one_line` of the text first. `@name` stays as it is.
    """
    lines = [_literal(line) for line in clean(text).strip("\n").split("\n")]
    return "\n".join(
        line + "\\" if line and after else line for line, after in zip(lines, [*lines[1:], ""], strict=True)
    )


def _literal(line: str) -> str:
    body = line.strip()
    if not body:
        return ""
    indent = "\u00a0" * (len(line.rstrip()) - len(body))
    body = _MARKS.sub(r"\\\g<0>", body)
    if opening := re.match(r"(?:[#>+\-=:%]|[0-9]{1,9}(?=[.)]))", body):
        at = 0 if not opening[0].isdigit() else opening.end()
        body = body[:at] + "\\" + body[at:]
    return indent + body
