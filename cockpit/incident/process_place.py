"""A place in a process file: what may stand there, and an error that says where it is when something else does."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, NoReturn

from cockpit.incident.process import ProcessError


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the file we are, so that an error can say so; and the checks that need to."""

    name: str
    lines: tuple[str, ...]
    header: str = ""
    index: int = 0
    what: str = ""

    def within(self, header: str, index: int = 0, what: str = "") -> Place:
        """The part of the file under the `index`th table with that header."""
        return replace(self, header=header, index=index, what=what or header)

    def _lines(self) -> range:
        """The lines of this place; looked for only once something is wrong there."""
        starts = [n for n, line in enumerate(self.lines) if line.strip().startswith(self.header)]
        if not self.header or self.index >= len(starts):  # written inline, or with other spaces: the whole file
            return range(len(self.lines))
        start = starts[self.index]
        following = (n for n in range(start + 1, len(self.lines)) if re.match(r"\s*\[", self.lines[n]))
        return range(start, next(following, len(self.lines)))

    def fail(self, problem: str, key: str = "") -> NoReturn:
        """Raise the ProcessError for this place; `key` helps to find the line."""
        place = self._lines()
        number = place.start + 1 if self.what else 0
        pattern = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*[=.]""")
        for n in place:
            if key and pattern.match(self.lines[n]):
                number = n + 1
                break
        line = f", line {number}" if number else ""
        what = f" ({self.what})" if self.what else ""
        raise ProcessError(f"{self.name}{line}{what}: {problem}")

    def only(self, table: Mapping[str, Any], keys: Iterable[str]) -> None:
        """Refuse a key that isn't one of `keys`."""
        keys = tuple(keys)
        for key in table:
            if key not in keys:
                self.fail(f"unknown key {key!r}; {nearest(key, keys)}", key)

    def known(self, value: object, names: Collection[str], what: str, key: str) -> str:
        """`value`, which must be one of `names`."""
        if not isinstance(value, str) or value not in names:
            self.fail(f"unknown {what} {value!r}; {nearest(str(value), names)}", key)
        return value

    def string(self, table: Mapping[str, Any], key: str, default: str | None = None) -> str:
        """The text at `key`; without a default it must be there and not be empty."""
        value = table.get(key, default)
        if value is None:
            self.fail(f"{key!r} is missing: a text was expected")
        if not isinstance(value, str) or (default is None and not value.strip()):
            self.fail(f"{key!r} must be a text, not {value!r}", key)
        return value

    def integer(self, table: Mapping[str, Any], key: str) -> int:
        """The whole number at `key`, which must be there."""
        value = table.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            self.fail(f"{key!r} must be a whole number above 0, not {value!r}", key)
        return value

    def boolean(self, table: Mapping[str, Any], key: str) -> bool:
        """The true or false at `key`; false when it isn't there."""
        value = table.get(key, False)
        if not isinstance(value, bool):
            self.fail(f"{key!r} must be true or false, not {value!r}", key)
        return value

    def strings(self, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
        """The list of texts at `key`; empty when it isn't there."""
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
            self.fail(f"{key!r} must be a list of texts, not {value!r}", key)
        return tuple(value)

    def table(self, table: Mapping[str, Any], key: str, optional: bool = False) -> Mapping[str, Any]:
        """The table at `key`."""
        value = table.get(key, {} if optional else None)
        if not isinstance(value, dict):
            problem = f"the table [{key}] is missing" if value is None else f"{key!r} must be a table, not {value!r}"
            self.fail(problem, key)
        return value

    def tables(self, table: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
        """The array of tables at `key`."""
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.fail(f"{key!r} must be written as [[{key}]] tables", key)
        return value

    def names(self, table: Mapping[str, Any], key: str) -> Mapping[str, str]:
        """The table of texts at `key`; empty when it isn't there."""
        value = self.table(table, key, optional=True)
        for name, text in value.items():
            if not isinstance(text, str) or not text.strip():
                self.fail(f"{name!r} must be a text, not {text!r}", name)
        return MappingProxyType(dict(value))


def nearest(name: str, names: Iterable[str]) -> str:
    """A hint at what was meant."""
    names = sorted(names)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"expected one of {', '.join(names)}"
