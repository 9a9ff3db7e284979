"""Reading JSON that may hold null, another type, or nothing where its schema promises something."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from cockpit.incident.text import clean, one_line
from cockpit.services.call import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")

Json = dict[str, Any]
"""A JSON object."""


def obj(value: object) -> Json:
    """The object, or an empty one in place of null or another type."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """The array, or an empty one in place of null or another type."""
    return value if isinstance(value, list) else []


def line(value: object, limit: int = 500) -> str:
    """Text that belongs on one line, safe to draw; a number is written out, anything else is empty."""
    return one_line(_written(value), limit)


def text(value: object) -> str:
    """Text of many lines, safe to draw; a number is written out, anything else is empty."""
    return clean(_written(value))


def _written(value: object) -> str:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def identifier(value: object, what: str) -> str:
    """An id as text; `Unreadable` where there is none, since nothing can be told of what has no id."""
    found = line(value)
    if not found:
        raise Unreadable(f"{what} without an id")
    return found


def number(value: object) -> int | None:
    """A whole number of at most 64 bits, as a database holds it, also when it is written as text; else None."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        found = int(value)
    except ValueError:
        return None
    return found if abs(found) < 2**63 else None


def moment(value: object) -> datetime | None:
    """An ISO 8601 time as UTC, or None; one without a zone is UTC."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def certain_moment(value: object, what: str) -> datetime:
    """An ISO 8601 time as UTC; `Unreadable` where there is none."""
    found = moment(value)
    if found is None:
        raise Unreadable(f"{what} without a time")
    return found


def readable(convert: Callable[[Json], T], values: Iterable[object]) -> list[T]:
    """The values that can be read; what can't is left out, so that one odd entry doesn't hide the rest."""
    found: list[T] = []
    for value in values:
        try:
            found.append(convert(obj(value)))
        except Unreadable:
            continue
    return found
