"""One call to a service: what is attempted, and what its answer, or the lack of one, means for who asked."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar

from cockpit.incident.facts import LABELS, Source
from cockpit.incident.text import one_line
from cockpit.services.errors import (
    Forbidden,
    Limited,
    NotAuthorised,
    NotFound,
    OutcomeUnknown,
    ReadOnly,
    Refused,
    ServiceError,
    Unreachable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TIMEOUT = 8.0
"""Seconds that one request may take in all, from looking up the host to the answer's last byte."""

DEFAULT_RETRY_AFTER = 30.0
"""Seconds to wait after a 429 which doesn't say how long."""

T = TypeVar("T")


class Unreadable(ValueError):
    """What arrived isn't what the service's documentation promises; the message says what was expected."""


class NoAnswer(Exception):
    """A request wasn't answered wholly; the message says why, in a few words.

    `begun`: it may have arrived.
    """

    def __init__(self, why: str, *, begun: bool) -> None:
        super().__init__(why)
        self.begun = begun


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer. The headers' names are in lower case; `body` is as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """The body as JSON; `Unreadable` where it isn't."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            html = self.body.lstrip()[:1] == b"<" or "html" in self.headers.get("content-type", "")
            raise Unreadable("a web page instead of data" if html else "data that is cut off or garbled") from None


@dataclass(frozen=True, slots=True)
class Call:
    """What is attempted: `doing` in words that follow "couldn't"; whether it is a `write`; what it `needs`.

    `repeatable` is a write that changes nothing when it is done a second time: after a 429 it is treated as a reading.
    `needs` names the permission for the case that the service refuses without naming it.
    """

    source: Source
    doing: str
    write: bool = False
    needs: str | None = None
    repeatable: bool = False

    def unreachable(self, why: str) -> Unreachable:
        """Nothing was sent."""
        words = f"{LABELS[self.source]} can't be reached ({why}). Nothing was sent; check the network."
        return Unreachable(self.source, self.doing, f"Couldn't {self.doing}: {words}")

    def kept_back(self) -> ReadOnly:
        """A write that a read-only client was asked for."""
        return ReadOnly(self.source, self.doing, f"Couldn't {self.doing}: read-only, so no write leaves this cockpit.")

    def unanswered(self, why: str) -> ServiceError:
        """Sent, without a proper answer: `OutcomeUnknown` for a write, else `Unreachable`."""
        label = LABELS[self.source]
        if self.write:
            return OutcomeUnknown(
                self.source,
                self.doing,
                f"Can't tell whether {label} did it ({self.doing}): {why}. Look in {label} before it is sent again.",
            )
        return Unreachable(self.source, self.doing, f"Couldn't {self.doing}: {label}: {why}. Try again in a moment.")

    def limited(self, retry_after: float) -> Limited:
        """Too many requests; `retry_after` in seconds."""
        return Limited(
            self.source,
            self.doing,
            f"Couldn't {self.doing}: {LABELS[self.source]} gets too many requests from this account. "
            f"Nothing was done; try again in {retry_after:.0f} s.",
            retry_after=retry_after,
        )

    def refused(
        self,
        words: str,
        *,
        kind: type[Refused] = Refused,
        status: int | None = None,
        code: str | None = None,
        permission: str | None = None,
    ) -> Refused:
        """The service said no, in its own `words`; what to do about it is added by `kind`."""
        label = LABELS[self.source]
        permission = (permission or self.needs) if kind is Forbidden else None
        advice = {
            NotAuthorised: " Check the credential in the configuration: it may be wrong, expired or revoked.",
            Forbidden: f" It needs {permission}." if permission else " The credential has no right to.",
            NotFound: " Check the number or name; it may be deleted, or hidden from this credential.",
        }.get(kind, "")
        said = one_line(words).rstrip(".") or (f"HTTP {status}" if status else "no reason given")
        message = f"Couldn't {self.doing}: {label} refused: {said}.{advice}"
        return kind(self.source, self.doing, message, status=status, code=code, permission=permission)

    def fault(
        self, answer: Answer, words: str, *, code: str | None = None, permission: str | None = None
    ) -> ServiceError:
        """What an answer other than 2xx means; `words`, `code` and `permission` are what its body tells."""
        status = answer.status
        if status == 429:
            return self.limited(retry_after(answer.headers))
        if status >= 500 or status == 408:
            return self.unanswered(f"it answered HTTP {status}, a fault of its own")
        if 300 <= status < 400:
            # Never followed: the token is for the address that was configured, and a write is sent once.
            return self.refused("it answered with a redirect: check the service's address", status=status, code=code)
        kind: type[Refused] = {
            401: NotAuthorised,
            402: Forbidden,
            403: Forbidden,
            404: NotFound,
            410: NotFound,
        }.get(status, Refused)
        return self.refused(words, kind=kind, status=status, code=code, permission=permission)

    def read(self, convert: Callable[[Any], T], body: Any) -> T:
        """`convert(body)`; what it can't read is no proper answer."""
        try:
            return convert(body)
        except Unreadable as fault:
            raise self.unanswered(f"it answered {fault}") from None


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds to wait after a 429, from `Retry-After` or PagerDuty's `ratelimit-reset`; between 1 and 600."""
    for name in ("retry-after", "ratelimit-reset"):
        with suppress(ValueError):
            seconds = float(headers.get(name, ""))
            if seconds == seconds:  # NaN isn't
                return min(max(seconds, 1.0), 600.0)
    return DEFAULT_RETRY_AFTER


def clock_skew(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How far the service's clock is ahead of `now`, from its `Date` header; None where that tells no time."""
    try:
        date = parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError, OverflowError):
        return None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)) - now
