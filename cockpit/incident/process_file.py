"""Reading a process from TOML, strictly: what isn't understood is refused, with file, line and the nearest name."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cockpit.incident.applicability import CONDITIONS
from cockpit.incident.process import (
    ACTIONS,
    CLOCKS,
    OPENS,
    PARTS,
    ChannelNaming,
    Clocks,
    Parts,
    Phase,
    Process,
    ProcessError,
    RoleName,
    Step,
    StepKind,
    Words,
)
from cockpit.incident.process_place import Place
from cockpit.incident.sensors import SENSORS
from cockpit.incident.text import clean

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_LAPSES = ("reopened", "handoff")

LONGEST_CLOCK = timedelta(days=3650)
"""A clock that ran longer than that would leave the calendar."""


def shipped() -> Mapping[str, Path]:
    """The processes that come with the cockpit, by name: to run, or to copy and change."""
    folder = Path(str(files("cockpit") / "processes"))
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def read(path: Path | None = None) -> Process:
    """Read the process at `path`, or the built-in one. Raises ProcessError."""
    if path is None:
        return _built_in()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it isn't text in UTF-8"
        raise ProcessError(f"{path}: the process can't be read: {why}") from error
    return parse(text, str(path))


@cache
def _built_in() -> Process:
    """The built-in process. Read once: nobody changes it, and screens ask for it on the event loop."""
    name = "2i2c.toml"
    return parse((files("cockpit") / "processes" / name).read_text(encoding="utf-8"), name)


def parse(text: str, name: str) -> Process:
    """Read a process from TOML text; `name` is what errors call it. Raises ProcessError."""
    try:
        table = _cleaned(tomllib.loads(text))
    except ValueError as error:  # a number of thousands of digits is one too, and no TOMLDecodeError
        raise ProcessError(f"{name}: not TOML: {error}") from error
    except RecursionError:
        raise ProcessError(f"{name}: its brackets are nested too deeply to be read") from None
    place = Place(name, tuple(text.split("\n")))
    place.only(table, ("id", "title", "words", "clocks", "phase"))
    words = _words(place.table(table, "words"), place.within("[words]"))
    phases, steps = _phases(place.tables(table, "phase"), words, place)
    return Process(
        id=place.string(table, "id"),
        title=place.string(table, "title"),
        phases=phases,
        steps=steps,
        clocks=_clocks(place.table(table, "clocks", optional=True), place.within("[clocks]")),
        words=words,
        source=name,
    )


def _phases(
    entries: Iterable[Mapping[str, Any]], words: Words, place: Place
) -> tuple[tuple[Phase, ...], tuple[Step, ...]]:
    """The phases, in the order of their numbers, and all their steps."""
    phases: list[Phase] = []
    steps: list[Step] = []
    for index, entry in enumerate(entries):
        at = place.within("[[phase]]", index)
        at.only(entry, ("number", "title", "quiet", "optional", "step"))
        number = at.integer(entry, "number")
        if any(phase.number == number for phase in phases):
            at.fail(f"there is a phase {number} already", "number")
        quiet, optional = at.boolean(entry, "quiet"), at.boolean(entry, "optional")
        phases.append(Phase(number, at.string(entry, "title"), quiet, optional))
        for fields in at.tables(entry, "step"):
            there = place.within("[[phase.step]]", len(steps))
            step = _step(fields, number, words, there)
            if any(other.id == step.id for other in steps):
                there.fail(f"there is a step {step.id!r} already", "id")
            steps.append(step)
    if [phase.number for phase in phases] != sorted(phase.number for phase in phases):
        place.fail("the phases must be in the order of their numbers")
    for index, step in enumerate(steps):
        there = place.within("[[phase.step]]", index, f"step {step.id!r}")
        if "step" in step.params:
            there.known(step.params["step"], [other.id for other in steps], "step", "params")
    if not steps:
        place.fail("a process has at least one [[phase]] with a [[phase.step]]")
    return tuple(phases), tuple(steps)


def _cleaned(value: Any) -> Any:
    """The same without what a terminal obeys: a process may come from anybody."""
    if isinstance(value, dict):
        return {clean(name): _cleaned(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_cleaned(inner) for inner in value]
    return clean(value) if isinstance(value, str) else value


def _words(table: Mapping[str, Any], at: Place) -> Words:
    lists = ("other_tags", "outage_kinds", "relapse", "handoff", "hub_labels")
    at.only(table, ("priority", "outage_tag", "catch_all_service", "tags", "roles", "parts", "channel", *lists))
    naming = at.table(table, "channel", optional=True)
    there = at.within("[words.channel]")
    there.only(naming, ("infix", "length"))
    channel = ChannelNaming()
    if "infix" in naming:
        channel = replace(channel, infix=there.string(naming, "infix"))
    if "length" in naming:
        channel = replace(channel, length=there.integer(naming, "length"))
    roles = at.within("[words.roles]").names(table, "roles")
    return Words(
        priority=at.string(table, "priority"),
        outage_tag=at.string(table, "outage_tag"),
        tags=at.within("[words.tags]").names(table, "tags"),
        catch_all_service=at.string(table, "catch_all_service", ""),
        roles=roles,
        parts=_parts(at.table(table, "parts", optional=True), roles, at.within("[words.parts]")),
        channel=channel,
        other_tags=at.strings(table, "other_tags"),
        outage_kinds=at.strings(table, "outage_kinds"),
        relapse=at.strings(table, "relapse"),
        handoff=at.strings(table, "handoff"),
        hub_labels=at.strings(table, "hub_labels"),
    )


def _parts(table: Mapping[str, Any], roles: Mapping[str, str], at: Place) -> Parts:
    """Each part by one of the process's own roles."""
    at.only(table, PARTS)
    named = {key: at.known(value, roles, "role", key) for key, value in table.items()}
    return Parts(**{key: RoleName(short, roles[short]) for key, short in named.items()})


def _clocks(table: Mapping[str, Any], at: Place) -> Clocks:
    at.only(table, (*CLOCKS, "soon_fraction"))
    clocks = Clocks()
    for key, value in table.items():
        if key == "soon_fraction":
            if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value <= 1:
                at.fail(f"'soon_fraction' must be above 0 and at most 1, not {value!r}", key)
            clocks = replace(clocks, soon_fraction=float(value))
            continue
        duration = _duration(value)
        if duration is None:
            problem = f'must be a duration such as "15m", "2h" or "3d", of at most {LONGEST_CLOCK.days} days'
            at.fail(f"{key!r} {problem}, not {value!r}", key)
        changed: Any = {key: duration}
        clocks = replace(clocks, **changed)
    return clocks


def _duration(value: object) -> timedelta | None:
    """How long a clock runs; None for what is no duration that one could."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd])", value) if isinstance(value, str) else None
    if found is None:
        return None
    try:
        duration = timedelta(**{_UNITS[found[2]]: float(found[1])})
    except OverflowError:
        return None
    return duration if timedelta() < duration <= LONGEST_CLOCK else None


_STEP_KEYS = (
    *("id", "title", "role", "kind", "sensor", "params", "action", "recurring", "applies"),
    *("hint", "hint_ticket", "public"),
)


def _step(table: Mapping[str, Any], phase: int, words: Words, at: Place) -> Step:
    step_id = at.string(table, "id")
    at = replace(at, what=f"step {step_id!r}")
    at.only(table, _STEP_KEYS)
    kind = StepKind(at.known(table.get("kind", ""), [kind.value for kind in StepKind], "kind", "kind"))
    sensor = at.known(table["sensor"], SENSORS, "sensor", "sensor") if "sensor" in table else None
    if (sensor is None) != (kind is StepKind.ATTESTED):
        problem = "an attested step has no sensor" if sensor else f"a step of kind {kind.value!r} needs a sensor"
        at.fail(problem, "sensor")
    role = at.string(table, "role")
    if words.roles:
        at.known(role, words.roles, "role", "role")
    if "action" in table:
        _action(table["action"], at)
    return Step(
        id=step_id,
        phase=phase,
        title=at.string(table, "title"),
        role=role,
        kind=kind,
        sensor=sensor,
        params=_params(at.table(table, "params", optional=True), sensor, at),
        action=table.get("action"),
        recurring=at.boolean(table, "recurring"),
        applies=at.known(table["applies"], CONDITIONS, "condition", "applies") if "applies" in table else None,
        hint=at.string(table, "hint", ""),
        hint_ticket=at.string(table, "hint_ticket", ""),
        public=at.string(table, "public", ""),
    )


def _params(params: Mapping[str, Any], sensor: str | None, at: Place) -> Mapping[str, Any]:
    """What a step says besides; a step that it names is looked for once all are read."""
    at.only(params, ("clock", "link", "lapses", "step"))
    if "clock" in params:
        at.known(params["clock"], CLOCKS, "clock", "params")
    if "lapses" in params:
        at.known(params["lapses"], _LAPSES, "cause to lapse", "params")
    if not isinstance(params.get("link", False), bool):
        at.fail("'link' must be true or false", "params")
    for key in SENSORS[sensor].needs if sensor else ():
        if key not in params:
            at.fail(f"the sensor {sensor!r} needs params.{key}", "params")
    return MappingProxyType(dict(params))


def _action(value: object, at: Place) -> None:
    """Refuse an action that the cockpit doesn't know."""
    opens = value.removeprefix("open:") if isinstance(value, str) and value.startswith("open:") else None
    if opens is not None and (opens in OPENS or opens.startswith("https://")):
        return
    at.known(value, ACTIONS | {f"open:{name}" for name in OPENS}, "action", "action")
