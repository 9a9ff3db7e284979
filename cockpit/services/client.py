"""What the three clients have in common: their figures, and how an answer becomes data or an error."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from cockpit.services.budget import SHORT_WAIT, Budget, polled
from cockpit.services.call import TIMEOUT, Answer, Call, NoAnswer, Unreadable, clock_skew
from cockpit.services.errors import Limited

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from cockpit.services.address import Secret
    from cockpit.services.errors import ServiceError

T = TypeVar("T")


def utc_now() -> datetime:
    """This machine's time."""
    return datetime.now(UTC)


class Said(NamedTuple):
    """What a refusal's body tells: the reason in words, the service's own code, a missing permission."""

    words: str = ""
    code: str | None = None
    permission: str | None = None


class Client:
    """One service.

    `calls` counts the requests sent; `skew` is the service's clock minus ours at the last answer; `budget` is what the
    service allows, and what of it polls leave to people.
    """

    def __init__(
        self,
        secret: Secret,
        budget: Budget,
        timeout: float = TIMEOUT,
        now: Callable[[], datetime] = utc_now,
        read_only: bool = False,
    ) -> None:
        """`timeout` is the most seconds that one request may take in all; many pages are many requests.

        With `read_only` every write raises `ReadOnly` before anything is sent.
        """
        secret.check()
        self.budget = budget
        self.calls = 0
        self.skew: timedelta | None = None
        self._secret = secret
        self._timeout = timeout
        self._now = now
        self._read_only = read_only
        self._closed = False

    def _open(self, call: Call, *, reads: bool) -> None:
        """Count a request that is about to be sent; after `close` nothing is, and of a read-only client no write.

        `reads`: what goes over the wire can't change anything, whatever the call says of itself.
        """
        assert reads or call.write, f"a call that may change something says that it doesn't: {call.doing}"
        if self._read_only and (call.write or not reads):
            raise call.kept_back()
        if self._closed:
            raise call.unreachable("the connection was closed")
        self.calls += 1

    async def _within_budget(self, call: Call, scope: str, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask, a poll when its turn comes.

        A reading that meets a 429 is asked once more when the wait is over: a poll's always, a person's where the wait
        is short. So a round of several comes to its end even while every second answer is a 429. A write is sent once.
        """
        await self.budget.turn(call, scope)
        try:
            return await ask()
        except Limited as limit:
            self.budget.close(scope, limit.retry_after)
            if (call.write and not call.repeatable) or (limit.retry_after > SHORT_WAIT and not polled()):
                raise
            wait = limit.retry_after
        if not polled():
            await asyncio.sleep(wait)
        await self.budget.turn(call, scope)
        try:
            return await ask()
        except Limited as limit:
            wait = self.budget.close(scope, limit.retry_after)
            raise call.limited(wait if polled() else limit.retry_after) from None

    def _no_answer(self, call: Call, fault: NoAnswer) -> ServiceError:
        why = self._secret.scrub(str(fault))
        return call.unanswered(why) if fault.begun else call.unreachable(why)

    def _note_clock(self, headers: Mapping[str, str]) -> None:
        skew = clock_skew(headers, self._now())
        self.skew = self.skew if skew is None else skew

    def _settle(self, call: Call, answer: Answer, explain: Callable[[Any], Said]) -> Any:
        """The JSON of a 2xx answer (None where it has no body); anything else as the error that it means."""
        self._note_clock(answer.headers)
        if 200 <= answer.status < 300:
            if answer.status == 204:
                return None
            return call.read(Answer.json, answer)
        try:
            said = explain(answer.json())
        except Unreadable:
            said = Said()
        words, code, permission = (one and self._secret.scrub(one) for one in said)
        raise call.fault(answer, words or "", code=code, permission=permission)
