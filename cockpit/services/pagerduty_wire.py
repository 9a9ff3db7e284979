"""PagerDuty's JSON (REST API, version 2) as facts.

Lenient: references in place of whole things, nulls, unknown types.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from cockpit.incident.facts import (
    Alert,
    Incident,
    IncidentNote,
    LogEntry,
    LogKind,
    OnCall,
    Person,
    Responder,
    Status,
)
from cockpit.services.call import Unreadable
from cockpit.services.wire import (
    Json,
    certain_moment,
    identifier,
    items,
    line,
    moment,
    number,
    obj,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

LOG_KINDS: Mapping[str, LogKind] = MappingProxyType(
    {
        "trigger": LogKind.TRIGGERED,
        "acknowledge": LogKind.ACKNOWLEDGED,
        "unacknowledge": LogKind.UNACKNOWLEDGED,
        "assign": LogKind.ASSIGNED,
        "reassign": LogKind.ASSIGNED,
        "delegate": LogKind.ASSIGNED,
        "escalate": LogKind.ESCALATED,
        "priority_change": LogKind.PRIORITY,
        "resolve": LogKind.RESOLVED,
        "reopen": LogKind.REOPENED,
        "annotate": LogKind.NOTE,
        "responder_request": LogKind.RESPONDER,
        "responder_request_for_escalation_policy": LogKind.RESPONDER,
        "responder_accept": LogKind.RESPONDER,
        "responder_decline": LogKind.RESPONDER,
        "status_update": LogKind.STATUS_UPDATE,
        "snooze": LogKind.SNOOZED,
        "service_change": LogKind.SERVICE,
        "impacted_service_change": LogKind.SERVICE,
    }
)
"""A log entry's `type`, without its `_log_entry`, to its kind."""


@dataclass(frozen=True, slots=True)
class ServiceRef:
    """A PagerDuty service, as far as choosing one needs it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ChannelRef:
    """The Slack channel that PagerDuty calls the incident's own. `url` opens it."""

    id: str
    name: str
    url: str


def person(value: object) -> Person:
    """A user or another agent, whole or as a reference."""
    one = obj(value)
    known = identifier(one.get("id"), "somebody")
    return Person(known, line(one.get("name")) or line(one.get("summary")) or known, line(one.get("email")) or None)


def _person(value: object) -> Person | None:
    one = obj(value)
    return person(one) if line(one.get("id")) else None


def priority_name(value: object) -> str | None:
    """A priority's name; a bare reference holds it as `summary`."""
    one = obj(value)
    return line(one.get("name")) or line(one.get("summary")) or None


def service_ref(value: object) -> ServiceRef:
    """A service."""
    one = obj(value)
    known = identifier(one.get("id"), "a service")
    return ServiceRef(known, line(one.get("name")) or line(one.get("summary")) or known)


def incident(value: object) -> Incident:
    """An incident; one without id, number, status or time is `Unreadable`."""
    one = obj(value)
    known = identifier(one.get("id"), "an incident")
    found = number(one.get("incident_number"))
    if found is None:
        raise Unreadable("an incident without a number")
    try:
        status = Status(line(one.get("status")))
    except ValueError:
        raise Unreadable(f"an incident whose status is {line(one.get('status')) or 'missing'}") from None
    service = obj(one.get("service"))
    title = line(one.get("title")) or line(one.get("summary"))
    described = _details(obj(one.get("body")).get("details")) or text(one.get("description"))
    return Incident(
        id=known,
        number=found,
        title=title or f"incident {found}",
        status=status,
        priority=priority_name(one.get("priority")),
        url=line(one.get("html_url")),
        created_at=certain_moment(one.get("created_at"), "an incident"),
        service_id=line(service.get("id")) or None,
        service_name=line(service.get("name")) or line(service.get("summary")) or None,
        # PagerDuty repeats the title as the description of an incident that has none.
        description="" if described == title else described,
        incident_key=line(one.get("incident_key")) or None,
        assignees=_people(obj(each).get("assignee") for each in items(one.get("assignments"))),
        acknowledgers=_people(obj(each).get("acknowledger") for each in items(one.get("acknowledgements"))),
        escalation_policy=line(obj(one.get("escalation_policy")).get("id")) or None,
        changed_at=moment(one.get("updated_at")) or moment(one.get("last_status_change_at")),
    )


def _people(values: Any) -> tuple[Person, ...]:
    found = [person(value) for value in values if line(obj(value).get("id"))]
    return tuple({one.id: one for one in found}.values())


def responders(value: object) -> tuple[Responder, ...]:
    """Those asked to respond, from an incident's `incidents_responders`; the last word on each."""
    found: dict[str, Responder] = {}
    for each in map(obj, items(obj(value).get("incidents_responders"))):
        asked = _person(each.get("user"))
        if asked is not None:
            at = moment(each.get("updated_at")) or moment(each.get("requested_at"))
            found[asked.id] = Responder(asked, line(each.get("state")) or "pending", at)
    return tuple(found.values())


def alert(value: object) -> Alert:
    """An alert.

    Its body is all text in `body`, a `key: value` a line; `labels` are the details' short values and the labels that
    Alertmanager's own template writes into `firing` as lines of ` - name = value`
    (source: the default templates of prometheus/alertmanager).
    """
    one = obj(value)
    body = obj(one.get("body"))
    details = body.get("details")
    labels: dict[str, str] = {}
    for mapping in (obj(details), obj(obj(details).get("labels"))):
        for key, found in mapping.items():
            if isinstance(found, str | int | float) and (shown := text(found)) and "\n" not in shown:
                labels[line(key)] = shown
    for name, value_of in _TEMPLATED.findall(_labels_part(obj(details).get("firing"))):
        labels.setdefault(name, text(value_of).strip())
    parts = [_details(details)]
    for context in map(obj, items(body.get("contexts"))):
        parts.append(" ".join(filter(None, (line(context.get("text")), line(context.get("href"), 2000)))))
    return Alert(
        id=identifier(one.get("id"), "an alert"),
        title=line(one.get("summary")) or line(obj(details).get("summary")) or "alert",
        status=line(one.get("status")) or "triggered",
        created_at=certain_moment(one.get("created_at"), "an alert"),
        body="\n".join(filter(None, parts)),
        labels=MappingProxyType(labels),
    )


_TEMPLATED = re.compile(r"^ - ([A-Za-z_]\w*) = (.{1,300})$", re.MULTILINE)


def _labels_part(firing: object) -> str:
    """What stands between `Labels:` and `Annotations:` of the first alert in Alertmanager's text."""
    if not isinstance(firing, str):
        return ""
    _, _, rest = firing[:20_000].partition("Labels:")
    return rest.partition("Annotations:")[0]


def _details(value: object, depth: int = 0) -> str:
    """Free-form details as text: an object's entries one a line, what is inside indented.

    At most six levels.
    """
    indent = "  " * depth
    if depth > 6:
        return indent + "…"
    entries: list[str] = []
    if isinstance(value, dict):
        for key, inner in value.items():
            shown = _details(inner, depth + 1)
            if shown:
                parted = f"\n{shown}" if isinstance(inner, dict | list) or "\n" in shown else f" {shown.strip()}"
                entries.append(f"{indent}{line(key)}:{parted}")
    elif isinstance(value, list):
        entries.extend(filter(None, (_details(inner, depth) for inner in value)))
    elif isinstance(value, bool):
        entries.append(f"{indent}{'yes' if value else 'no'}")
    elif shown := text(value):
        entries.append("\n".join(indent + part for part in shown.split("\n")))
    return "\n".join(entries)


def log_entry(value: object) -> LogEntry:
    """A log entry; a type that isn't known is `OTHER`."""
    one = obj(value)
    wire_type = line(one.get("type"))
    kind = LOG_KINDS.get(wire_type.removesuffix("_reference").removesuffix("_log_entry"), LogKind.OTHER)
    agent, channel = obj(one.get("agent")), obj(one.get("channel"))
    said = line(one.get("summary"))
    if kind is LogKind.NOTE:
        said = text(one.get("note")) or text(channel.get("summary")) or said
    elif kind is LogKind.STATUS_UPDATE:
        said = text(one.get("message")) or said
    return LogEntry(
        id=identifier(one.get("id"), "a log entry"),
        kind=kind,
        at=certain_moment(one.get("created_at"), "a log entry"),
        summary=said or wire_type.removesuffix("_log_entry").replace("_", " ") or "log entry",
        agent=_person(agent),
        by_person=line(agent.get("type")).removesuffix("_reference") == "user",
        assignees=_people(items(one.get("assignees"))),
        priority=priority_name(channel.get("new_priority") or one.get("new_priority") or one.get("priority"))
        if kind is LogKind.PRIORITY
        else None,
        slack_channel=_slack_channel(channel),
    )


def _slack_channel(channel: Json) -> str | None:
    """The id of the Slack channel that an entry came through.

    Undocumented, so it is looked for where it may be.
    """
    if line(channel.get("type")) != "slack":
        return None
    inner = obj(channel.get("channel")) or obj(channel.get("slack_channel"))
    for found in (
        channel.get("channel_id"),
        channel.get("slack_channel_id"),
        inner.get("id"),
        channel.get("id"),
    ):
        known = line(found)
        if known[:1] in ("C", "G") and known.isalnum():
            return known
    return None


def note(value: object) -> IncidentNote:
    """A note on an incident."""
    one = obj(value)
    author = _person(one.get("user"))
    return IncidentNote(
        id=identifier(one.get("id"), "a note"),
        at=certain_moment(one.get("created_at"), "a note"),
        author=author or Person("", "somebody"),
        content=text(one.get("content")),
    )


def on_call(value: object) -> OnCall:
    """Who is on call at a level."""
    one = obj(value)
    return OnCall(person(one.get("user")), number(one.get("escalation_level")) or 1, moment(one.get("end")))


def channel_ref(value: object) -> ChannelRef:
    """The dedicated channel, from `{"channel": …}`."""
    one = obj(obj(value).get("channel"))
    known = identifier(one.get("id"), "a channel")
    return ChannelRef(known, line(one.get("name")) or known, line(one.get("link"), 2000))


def priorities(value: object) -> Mapping[str, str]:
    """Name to id, in PagerDuty's order."""
    found = ((priority_name(one), line(obj(one).get("id"))) for one in items(obj(value).get("priorities")))
    return MappingProxyType({name: known for name, known in found if name and known})
