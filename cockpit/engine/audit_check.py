"""The audit handed out, and the check that anyone can make of it: nothing here reads a journal.

What `cockpit log --json` prints is deliveries, each with its lines. From that alone it shows whether a line was
altered, is missing, or says otherwise than the delivery that it stands with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from cockpit.engine.audit import DROPPED, GENESIS, Line, canonical, chained, digest
from cockpit.engine.ledger import title_of
from cockpit.incident.moments import zulu
from cockpit.incident.text import one_line

if TYPE_CHECKING:
    from cockpit.engine.journal import Entry
    from cockpit.incident.facts import Anchor

_FIRST = (("action", "action"), ("kind", "kind"), ("part", "part"), ("title", "title"),
          ("destination", "destination"), ("actor", "actor"), ("at", "acted_at"))  # fmt: skip
"""What a delivery says, and the name under which its first line says the same."""

_LAST = (("state", "state"), ("held", "held"), ("asks", "asks"))
"""The same with its last line."""


def told(entries: Iterable[Entry], lines: Iterable[Line]) -> list[dict[str, Any]]:
    """Every delivery of a case as `cockpit log --json` prints it, those that were given up too, with its lines."""
    by_delivery: dict[str, list[Line]] = {}
    for line in lines:
        by_delivery.setdefault(str(line.get("delivery")), []).append(line)
    found = [_delivery(entry, by_delivery.pop(str(entry.seq), [])) for entry in entries]
    found += [_gone(own) for own in by_delivery.values()]
    return sorted(found, key=lambda one: str(one["seq"]).zfill(20))


def _delivery(entry: Entry, lines: list[Line]) -> dict[str, Any]:
    action = entry.action
    # As it was called when it was journalled, which is what the chain holds.
    title = lines[0].get("title") if lines else title_of(action, entry.part)
    return {
        "seq": entry.seq, "action": action.id, "kind": action.kind, "part": str(entry.part), "title": title,
        "destination": entry.destination, "state": str(entry.state), "held": entry.held, "asks": entry.asks,
        "actor": action.actor, "at": zulu(action.at), "error": entry.error, **_found(entry.outcome), "lines": lines,
    }  # fmt: skip


def _found(outcome: object) -> dict[str, Any]:
    """What a write was found by whose answer was lost, and whether that is certain; both None where none was."""
    if not isinstance(outcome, Mapping) or outcome.get("found_by") is None:
        return {"found_by": None, "certain": None}
    return {"found_by": outcome["found_by"], "certain": not outcome.get("likely", False)}


def _gone(lines: list[Line]) -> dict[str, Any]:
    """A delivery of which only its lines are left."""
    first, last = lines[0], lines[-1]
    told = {said: first.get(as_line) for said, as_line in _FIRST} | {said: last.get(name) for said, name in _LAST}
    return {"seq": first.get("delivery"), **told, "state": DROPPED, "error": None, **_found(None), "lines": lines}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found: how many lines there are, the hash of the last, and in a sentence each what is wrong."""

    count: int
    head: str
    faults: tuple[str, ...]
    strangers: int = 0
    """How many other logs the anchors are of: those of other machines, or of a journal that was here before."""


def check(told: object, anchors: Iterable[Anchor] = ()) -> Verdict:
    """Check what `cockpit log --json` printed, read as JSON; with `anchors`, against what the channel proves.

    Whatever is given, this doesn't raise: what isn't a log is a fault.
    """
    if not isinstance(told, list):
        return Verdict(0, GENESIS, ("This isn't what `cockpit log --json` prints: a list of deliveries.",))
    faults: list[str] = []
    lines: list[Line] = []
    for place, delivery in enumerate(told, 1):
        own = _lines_of(delivery)
        if own is None:
            faults.append(f"The entry in place {place} isn't a delivery with its lines.")
            continue
        lines += own
        faults += _disagreements(delivery, own)
    lines.sort(key=lambda line: line["number"])
    faults += _breaks(lines)
    logs = {str(line.get("log")) for line in lines}
    if len(logs) > 1:
        faults.append(f"Lines of {len(logs)} logs stand in it; a chain is one log's.")
    known = list(anchors)
    faults += _unproven(lines, [anchor for anchor in known if anchor.log in logs])
    strangers = {anchor.log for anchor in known} - logs
    return Verdict(len(lines), str(lines[-1]["hash"]) if lines else GENESIS, tuple(faults), len(strangers))


def _lines_of(delivery: object) -> list[Line] | None:
    lines = delivery.get("lines") if isinstance(delivery, dict) else None
    if not isinstance(lines, list):
        return None
    proper = all(
        isinstance(line, dict) and type(line.get("number")) is int and isinstance(line.get("hash"), str)
        for line in lines
    )
    return lines if proper else None


def _breaks(lines: Sequence[Line]) -> Iterator[str]:
    """Where the chain is broken; each line is held against the hash that the one before it claims."""
    number, previous = 0, GENESIS
    for line in lines:
        if line["number"] == number:
            yield f"Line {number} is there twice."
            continue
        if line["number"] != number + 1:
            yield _missing(number + 1, line["number"] - 1)
        else:
            content = canonical({name: value for name, value in line.items() if name != "hash"})
            if chained(previous, content) != line["hash"]:
                yield f"Line {line['number']} was altered."
        number, previous = line["number"], line["hash"]


def _missing(first: int, last: int) -> str:
    return f"Line {first} is missing." if first == last else f"Lines {first} to {last} are missing."


def _disagreements(delivery: Line, lines: Sequence[Line]) -> Iterator[str]:
    """What a delivery says otherwise than its first and its last line do."""
    name = f"Delivery {_quoted(delivery.get('seq'))}"
    if not lines:
        yield f"{name} is told by no line."
        return
    for earlier, later in pairwise(lines):
        if later["number"] < earlier["number"]:
            yield f"Line {later['number']} is out of order: it stands behind line {earlier['number']}."
    for line in lines:
        if line.get("delivery") != delivery.get("seq"):
            yield f"Line {line['number']} is of delivery {_quoted(line.get('delivery'))} and stands under another."
    for line, names in ((lines[0], _FIRST), (lines[-1], _LAST)):
        for said, as_line in names:
            if delivery.get(said) != line.get(as_line):
                yield (
                    f"{name} has {said} {_quoted(delivery.get(said))}; "
                    f"its line {line['number']} has {_quoted(line.get(as_line))}."
                )
    for said, value in _found(lines[-1].get("outcome")).items():
        # What was printed before deliveries told how they were found lacks these.
        if delivery.get(said, value) != value:
            yield (
                f"{name} has {said} {_quoted(delivery.get(said))}; its line {lines[-1]['number']} has {_quoted(value)}."
            )
    error = delivery.get("error")
    if (None if error is None else digest(str(error))) != lines[-1].get("error_sha256"):
        yield f"{name} says another error than its line {lines[-1]['number']} was written with."


def _quoted(value: object) -> str:
    return one_line(repr(value), 80)


def _unproven(lines: Sequence[Line], anchors: Sequence[Anchor]) -> Iterator[str]:
    """What the channel proves was there and isn't."""
    hashes = {line["number"]: line["hash"] for line in lines}
    last = max(hashes, default=0)
    beyond = max((anchor.number for anchor in anchors), default=0)
    if beyond > last:
        yield _missing(last + 1, beyond)[:-1] + ", as the channel's notes prove."
    for number, known in sorted({(one.number, one.hash) for one in anchors}):
        if number in hashes and hashes[number] != known:
            yield f"Line {number} isn't the one that a note in the channel carries: the log was written anew."
