"""Faults that can be switched on, per service, path and method: what a bad day on the wire looks like."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import quote

from cockpit.sandbox.exchange import Answer, Call

KINDS = (
    "slow", "hang", "401", "403", "404", "429", "500", "html", "cut", "drop_before", "drop_after", "echo", "redirect"
)  # fmt: skip
SERVICES = ("pagerduty", "slack", "freshdesk", "*")


@dataclass(slots=True)
class Fault:
    """A fault, and which requests it befalls."""

    service: str
    """`pagerduty`, `slack`, `freshdesk` or `*`."""
    kind: str
    """`slow` and `hang` delay; `401` to `500` refuse; `html` is a 200 with a page in place of JSON, before anything
    was done; `cut` is an answer whose JSON ends in the middle, after it was done; `drop_before` and `drop_after`
    close the connection before and after the request took effect; `echo` refuses, and `redirect` sends elsewhere,
    with the request's credential in what they say, as `html` has it in its page: debugging left on by somebody."""
    path: str = ""
    """A glob for the whole path below the service's base, or a part of it; empty for all."""
    method: str = ""
    """The HTTP method; empty for all."""
    count: int | None = None
    """How many requests it befalls; None for all until it is cleared."""
    seconds: float = 2.0
    """How long `slow` waits, in real seconds."""
    retry_after: int = 1
    """What `429` asks for, in seconds."""
    every: int = 1
    """2 befalls every second matching request, and so on."""
    seen: int = field(default=0)
    """How many requests matched so far."""

    def __post_init__(self) -> None:
        self.kind = str(self.kind)
        if self.kind not in KINDS:
            raise ValueError(f"kind: {self.kind!r} is none of {', '.join(KINDS)}")
        if self.service not in SERVICES:
            raise ValueError(f"service: {self.service!r} is none of {', '.join(SERVICES)}")
        if self.every < 1:
            raise ValueError("every: has to be 1 or more")

    def matches(self, call: Call) -> bool:
        """Whether a request is of those that this fault is for."""
        return (
            self.service in ("*", call.service)
            and (not self.method or self.method.upper() == call.method)
            and (not self.path or self.path in call.path or fnmatchcase(call.path, self.path))
        )


class Faults:
    """The faults that are on."""

    def __init__(self) -> None:
        self.active: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Switch one on."""
        self.active.append(fault)

    def clear(self, service: str | None = None) -> None:
        """Switch off a service's faults, or all."""
        self.active = [one for one in self.active if service is not None and one.service != service]

    def strike(self, call: Call) -> Fault | None:
        """The fault that befalls this request, the oldest first."""
        for fault in self.active:
            if not fault.matches(call):
                continue
            fault.seen += 1
            if fault.seen % fault.every:
                continue
            if fault.count is not None:
                fault.count -= 1
                if fault.count <= 0:
                    self.active.remove(fault)
            return fault
        return None

    def listed(self) -> list[dict[str, Any]]:
        """All that are on, as plain values."""
        return [asdict(fault) for fault in self.active]


def refusal(fault: Fault, call: Call) -> Answer:
    """What a service answers under a fault of the refusing kinds, in its own shape."""
    status = int(fault.kind)
    headers = {"Retry-After": str(fault.retry_after)} if status == 429 else {}
    if call.service == "slack":
        return _slack(status, headers)
    if call.service == "pagerduty":
        if status == 429:
            headers = {
                "ratelimit-limit": "960", "ratelimit-remaining": "0", "ratelimit-reset": str(fault.retry_after)
            }  # fmt: skip
        messages = {
            401: ("Unauthorized", 2006), 403: ("Access Denied", 2010), 404: ("Not Found", 2100),
            429: ("Rate Limit Exceeded", 2020), 500: ("Internal Server Error", 2000),
        }  # fmt: skip
        message, code = messages[status]
        return Answer(status, {"error": {"message": message, "code": code}}, headers)
    bodies: dict[int, Any] = {
        401: {"code": "invalid_credentials", "message": "You have to be logged in to perform this action."},
        403: {"code": "access_denied", "message": "You are not authorized to perform this action."},
        404: None,
        429: {"message": "You have exceeded the limit of requests per minute"},
        500: None,
    }
    return Answer(status, bodies[status], headers)


def indiscreet(fault: Fault, call: Call) -> Answer:
    """A refusal, or a redirect, that tells the whole world what the request's credential was."""
    said = call.header("Authorization")
    headers = {"X-Request-Authorization": said}
    if fault.kind == "redirect":
        return Answer(302, None, {**headers, "Location": f"{call.base}/elsewhere?authorization={quote(said)}"})
    bodies: dict[str, Any] = {
        "slack": {"ok": False, "error": said, "needed": said},
        "pagerduty": {"error": {"message": f"no right for {said}", "code": 2010, "errors": [said]}},
        "freshdesk": {"description": said, "errors": [{"field": said, "message": f"{said} is bad", "code": said}]},
    }
    return Answer(200 if call.service == "slack" else 403, bodies[call.service], headers)


def _slack(status: int, headers: dict[str, str]) -> Answer:
    if status == 429:
        return Answer(429, {"ok": False, "error": "ratelimited"}, headers)
    if status == 500:
        return Answer(500, {"ok": False, "error": "internal_error"})
    if status == 403:
        return Answer(200, {"ok": False, "error": "missing_scope", "needed": "admin", "provided": "channels:read"})
    return Answer(200, {"ok": False, "error": "invalid_auth" if status == 401 else "channel_not_found"})
