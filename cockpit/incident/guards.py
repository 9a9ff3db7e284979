"""What oughtn't to leave in a text: found before it goes, with the words and the line. Pure.

With a *final* finding the text isn't finished: it never goes. Any other only looks wrong (a host's name may be meant
for them, a word may look like a secret): whoever has read it may send the text all the same. That the cockpit's own
keys go nowhere, in no text, is the engine's affair, which knows them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import translate
from functools import lru_cache
from ipaddress import ip_address

from cockpit.incident.communities import Listed, Place, fits, places
from cockpit.incident.facts import Person, Snapshot
from cockpit.incident.markup import markdown_plain
from cockpit.incident.masking import masked
from cockpit.incident.replies import LONGEST, line_of, problems
from cockpit.incident.secret_forms import MASK
from cockpit.incident.text import composed, one_line

INTERNAL_HOSTS = (
    *("*.internal", "*.local", "*.localdomain", "*.lan", "*.intranet", "*.corp", "*.home.arpa", "*.svc"),
    *("ip-*-*-*-*", "localhost"),
)
"""Hosts that mean nothing outside, by their usual names; `*` is any part. Addresses that aren't public are besides."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What a team watches for: names of hosts, `*` for any part, and whose the communities are."""

    hosts: tuple[str, ...] = INTERNAL_HOSTS
    communities: Mapping[str, Listed] = field(default_factory=dict)


USUAL = Guard()
"""What is watched for where the config says nothing."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """To whom a text goes: the person, their company in Freshdesk if it is known, the place it is about."""

    person: Person
    company: str | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a text. `key` names it, so that a person who has read it can send the text in spite of it."""

    key: str
    words: str
    final: bool = False


def in_reply(text: str, ticket: int, snapshot: Snapshot, guard: Guard) -> tuple[Finding, ...]:
    """What oughtn't to be in a reply to that ticket."""
    facts = snapshot.ticket(ticket)
    if facts is None:
        return in_private_note(text)
    to = Addressee(facts.ticket.requester, facts.ticket.company)
    return in_letter(text, to, snapshot, guard)


def in_letter(text: str, to: Addressee, snapshot: Snapshot, guard: Guard) -> tuple[Finding, ...]:
    """What oughtn't to be in a text to a community."""
    unfinished = tuple(Finding(words, words, final=True) for words in problems(text))
    if len(text) > LONGEST or not text.strip():
        return unfinished
    found: dict[str, Finding] = {}
    for shown, as_read in ((composed(text), ""), (composed(markdown_plain(text)), ", as they will read it,")):
        for finding in (*_hosts(shown, as_read, guard.hosts), *_strangers(shown, as_read, to, snapshot, guard)):
            found.setdefault(finding.key, finding)
    return (*unfinished, *_secrets(text), *found.values())


def in_private_note(text: str) -> tuple[Finding, ...]:
    """What oughtn't to be in a note that only colleagues read: they may read of hosts and of other communities."""
    if not text.strip() or len(text) > LONGEST:
        return tuple(Finding(words, words, final=True) for words in problems(text))
    return tuple(_secrets(text))


def standing(findings: Iterable[Finding], despite: Iterable[str] = ()) -> tuple[Finding, ...]:
    """Those that still keep the text from going: the final ones, and those that nobody has read and passed."""
    passed = frozenset(despite)
    return tuple(one for one in findings if one.final or one.key not in passed)


def refusal(findings: Iterable[Finding], despite: Iterable[str] = ()) -> str | None:
    """Why the text can't go, with what to do; None: it can."""
    left = standing(findings, despite)
    if not left:
        return None
    first = min(left, key=lambda one: not one.final)
    way = "" if first.final else " Take it out, or review the text and send it all the same."
    return first.words + way


# --- secrets ---------------------------------------------------------------------------------------------------------


def _secrets(text: str) -> Iterator[Finding]:
    if masked(text) == text:
        return
    broken = True
    for number, line in enumerate(text.split("\n"), 1):
        if (shown := masked(line)) != line:
            broken = False
            at = max(0, shown.index(MASK) - 40)
            words = f"Line {number} holds what looks like a secret: “{one_line(shown[at:], 80)}”."
            yield Finding(f"secret:{number}", words)
    if broken:
        yield Finding("secret", "It holds what looks like a secret, broken over two lines.")


# --- hosts -----------------------------------------------------------------------------------------------------------

_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")
_ADDRESS = re.compile(
    r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\d)|(?<![\w:.])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![\w:])", re.I
)


@lru_cache(maxsize=8)
def _internal(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(translate(pattern) for pattern in patterns) or r"(?!)", re.I)


def _hosts(text: str, as_read: str, patterns: tuple[str, ...]) -> Iterator[Finding]:
    internal = _internal(patterns)
    for found in _HOST.finditer(text):
        if internal.match(found[0]):
            yield _host(text, found, as_read, "an internal host")
    for found in _ADDRESS.finditer(text):
        if _not_public(found[0]):
            yield _host(text, found, as_read, "an address that isn't public")


def _host(text: str, found: re.Match[str], as_read: str, what: str) -> Finding:
    words = f"Line {line_of(text, found.start())}{as_read} names {what}: “{one_line(found[0], 80)}”."
    return Finding(f"host:{found[0].casefold()}", words)


def _not_public(address: str) -> bool:
    try:
        return any(letter != ":" for letter in address) and not ip_address(address).is_global
    except ValueError:
        return False


# --- other communities -----------------------------------------------------------------------------------------------

_LEAST = 4
"""Characters of a name, below which it may be any word."""

_ANYBODYS = frozenset({"prod", "production", "staging", "test", "default", "main", "jupyterhub", "binder"})
"""Names of hubs and clusters that tell no community from another."""


def _strangers(text: str, as_read: str, to: Addressee, snapshot: Snapshot, guard: Guard) -> Iterator[Finding]:
    whose = to.company or to.person.name
    foreign = _foreign(to, snapshot, guard)
    told: list[str] = []
    # The longest first: of “Utopia College” it isn't told again that it names “Utopia”.
    for name in sorted(foreign, key=lambda name: (-len(name), name)):
        words = r"\s+".join(map(re.escape, name.split()))
        found = re.search(rf"(?<!\w){words}(?!\w)", text, re.I)
        if found and not any(name.casefold() in longer for longer in told):
            told.append(name.casefold())
            what = foreign[name]
            said = f"Line {line_of(text, found.start())}{as_read} names “{one_line(found[0], 80)}”, {what}."
            yield Finding(f"community:{name}", f"{said} This goes to {one_line(whose, 80)}.")


def _foreign(to: Addressee, snapshot: Snapshot, guard: Guard) -> Mapping[str, str]:
    """Names of others, each with whose it is; what is the addressee's own name as well isn't among them."""
    own, found = _own_names(to, snapshot, guard), dict[str, str]()
    companies: set[str] = set()
    for facts in snapshot.tickets:
        other = facts.ticket
        if other.requester.id != to.person.id:
            found[composed(other.requester.name)] = f"who wrote ticket {other.id}"
        if other.company is not None and _key(other.company) not in own:
            found[composed(other.company)] = f"the community of ticket {other.id}"
            companies.add(other.company)
    for name, company in _listed_names(guard.communities):
        if own and _key(company or "") not in own:
            found.setdefault(composed(name), f"a name of {company}" if company else "another community's name")
    for place in places(snapshot):
        theirs = next((one for one in sorted(companies) if fits(one, place, guard.communities)), None)
        if theirs is not None and not (to.company and fits(to.company, place, guard.communities)):
            for name in (str(place), place.hub, place.cluster):
                found.setdefault(composed(name), f"a name of {theirs}")
    return {
        name: what
        for name, what in found.items()
        if len(name) >= _LEAST and _key(name) not in own and _key(name) not in _ANYBODYS
    }


def _key(name: str) -> str:
    """A name by which it is known again, however it is written."""
    return composed(name).casefold()


def _own_names(to: Addressee, snapshot: Snapshot, guard: Guard) -> frozenset[str]:
    """What the addressee may be called, in lower case."""
    names: set[str] = {to.person.name, to.company or ""}
    where = [to.place] if to.place else [one for one in places(snapshot) if to.company and _at(one, to, guard)]
    for place in where:
        names |= {str(place), place.hub, place.cluster}
    for key, entry in guard.communities.items():
        if _theirs(entry, to):
            names |= {key, *key.split("/"), entry.company or ""}
    known = {_key(name) for name in names if name}
    # Only somebody of whom more is known than a name can be told from the communities of the config.
    return frozenset(known) if to.company or to.place or len(known) > 1 else frozenset()


def _at(place: Place, to: Addressee, guard: Guard) -> bool:
    return to.company is not None and fits(to.company, place, guard.communities)


def _theirs(entry: Listed, to: Addressee) -> bool:
    address = (to.person.email or "").casefold()
    same = entry.company is not None and _key(entry.company) == _key(to.company or "")
    return same or (bool(address) and address in {one.casefold() for one in entry.contacts})


def _listed_names(table: Mapping[str, Listed]) -> Iterator[tuple[str, str | None]]:
    """The names in the config's table, each with its company; a part of a place only where no other has it too."""
    parts = Counter(part for key in table for part in set(key.split("/")))
    for key, entry in table.items():
        for name in dict.fromkeys((key, entry.company or "", *(part for part in key.split("/") if parts[part] == 1))):
            if name:
                yield name, entry.company
