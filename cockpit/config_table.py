"""One table of a config file, read strictly: every value checked, every error naming file, key and fix."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from math import inf
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path


class ConfigError(Exception):
    """Something is wrong in the configuration; the message is complete and made for a person.

    It names the file, the key, what was expected and what to do. It never holds a secret, and it is raised
    `from None` wherever the exception behind it could.
    """


def nearest(word: str, known: Collection[str]) -> str | None:
    """The known word that `word` was most likely meant to be, or None."""
    return next(iter(difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)), None)


LONGEST: Final = timedelta(days=36_500)
"""A clock longer than that would end after the calendar does."""

_UNITS: Mapping[str, timedelta] = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), timedelta(seconds=1)),
    **dict.fromkeys(("m", "min", "minute", "minutes"), timedelta(minutes=1)),
    **dict.fromkeys(("h", "hour", "hours"), timedelta(hours=1)),
    **dict.fromkeys(("d", "day", "days"), timedelta(days=1)),
    **dict.fromkeys(("w", "week", "weeks"), timedelta(weeks=1)),
}
_AMOUNT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*")


def parse_duration(text: str) -> timedelta:
    """Read "2h", "20min", "1 h 30 min" or "3 days". Raises ValueError on anything else, and on zero."""
    total, position = timedelta(), 0
    while position < len(text):
        amount = _AMOUNT.match(text, position)
        unit = _UNITS.get(amount[2]) if amount else None
        if amount is None or unit is None:
            raise ValueError(text)
        try:
            total += float(amount[1]) * unit
        except OverflowError:
            raise ValueError(text) from None
        position = amount.end()
    if not total:
        raise ValueError(text)
    return total


def format_duration(length: timedelta) -> str:
    """A duration as `parse_duration` reads it: "1 h 30 min"; to the second."""
    left, parts = round(length.total_seconds()), []
    for unit, seconds in (("days", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, left = divmod(left, seconds)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts)


def is_loopback(url: str) -> bool:
    """Whether a URL's host is this very machine (`localhost` or a loopback address)."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


_TYPE_NAMES: Mapping[type, str] = {
    str: "a text",
    bool: "true/false",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "a table",
    datetime: "a date and time",
}


def type_name(value: object) -> str:
    """The kind of a TOML value in words; never the value itself, which may be a secret."""
    return _TYPE_NAMES.get(type(value), f"a {type(value).__name__}")


@dataclass(frozen=True, slots=True)
class ConfigTable:
    """One `[name]` of the file at `path` ("" is the file's top level); refuses a key that isn't in `known`.

    Each reading method gives None for a key that is absent and raises ConfigError for one that is wrong.
    """

    path: Path
    name: str
    values: Mapping[str, Any]
    known: Collection[str]

    def __post_init__(self) -> None:
        for key in self.values:
            if key not in self.known:
                guess = nearest(key, self.known)
                hint = f"Did you mean `{guess}`?" if guess else f"It knows: {', '.join(sorted(self.known))}."
                raise ConfigError(f"{self.path}: {self.place}has no key `{key}`. {hint}")

    def __repr__(self) -> str:
        return f"ConfigTable({self.path}, [{self.name}])"  # the values may hold a secret

    @property
    def place(self) -> str:
        """How a message begins to speak of this table: "[slack] " or, at the top level, "the file "."""
        return f"[{self.name}] " if self.name else "the file "

    def wrong(self, key: str, expected: str) -> ConfigError:
        """The error that says what `key` should have been. What looks like a secret in it, pasted there, is masked."""
        from cockpit.incident.masking import masked

        where = f"[{self.name}] " if self.name else ""
        return ConfigError(f"{self.path}: {where}`{key}` should be {masked(expected)}.")

    def _typed(self, key: str, kinds: tuple[type, ...], expected: str) -> Any:
        value = self.values.get(key)
        if value is None:
            return None
        # bool is an int to Python, not to a person.
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise self.wrong(key, f"{expected}, not {type_name(value)}")
        return value

    def text(self, key: str) -> str | None:
        """A text that isn't empty, without the space around it."""
        value = self._typed(key, (str,), "a text in quotes")
        if value is None:
            return None
        if not value.strip() or not value.strip().isprintable():
            raise self.wrong(key, "one line of text; it is empty or has control characters in it")
        return str(value.strip())

    def email(self, key: str) -> str | None:
        """An e-mail address."""
        value = self.text(key)
        if value is not None and not is_email(value):
            raise self.wrong(key, f'an e-mail address such as "ana@example.org", not "{value}"')
        return value

    def texts(self, key: str) -> tuple[str, ...] | None:
        """A list of texts."""
        values = self._typed(key, (list,), 'a list of texts such as ["one", "two"]')
        if values is None:
            return None
        for value in values:
            if not isinstance(value, str) or not value.strip():
                raise self.wrong(key, 'a list of texts such as ["one", "two"], none of them empty')
        return tuple(value.strip() for value in values)

    def emails(self, key: str) -> frozenset[str]:
        """A list of e-mail addresses, lower-cased; empty when absent."""
        values = self.texts(key) or ()
        for value in values:
            if not is_email(value):
                raise self.wrong(key, f'a list of e-mail addresses; "{value}" isn\'t one')
        return frozenset(value.lower() for value in values)

    def flag(self, key: str) -> bool | None:
        """true or false."""
        value = self._typed(key, (bool,), "true or false")
        return None if value is None else bool(value)

    def number(self, key: str, least: float, most: float) -> float | None:
        """A number from `least` to `most`."""
        value = self._typed(key, (int, float), f"a number from {least:g} to {most:g}")
        if value is None:
            return None
        try:
            number = float(value)
        except OverflowError:  # Python's whole numbers are of any length
            number = inf
        if not least <= number <= most:
            raise self.wrong(key, f"a number from {least:g} to {most:g}, not {number:g}")
        return number

    def duration(self, key: str) -> timedelta | None:
        """A duration as text, up to `LONGEST`: "2h", "20min", "3 days"."""
        expected = 'a duration such as "20min", "2h" or "3 days"'
        value = self._typed(key, (str,), expected)
        if value is None:
            return None
        try:
            duration = parse_duration(value)
        except ValueError:
            raise self.wrong(key, f'{expected}, not "{value}"') from None
        if duration > LONGEST:
            raise self.wrong(key, f'{expected}, of at most {LONGEST.days} days, not "{value}"')
        return duration

    def seconds(self, key: str, least: float, most: float) -> float | None:
        """A number of seconds, or a duration as text, from `least` to `most` seconds."""
        if isinstance(self.values.get(key), str):
            duration = self.duration(key)
            value = duration.total_seconds() if duration else 0.0
            if not least <= value <= most:
                raise self.wrong(key, f"from {least:g} to {most:g} seconds, not {value:g}")
            return value
        return self.number(key, least, most)

    def moment(self, key: str) -> datetime | None:
        """A date and time with a zone, as TOML writes them or as ISO 8601 text; given in UTC."""
        expected = "a date and time with a zone such as 2026-11-23T16:20:00Z"
        value = self._typed(key, (datetime, str), expected)
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value)
            except ValueError:
                raise self.wrong(key, expected) from None
        if value is None:
            return None
        if value.tzinfo is None:
            raise self.wrong(key, expected)
        try:
            moment: datetime = value.astimezone(UTC)
        except OverflowError:  # within a day of the calendar's ends
            raise self.wrong(key, expected) from None
        return moment

    def url(self, key: str) -> str | None:
        """An https URL (http for loopback only), without a slash at its end."""
        value = self.text(key)
        if value is None:
            return None
        try:
            parts = urlsplit(value)
            host, user, _port = parts.hostname, parts.username, parts.port
        except ValueError:
            raise self.wrong(key, f'a URL such as "https://example.org", not "{value}"') from None
        if user is not None or parts.password is not None:
            raise self.wrong(key, "a URL without a user or password in it; credentials have keys of their own")
        if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
            raise self.wrong(key, f'a URL such as "https://example.org", not "{value}"')
        if parts.scheme == "http" and not is_loopback(value):
            raise self.wrong(key, f'an https URL: plain http to "{host}" would show your token to all')
        return value.rstrip("/")


def is_email(text: str) -> bool:
    """Whether it has the shape of an address; only the service can tell whether it is one."""
    return re.fullmatch(r"[^@\s,<>]+@[^@\s,<>]+", text) is not None
