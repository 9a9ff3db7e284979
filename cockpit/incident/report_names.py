"""An anonymous report: names turned into roles wherever they stand, addresses and communities' names taken out.

Only names that the services know can be found. Where a choice must be made, rather one word too many is replaced.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any
from urllib.parse import unquote, urlsplit

from cockpit.incident.process import LEAD, Parts
from cockpit.incident.report_people import Cast, Known
from cockpit.incident.report_values import Link, Report
from cockpit.incident.text import composed

REMOVED = "(address removed)"
"""What stands where an e-mail address or a web address was."""

_EMAIL = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_URL = re.compile(r"(?:\b[a-z][a-z0-9+.-]{1,20}://|\bwww\.|\bmailto:)[^\s<>|`\"'“”]+", re.IGNORECASE)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Names that are words as well: in lower case they are the word.
_WORDS = _words(
    """
    art bill bob chance chase chip cliff dale dawn dean drew earl faith frank gene grace grant guy hope hunter iris
    ivy jack jade joy june lance lane lee mark mason may miles norm page park pat penny ray rich rob rod rose roy
    ruby rusty sandy scott sky sue summer sunny tab tara ted terry violet wade ward will wood young
    """
)
# Of a community's name, what names no community.
_COMMON = _words(
    """
    university universität universidad université college school institute institut institution faculty center
    centre department division laboratory laboratories national international federal state city county global
    general public open data cloud science sciences scientific research education learning teaching technology
    technical computing computer community communities project program programme foundation society association
    academy network consortium collaboration group team hub jupyterhub library museum hospital health medical north
    south east west northern southern eastern western central united new
    """
)
_OF_DOMAINS = _words(
    """
    www mail email students student staff example edu ac co com org net gov mil int gmail googlemail outlook hotmail
    yahoo icloud proton protonmail gmx
    """
)
_OF_HUBS = _COMMON | {"prod", "production", "staging", "stage", "dev", "test", "default", "main", "live"}
_PARTICLES = frozenset({"van", "von", "der", "den", "del", "bin", "ibn", "dos", "das", "ter", "ten", "the", "and"}) | {
    *("de", "da", "di", "la", "le", "el", "al", "zu", "of")
}
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Veil:
    """Who becomes what. Made of a cast; the same name becomes the same words everywhere."""

    def __init__(self, found: Cast, parts: Parts, hosts: Iterable[str]) -> None:
        self._veiled: dict[str, str] = {}  # the same names stand in thousands of entries
        self._hosts = frozenset(host.lower() for host in hosts if host)
        self._exact: dict[str, str] = {}
        self._loose: dict[str, str] = {}  # matched in any case
        self._cased: dict[str, str] = {}  # matched as spelled: in lower case it is another word
        self._letters = {name: _letter(n) for n, name in enumerate(found.communities)}
        for known, alias in self._aliases(found, parts):
            # Of a name in the channel of whom nothing else is known, a part may be any word: it may be an app's.
            taking_part = known.emails or known.community is not None or any(known is one for one in found.experts)
            self._enter(known, alias, parts=bool(taking_part) and not any(known is one for one in found.placeholders))
        for name, addresses in found.communities.items():
            self._enter_community(name, addresses, f"Community {self._letters[name]}")
        hubs = [hub for hub in found.hubs if hub.lower() not in _OF_HUBS and hub.lower() not in self._loose]
        for number, hub in enumerate(hubs):
            self._loose.setdefault(_squeezed(composed(hub)), f"Hub {_letter(number)}")
        self._pattern = _pattern(self._loose, re.IGNORECASE)
        self._cased_pattern = _pattern(self._cased, 0)
        # The same alias twice in a row: a first and a last name that something stood between.
        values = sorted({*self._loose.values(), *self._cased.values()}, key=len, reverse=True)
        joined = "|".join(map(re.escape, values)) or r"(?!)"
        self._twice = re.compile(rf"\b({joined})(?:\s+\1\b)+")

    def _aliases(self, found: Cast, parts: Parts) -> Iterator[tuple[Known, str]]:
        """Each person with their alias, by the weightiest role that they held."""
        named: list[Known] = []

        def group(people: Iterable[Known], title: str, numbered: bool = False) -> Iterator[tuple[Known, str]]:
            new = list(dict.fromkeys(map(id, people)))
            chosen = [k for k in found.crowd.people if id(k) in new and not any(k is one for one in named)]
            chosen.sort(key=lambda known: new.index(id(known)))
            for number, known in enumerate(chosen, 1):
                named.append(known)
                yield known, f"{title} {number}" if len(chosen) > 1 or numbered else title

        representing: dict[str, list[Known]] = {}
        for known in found.crowd.people:
            if known.community is not None:
                representing.setdefault(known.community, []).append(known)
        for community, people in representing.items():
            title = f"Representative of community {self._letters.get(community, '?')}"
            for number, (known, _) in enumerate(group(people, title), 1):
                yield known, title if len(people) == 1 else title.replace(" of", f" {number} of", 1)
        yield from group(found.placeholders, "Rota placeholder")
        held: dict[str, list[Known]] = {}  # a team may call two parts the same
        for part, holders in (
            (parts.responder, tuple(known for known, _ in found.leading)),
            (parts.liaison, found.liaisons),
            (parts.lead or LEAD, found.leads),
            (parts.expert, found.experts),
        ):
            held.setdefault(part.full.capitalize(), []).extend(holders)
        held.setdefault("Colleague", []).extend(found.crowd.people)
        for title, people in held.items():
            yield from group(people, title, numbered=title in ("Colleague", parts.expert.full.capitalize()))

    def _enter(self, known: Known, alias: str, parts: bool) -> None:
        for spelled in known.names:
            for name in {composed(spelled), _folded(spelled)}:
                self._exact.setdefault(name.lower(), alias)
                if len(name.strip()) > 1:
                    self._loose.setdefault(_squeezed(name), alias)
                for part in re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", name) if parts else ():
                    if len(part) < 2 or part.lower() in _PARTICLES:
                        continue
                    short = len(part) < 3 or part.lower() in _WORDS
                    (self._cased if short else self._loose).setdefault(part if short else part.lower(), alias)
        for email in known.emails:
            self._exact.setdefault(email, alias)
            local = email.partition("@")[0]
            own = [part for part in self._loose if len(part) > 2 and self._loose[part] == alias]
            if parts and any(part in local for part in own):
                self._loose.setdefault(local, alias)

    def _enter_community(self, spelled: str, addresses: Iterable[str], alias: str) -> None:
        name = composed(spelled)
        self._exact.setdefault(name.lower(), alias)
        if len(name.strip()) > 1:
            self._loose.setdefault(_squeezed(name), alias)
        for word in re.findall(r"[^\W\d_]{3,}", name):
            if word.lower() not in _COMMON | _PARTICLES and word[0].isupper():
                self._cased.setdefault(word, alias)
        words = {word.lower() for word in re.findall(r"\w{3,}", name)} - _COMMON
        for address in addresses:
            for label in _own_labels(address):
                self._loose.setdefault(label, alias)
        if len(words) == 1:
            self._loose.setdefault(next(iter(words)), alias)

    def text(self, text: str) -> str:
        """`text` with no name, address or community in it that is known."""
        veiled = self._veiled.get(text)
        if veiled is None:
            veiled = self._veiled[text] = self._text(text)
        return veiled

    def _text(self, text: str) -> str:
        plain = composed(text)
        whole = self._exact.get(plain.strip().lower())
        if whole is not None:
            return whole
        plain = _URL.sub(lambda found: found[0] if self.url(found[0]) else REMOVED, plain)
        plain = _EMAIL.sub(lambda found: self._exact.get(found[0].lower(), REMOVED), plain)
        if self._pattern:
            plain = self._pattern.sub(lambda found: self._loose.get(_squeezed(found[1]), "Somebody"), plain)
        if self._cased_pattern:
            plain = self._cased_pattern.sub(lambda found: self._cased[found[1]], plain)
        return self._twice.sub(r"\1", plain)

    def url(self, url: str | None) -> str | None:
        """The address, unless it leads into one of the services or says a name."""
        if url is None or (urlsplit_host(url) or "-") in self._hosts:
            return None
        shown = composed(unquote(url))
        said = any(pattern and pattern.search(shown) for pattern in (_EMAIL, self._pattern, self._cased_pattern))
        return None if said else url

    def over(self, report: Report) -> Report:
        """The report with every text in it veiled."""
        veiled: Report = self._walk(report)
        return replace(veiled, incident_id=report.incident_id, anonymous=True)

    def _walk(self, value: Any) -> Any:
        """`value` with each text in it veiled, whatever it is made of, and links that may not show left out."""
        if type(value) is str:
            return self.text(value)
        if isinstance(value, tuple):
            return tuple(self._walk(one) for one in value if not isinstance(one, Link) or self.url(one.url))
        if not is_dataclass(value) or isinstance(value, type):
            return value
        changes: dict[str, Any] = {}
        for place in fields(value):
            held = getattr(value, place.name)
            changes[place.name] = self.url(held) if place.name == "url" else self._walk(held)
        return replace(value, **changes)


def urlsplit_host(url: str) -> str:
    """The host of an address, lower case, with its port; empty where it has none that can be read."""
    try:
        return urlsplit(url).netloc.lower().rpartition("@")[2]
    except ValueError:
        return ""


def _letter(number: int) -> str:
    """A, B, … Z, AA, AB, …"""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = _LETTERS[rest] + letters
    return letters


def _folded(name: str) -> str:
    """A name without accents, as people type it."""
    return "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))


def _squeezed(name: str) -> str:
    return " ".join(name.lower().split())


def _own_labels(address: str) -> Iterator[str]:
    """The part of an e-mail address's domain that names its owner: `mordor` of osei@cs.mordor.ac.uk."""
    labels = address.lower().partition("@")[2].split(".")[:-1]
    yield from [label for label in labels if len(label) > 2 and label not in _OF_DOMAINS][-1:]


def _pattern(names: Iterable[str], flags: int) -> re.Pattern[str] | None:
    """The longest of the names that stands there as a word, with the `@` before it."""
    ordered = sorted((name for name in names if name.strip()), key=len, reverse=True)
    spelled = [r"\s+".join(map(re.escape, name.split())) for name in ordered]
    if not spelled:
        return None
    # `_` and digits part words too: jupyterhub_mordor_inc, hub-mordor2.
    return re.compile(rf"(?<![^\W\d_])@?({'|'.join(spelled)})(?![^\W\d_])", flags)
