"""Freshdesk's search over tickets: its small query language, and an index that lags behind."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cockpit.sandbox.freshdesk import Freshdesk
    from cockpit.sandbox.freshdesk_values import Ticket

_TOKEN = re.compile(r"\s*(\(|\)|AND\b|OR\b|(?P<name>\w+):(?P<sign>[<>]?)(?P<value>'[^']*'|[\w.-]+))")
_NAMES = {
    "status", "priority", "agent_id", "group_id", "type", "tag", "created_at", "updated_at", "due_by", "fr_due_by"
}  # fmt: skip

_Test = Callable[[dict[str, Any]], bool]


class QueryError(ValueError):
    """The query can't be understood."""


def search(desk: Freshdesk, query: str) -> list[Ticket]:
    """Tickets that matched when the index was last brought up to date, newest first. Raises QueryError."""
    test = _parse(query)
    known_until = desk.present.now() - timedelta(seconds=desk.search_lag_seconds)
    found = []
    for ticket in desk.tickets.values():
        versions = [fields for moment, fields in ticket.versions if moment <= known_until]
        if versions and not ticket.deleted and not ticket.spam and test(versions[-1]):
            found.append(ticket)
    return sorted(found, key=lambda one: one.created_at, reverse=True)


def _parse(query: str) -> _Test:
    tokens: list[re.Match[str]] = []
    position = 0
    while position < len(query.rstrip()):
        match = _TOKEN.match(query, position)
        if match is None:
            raise QueryError(query[position:])
        tokens.append(match)
        position = match.end()
    test, rest = _either(tokens)
    if rest:
        raise QueryError(rest[0].group(1))
    return test


def _either(tokens: list[re.Match[str]]) -> tuple[_Test, list[re.Match[str]]]:
    left, rest = _both(tokens)
    while rest and rest[0].group(1) == "OR":
        right, rest = _both(rest[1:])
        left = _joined(left, right, any)
    return left, rest


def _both(tokens: list[re.Match[str]]) -> tuple[_Test, list[re.Match[str]]]:
    left, rest = _one(tokens)
    while rest and rest[0].group(1) == "AND":
        right, rest = _one(rest[1:])
        left = _joined(left, right, all)
    return left, rest


def _joined(left: _Test, right: _Test, how: Callable[[list[bool]], bool]) -> _Test:
    return lambda fields: how([left(fields), right(fields)])


def _one(tokens: list[re.Match[str]]) -> tuple[_Test, list[re.Match[str]]]:
    if not tokens:
        raise QueryError("the query ends too early")
    first, rest = tokens[0], tokens[1:]
    if first.group(1) == "(":
        test, rest = _either(rest)
        if not rest or rest[0].group(1) != ")":
            raise QueryError("a bracket is not closed")
        return test, rest[1:]
    name, sign, value = first.group("name"), first.group("sign"), first.group("value")
    if name is None or (name not in _NAMES and not name.startswith("cf_")):
        raise QueryError(first.group(1))
    return _test(name, sign, value.strip("'")), rest


def _test(name: str, sign: str, value: str) -> _Test:
    def matches(fields: dict[str, Any]) -> bool:
        found = fields.get(name)
        if isinstance(found, list):
            return value in found
        if found is None:
            return value == "null"
        if name.endswith(("_at", "_by")):
            # A day is compared as a day; the index knows no time of day.
            found, wanted = str(found)[:10], value[:10]
        else:
            found, wanted = str(found), value
        if sign == ">":
            return found >= wanted
        if sign == "<":
            return found <= wanted
        return found == wanted

    return matches
