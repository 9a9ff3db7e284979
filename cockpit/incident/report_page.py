"""A report's page in parts, and the same page written again over what a person edited.

A marker in the page holds a fingerprint of every generated part. Prose whose fingerprint still fits is nobody's yet and
is written anew; any other is a person's and stays as it is, like every section that a person added, and a section that
they took out stays out. Front matter's date, the index and the timeline are always written anew.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from markdown_it import MarkdownIt

from cockpit.incident.report_values import PROSE

TIMELINE = "Timeline"
_MARK = re.compile(
    r"^<!-- cockpit report 1 incident=(\S+) names=(yes|no)((?: [a-z_]+=[0-9a-f]{12})*) -->$", re.MULTILINE
)
_PROMPTS = re.compile(r"^<!-- Still to be written\b.*?^-->\n?", re.MULTILINE | re.DOTALL)
_IDS: Mapping[str, str] = {title.lower(): key for key, title in (*PROSE, ("timeline", TIMELINE))}
_ORDER = [key for key, _ in PROSE] + ["timeline"]

ASKED: Mapping[str, str] = {
    "overview": "What broke, for whom, and how it ended, in three sentences.",
    "what_happened": "What led to it, step by step; the causes behind the cause.",
    "resolution": "What made it work again, and how do you know?",
    "lucky": "What could have made this much worse, and only by chance didn't?",
    "well": "What helped, and should be kept?",
    "badly": "What slowed you down or was missing? What, not who.",
    "actions": "What will make it less likely, or shorter? Each with an owner and a link; at least one for the cause.",
}
"""What a person is asked where nothing is written yet."""


class NotOurs(ValueError):
    """The text can't be written over; the message says why and what to do."""


def fingerprint(text: str) -> str:
    """Twelve characters that tell whether a text was edited; white space at the ends of lines doesn't count."""
    plain = "\n".join(line.rstrip() for line in text.strip().splitlines())
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Part:
    """A section: its heading as it stands in the page, and what is below."""

    title: str
    body: str

    @property
    def id(self) -> str:
        """The generated part it is, by its title; else empty."""
        return _IDS.get(self.title.strip().lower(), "")


@dataclass(frozen=True, slots=True)
class Page:
    """`front` are the front matter's lines, `index` is what stands before the first heading, `prints` the fingerprints
    of what was generated: of `title`, `index` and each section, also of one that a person took out."""

    incident: str
    anonymous: bool
    front: tuple[str, ...]
    index: str
    parts: tuple[Part, ...]
    prints: Mapping[str, str] = field(default_factory=dict)
    prompts: bool = True
    also: tuple[str, ...] = field(default=(), compare=False)
    """What else the incident went by, as before it was declared; a page doesn't hold it."""

    @classmethod
    def generated(
        cls,
        *,
        incident: str,
        also: Iterable[str] = (),
        anonymous: bool,
        front: Iterable[str],
        index: str,
        sections: Iterable[tuple[str, str]],
        timeline: str,
    ) -> Page:
        """A page fresh from the facts."""
        front = tuple(front)
        parts = [Part(title, body) for title, body in sections if body.strip()]
        parts += [Part(TIMELINE, timeline)] if timeline.strip() else []
        prints = {"title": fingerprint(front[0]), "index": fingerprint(index)}
        prints |= {part.id: fingerprint(part.body) for part in parts}
        key = re.sub(r"[^\w-]", "", incident) or "none"
        return cls(key, anonymous, front, index, tuple(parts), prints, also=tuple(also))

    def text(self) -> str:
        """The whole page, ending in one line end."""
        blocks = ["---\n" + "\n".join(self.front) + "\n---", self._marker()]
        blocks += [self.index.strip("\n")] if self.index.strip() else []
        for part in self.parts:
            blocks += [f"## {part.title}", *([part.body.strip("\n")] if part.body.strip() else [])]
        if self.prompts and (asked := "\n".join(self._asked())):
            blocks.append(asked)
        return "\n\n".join(blocks) + "\n"

    def _marker(self) -> str:
        prints = "".join(f" {key}={value}" for key, value in self.prints.items())
        return f"<!-- cockpit report 1 incident={self.incident} names={'no' if self.anonymous else 'yes'}{prints} -->"

    def _asked(self) -> Iterator[str]:
        there = {part.id for part in self.parts} | self.prints.keys()
        missing = [(key, title) for key, title in PROSE if key not in there]
        if missing:
            yield "<!-- Still to be written, by a person who was there. Add a section with one of these headings:"
            for key, title in missing:
                yield f"     {title}: {ASKED[key]}"
            yield "-->"

    @property
    def rewritten(self) -> tuple[str, ...]:
        """The generated parts that a person edited although they are always written anew."""
        bodies = {part.id: part.body for part in self.parts} | {"index": self.index}
        return tuple(
            name
            for key, name in (("index", "the index"), ("timeline", "the timeline"))
            if key in bodies and key in self.prints and fingerprint(bodies[key]) != self.prints[key]
        )


def read(text: str) -> Page:
    """A page out of a file's text. Raises NotOurs for a file that no cockpit wrote."""
    # The Markdown reader ends a line with a lone carriage return too, and counts lines by that.
    text = re.sub("\r\n?", "\n", text).removeprefix("\ufeff")
    marker = _MARK.search(text)
    if marker is None:
        raise NotOurs("it isn't a report that a cockpit wrote: give another name")
    head = text[: marker.start()]
    front = re.match(r"\s*---\n(.*?)\n---[ \t]*(?:\n|$)", head, re.DOTALL)
    above = head[front.end() if front else 0 :].strip("\n")  # what a person wrote above the marker
    rest, prompts = _PROMPTS.subn("", f"{above}\n\n{text[marker.end() :]}" if above else text[marker.end() :])
    index, *parts = _split(rest)
    prints = dict(pair.split("=") for pair in marker[3].split())
    lines = tuple(front[1].split("\n")) if front else ()
    return Page(marker[1], marker[2] == "no", lines, index.body.strip("\n"), tuple(parts), prints, bool(prompts))


def _split(text: str) -> Iterator[Part]:
    """The text at its second-level headings, first what comes before them; a `##` inside a code block is none."""
    reader = MarkdownIt("commonmark")
    reader.core.ruler.enableOnly(["normalize", "block"])
    lines = text.split("\n")
    tokens = reader.parse(text)
    places = [
        (token.map[0], token.map[1], tokens[n + 1].content)
        for n, token in enumerate(tokens)
        if token.type == "heading_open" and token.tag == "h2" and token.level == 0 and token.map
    ]
    ends = [start for start, _, _ in places] + [len(lines)]
    yield Part("", "\n".join(lines[: ends[0]]))
    for (_, below, title), end in zip(places, ends[1:], strict=True):
        yield Part(" ".join(title.split()), "\n".join(lines[below:end]).strip("\n"))


def written_again(old: Page, new: Page) -> Page:
    """`new` with all that a person wrote into `old`. Raises NotOurs for another incident's report, or one that is
    anonymous where the new one isn't, or the other way round."""
    if old.incident not in (new.incident, *new.also):
        raise NotOurs("it is another incident's report: give another name")
    if old.anonymous != new.anonymous:
        raise NotOurs(
            "it was written with --anonymous: writing it without would put names into it; give another name"
            if old.anonymous
            else "it names people, and what a person wrote in it can't be made anonymous: give another name"
        )
    fresh = {part.id: part for part in new.parts}
    prints = dict(new.prints)
    parts: list[Part] = []
    placed: set[str] = set()
    for part in old.parts:
        key = part.id if part.id not in placed else ""
        placed.add(key)
        if not key or (key != "timeline" and old.prints.get(key) != fingerprint(part.body)):
            parts.append(part)
            if key:  # a person's from now on: its print is that of what they wrote over, if there was anything
                prints.pop(key, None)
                prints |= {key: old.prints[key]} if key in old.prints else {}
        elif key in fresh:
            parts.append(replace(fresh[key], title=part.title))
    for key in _ORDER:
        if key in placed or key not in fresh:
            continue
        if key in old.prints and key != "timeline":
            prints[key] = old.prints[key]  # taken out by a person
        else:
            parts.insert(_place(parts, key), fresh[key])
    # One that was taken out, and that the facts say nothing for now, stays out too.
    gone = {key: value for key, value in old.prints.items() if key in _ORDER and key not in placed}
    prints = gone | prints if gone else prints
    front, title = _front(old, new)
    prints["title"] = title
    order = ["title", "index", *_ORDER]
    prints = {key: prints[key] for key in order if key in prints}
    return replace(new, front=front, index=_index(old, new), parts=tuple(parts), prints=prints, prompts=old.prompts)


def _place(parts: list[Part], key: str) -> int:
    """Where a new section goes: behind the nearest one before it in the usual order."""
    before = _ORDER[: _ORDER.index(key)]
    places = [n + 1 for n, part in enumerate(parts) if part.id in before]
    return max(places, default=0)


def _front(old: Page, new: Page) -> tuple[tuple[str, ...], str]:
    """The front matter, with the keys that a person added, and their title if they wrote one; and the title's print."""
    entries = _entries(old.front)
    title = next((lines for lines in entries if lines[0].startswith("title:")), None)
    kept = [line for lines in entries if not lines[0].startswith(("title:", "date:")) for line in lines]
    if title is None or fingerprint("\n".join(title)) == old.prints.get("title"):
        return (*new.front, *kept), new.prints["title"]
    return (*title, *new.front[1:], *kept), old.prints.get("title") or new.prints["title"]


def _entries(front: Iterable[str]) -> list[list[str]]:
    """The front matter's lines, each key's with those below that belong to it; a remark stands by itself."""
    entries: list[list[str]] = []
    for line in front:
        if not entries or re.match(r"#|[\w-]+\s*:", line):
            entries.append([])
        entries[-1].append(line)
    return entries


def _index(old: Page, new: Page) -> str:
    """The new index, and below it what a person wrote there."""
    if old.prints.get("index") == fingerprint(old.index):
        return new.index
    kept = [line for line in old.index.split("\n") if not line.startswith(("|", "> **Draft:", "> **Incomplete:**"))]
    added = re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip("\n")
    return f"{new.index}\n\n{added}" if added else new.index
