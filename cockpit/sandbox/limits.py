"""Rate limits, counted in real time: PagerDuty's per key, Slack's per method and channel, Freshdesk's per account."""

from __future__ import annotations

import math
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cockpit.sandbox.exchange import Answer, Call
from cockpit.sandbox.pagerduty_http import token_of
from cockpit.sandbox.slack import SlackRefusal
from cockpit.sandbox.slack_arguments import read_arguments

if TYPE_CHECKING:
    from cockpit.sandbox.world import World

PAGERDUTY_PER_MINUTE = 960
_TIERS = {
    2: ("conversations.create", "conversations.list", "conversations.setTopic", "conversations.setPurpose",
        "conversations.archive", "users.list", "pins.add", "pins.list", "reactions.add"),
    3: ("conversations.history", "conversations.replies", "conversations.join", "conversations.invite",
        "conversations.info", "chat.update", "chat.delete", "users.lookupByEmail"),
    4: ("conversations.members", "users.info", "auth.test", "chat.getPermalink"),
}  # fmt: skip
_PER_MINUTE = {2: 20, 3: 50, 4: 100}
SLACK_PER_MINUTE = {method: _PER_MINUTE[tier] for tier, methods in _TIERS.items() for method in methods}
"""Calls a minute that Slack grants an app in a workspace, by method."""

POSTS_IN_A_BURST = 5
"""chat.postMessage: about one a second for a channel, and a short burst."""


@dataclass(slots=True)
class Window:
    """What was spent in the last while: at most `most` in `seconds`."""

    most: float
    seconds: float = 60.0
    spent: deque[tuple[float, int]] = field(default_factory=deque)

    def _sum(self, now: float) -> int:
        while self.spent and self.spent[0][0] <= now - self.seconds:
            self.spent.popleft()
        return sum(cost for _, cost in self.spent)

    def take(self, cost: int = 1) -> tuple[bool, int, int]:
        """Spend: whether it was granted, what is left, and after how many seconds there is more."""
        now = time.monotonic()
        used = self._sum(now)
        granted = used + cost <= self.most
        if granted:
            self.spent.append((now, cost))
            used += cost
        wait = self.spent[0][0] + self.seconds - now if self.spent else 0.0
        left = 1_000_000 if self.most == math.inf else max(0, int(self.most) - used)
        return granted, left, max(1, math.ceil(wait))


@dataclass(slots=True)
class Bucket:
    """What may be spent at once, `most`, and is given back at `per_second`."""

    most: float
    per_second: float
    left: float = field(init=False)
    since: float = field(init=False)

    def __post_init__(self) -> None:
        self.left, self.since = self.most, time.monotonic()

    def take(self) -> tuple[bool, int, int]:
        """Spend one: whether it was granted, what is left, and after how many seconds there is more."""
        now = time.monotonic()
        self.left = min(self.most, self.left + (now - self.since) * self.per_second)
        self.since = now
        granted = self.left >= 1
        if granted:
            self.left -= 1
        return granted, int(self.left), max(1, math.ceil((1 - self.left) / self.per_second))


class Limits:
    """The windows of all three services. `scale` multiplies every limit; None grants everything."""

    def __init__(self, world: World, scale: float | None = 1.0) -> None:
        self.world = world
        self.scale = scale
        self._windows: dict[tuple[str, ...], Window] = {}
        self._buckets: dict[tuple[str, str], Bucket] = {}

    def _window(self, most: float, *key: str) -> Window:
        if key not in self._windows:
            self._windows[key] = Window(math.inf if self.scale is None else most * self.scale)
        return self._windows[key]

    def _bucket(self, token: str, channel: str) -> Bucket:
        if (token, channel) not in self._buckets:
            scale = 1e6 if self.scale is None else self.scale
            self._buckets[token, channel] = Bucket(max(1.0, POSTS_IN_A_BURST * scale), scale)
        return self._buckets[token, channel]

    def check(self, call: Call) -> tuple[Answer | None, dict[str, str]]:
        """The refusal if there is one, and the headers that tell where the limit is."""
        if call.service == "pagerduty":
            return self._pagerduty(call)
        if call.service == "freshdesk":
            return self._freshdesk(call)
        return self._slack(call), {}

    def _pagerduty(self, call: Call) -> tuple[Answer | None, dict[str, str]]:
        granted, left, wait = self._window(PAGERDUTY_PER_MINUTE, "pagerduty", token_of(call)).take()
        headers = {
            "ratelimit-limit": str(PAGERDUTY_PER_MINUTE),
            "ratelimit-remaining": str(left),
            "ratelimit-reset": str(wait),
        }
        refusal = {"error": {"message": "Rate Limit Exceeded", "code": 2020}}
        return (None if granted else Answer(429, refusal)), headers

    def _freshdesk(self, call: Call) -> tuple[Answer | None, dict[str, str]]:
        desk = self.world.freshdesk
        # What is included costs a credit more each.
        cost = 1 + len([name for name in call.first("include").split(",") if name])
        granted, left, wait = self._window(desk.limit_per_minute, "freshdesk").take(cost)
        if granted and call.method == "GET" and call.path == "/api/v2/tickets":
            granted, _, wait = self._window(desk.list_limit_per_minute, "freshdesk", "list").take()
        headers = {
            "X-RateLimit-Total": str(desk.limit_per_minute),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Used-CurrentRequest": str(cost),
        }
        if granted:
            return None, headers
        message = {"message": "You have exceeded the limit of requests per minute"}
        return Answer(429, message), headers | {"Retry-After": str(wait)}

    def _slack(self, call: Call) -> Answer | None:
        method = call.path.strip("/")
        try:
            arguments = read_arguments(call)
        except SlackRefusal:
            return None
        token = call.header("Authorization") or str(arguments.get("token", ""))
        if method == "chat.postMessage":
            granted, _, wait = self._bucket(token, str(arguments.get("channel", ""))).take()
        elif method in SLACK_PER_MINUTE:
            granted, _, wait = self._window(SLACK_PER_MINUTE[method], "slack", token, method).take()
        else:
            return None
        if granted:
            return None
        return Answer(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": str(wait)})
