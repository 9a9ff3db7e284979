"""One request to PagerDuty and what comes back; pages put together.

What is asked for is `pagerduty`'s business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cockpit.incident.facts import Source
from cockpit.services.address import Secret, checked_address, sealed
from cockpit.services.budget import MINUTE, Budget, polled
from cockpit.services.call import TIMEOUT, Answer, Call, NoAnswer
from cockpit.services.client import Client, Said, utc_now
from cockpit.services.daemon import Attempt, TookTooLong, Worker
from cockpit.services.errors import Refused
from cockpit.services.wire import Json, items, line, number, obj

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from datetime import datetime

    from cockpit.incident.facts import Person

PAGE = 100
"""The most entries that PagerDuty puts into a page."""

PER_MINUTE = 960
"""Requests that PagerDuty grants one user's key."""

LAST_OFFSET = 10_000
"""PagerDuty refuses an `offset` plus `limit` beyond this."""


class PagerDutyLine(Client):
    """Requests on three daemon threads: polls, what else is read, and writes.

    So neither a write nor the reading by which it is guarded waits for a slow poll.
    """

    def __init__(
        self,
        token: str | Secret,
        email: str | None = None,
        *,
        api_url: str = "https://api.pagerduty.com",
        timeout: float = TIMEOUT,
        now: Callable[[], datetime] = utc_now,
        read_only: bool = False,
    ) -> None:
        """`email` is whom an account-level key acts as.

        `ValueError` where the token or the address is unusable.
        """
        token = sealed(token, "PagerDuty token")
        super().__init__(token, Budget(PER_MINUTE), timeout, now, read_only)
        address = checked_address(api_url, "PagerDuty's api_url")

        def session(fresh: bool) -> Any:
            from cockpit.services.pagerduty_session import PagerDutySession

            return PagerDutySession(address, token, email, timeout, fresh=fresh)

        self._email = email
        self._polls: Worker[Any] = Worker("pagerduty-polls", lambda: session(False))
        self._reads: Worker[Any] = Worker("pagerduty-reads", lambda: session(False))
        self._writes: Worker[Any] = Worker("pagerduty-writes", lambda: session(True))
        self._emails: dict[str, str | None] = {}
        self._priorities: Mapping[str, str] = {}
        self._requester: Person | None = None

    async def close(self) -> None:
        """Hang up at once, also while a call is under way."""
        self._closed = True
        for worker in (self._polls, self._reads, self._writes):
            worker.close()

    async def _ask(
        self,
        call: Call,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        """One request; the answer's JSON object."""

        def run(session: Any, attempt: Attempt) -> Answer:
            answer: Answer = session.exchange(
                attempt, method, path, params=dict(params or {}), body=body, headers=dict(headers or {})
            )
            return answer

        return await self._within_budget(call, "", lambda: self._once(call, run, reads=method == "GET"))

    async def _once(self, call: Call, run: Callable[[Any, Attempt], Answer], *, reads: bool) -> Json:
        self._open(call, reads=reads)
        worker = self._writes if call.write else self._polls if polled() else self._reads
        try:
            answer = await worker.call(run, self._timeout)
        except TookTooLong as late:
            why = "the connection was closed" if self._closed else f"no answer within {self._timeout:g} s"
            raise self._no_answer(call, NoAnswer(why, begun=late.begun)) from None
        except NoAnswer as fault:
            raise self._no_answer(call, fault) from None
        told = {name: number(answer.headers.get(f"ratelimit-{name}")) for name in ("remaining", "limit", "reset")}
        if told["remaining"] is not None and told["limit"]:
            self.budget.told("", told["remaining"], told["limit"], min(told["reset"] or 0, MINUTE))
        return obj(self._settle(call, answer, _explain))

    async def _pages(
        self, call: Call, path: str, key: str, params: Mapping[str, Any] | None = None
    ) -> AsyncIterator[list[Any]]:
        """The entries under `key`, page by page; one that moves onto the next page meanwhile comes once."""
        seen: set[str] = set()
        for offset in range(0, LAST_OFFSET, PAGE):
            body = await self._ask(call, "GET", path, params={**(params or {}), "limit": PAGE, "offset": offset})
            entries = [one for one in items(body.get(key)) if line(obj(one).get("id")) not in seen]
            yield entries
            seen.update(filter(None, (line(obj(one).get("id")) for one in entries)))
            if not body.get("more"):
                return

    async def _all(self, call: Call, path: str, key: str, params: Mapping[str, Any] | None = None) -> list[Any]:
        """The entries under `key` of all pages."""
        return [one async for page in self._pages(call, path, key, params) for one in page]

    async def _with_emails(self, value: Any) -> Any:
        """`value` with an email in each reference to a user: PagerDuty gives it only with the whole user.

        It is what joins a person across services. Each user is asked for once.
        """
        for reference in users_in(value):
            known = line(reference.get("id"))
            if line(reference.get("email")):
                self._emails[known] = line(reference.get("email"))
            elif known and known not in self._emails:
                call = Call(Source.PAGERDUTY, f"read PagerDuty user {known}", needs="the right to read users")
                try:
                    user = obj((await self._ask(call, "GET", f"users/{known}")).get("user"))
                except Refused:
                    user = {}
                self._emails[known] = line(user.get("email")) or None
        return self._with_known_emails(value)

    def _with_known_emails(self, value: Any) -> Any:
        """The same, without asking: for what a write answers, which must not fail once the write is done."""
        for reference in users_in(value):
            if not line(reference.get("email")):
                reference["email"] = self._emails.get(line(reference.get("id")))
        return value


_OF_OTHERS = frozenset({"details", "event_details", "cef_details"})


def users_in(value: Any) -> list[Json]:
    """Every user, whole or reference, anywhere in `value` but in what a monitoring system or an integration told."""
    found: list[Json] = []
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if one.get("type") in ("user", "user_reference"):
                found.append(one)
            waiting.extend(inner for name, inner in one.items() if name not in _OF_OTHERS)
        elif isinstance(one, list):
            waiting.extend(one)
    return found


def _explain(body: Any) -> Said:
    """The reason in `{"error": {"code", "message", "errors", …}}`; sometimes it is only a string."""
    error = obj(body).get("error")
    if isinstance(error, str):
        return Said(error)
    one = obj(error)
    reasons = ": ".join(filter(None, (line(one.get("message")), "; ".join(map(line, items(one.get("errors")))))))
    scopes = line(one.get("required_scopes"))
    return Said(reasons, line(one.get("code")) or None, f"the scope {scopes}" if scopes else None)
