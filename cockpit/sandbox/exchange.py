"""One request and its answer, as the three services see them: plain values, no web framework."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """A request that reached a service."""

    service: str
    """`pagerduty`, `slack` or `freshdesk`."""
    method: str
    path: str
    """The path below the service's base, beginning with a slash."""
    base: str
    """The service's base URL, for links that lead back."""
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    """Header names are looked up without regard to case."""
    body: bytes
    arguments: Mapping[str, str] = field(default_factory=dict)
    """What the path's pattern captured."""

    def first(self, name: str, default: str = "") -> str:
        """The first query parameter of this name."""
        return next((value for key, value in self.query if key == name), default)

    def every(self, name: str) -> list[str]:
        """All values of a repeated query parameter, with `[]` or without."""
        return [value for key, value in self.query if key in (name, f"{name}[]")]

    def header(self, name: str) -> str:
        """A header's value, or the empty string."""
        return self.headers.get(name, "")

    def has_json(self) -> bool:
        """Whether the body says that it is JSON."""
        return self.header("Content-Type").split(";")[0].strip().lower() == "application/json"

    def json(self) -> Any:
        """The body read as JSON. Raises ValueError."""
        return json.loads(self.body.decode("utf-8"))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answers: a JSON value, or an empty body when `body` is None."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint: a method, a pattern for the path, and who answers."""

    method: str
    pattern: re.Pattern[str]
    handler: Handler


def route(method: str, template: str, handler: Handler) -> Route:
    """A route from a template such as `/incidents/{id}/notes`."""
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
    return Route(method, re.compile(pattern + r"\Z"), handler)


def find_route(routes: list[Route], method: str, path: str) -> tuple[Route | None, dict[str, str], bool]:
    """The route for a method and path, what it captured, and whether the path exists for some other method."""
    known = False
    for candidate in routes:
        match = candidate.pattern.match(path)
        if match is None:
            continue
        if candidate.method == method:
            return candidate, match.groupdict(), True
        known = True
    return None, {}, known
