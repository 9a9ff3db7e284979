"""One request to Slack and what comes back; pages put together. What is asked for is `slack`'s business."""

from __future__ import annotations

import asyncio
import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from cockpit.incident.facts import Source
from cockpit.services.address import Secret, checked_address, loops_back, sealed
from cockpit.services.budget import Budget
from cockpit.services.call import TIMEOUT, Answer, Call, NoAnswer
from cockpit.services.client import Client, utc_now
from cockpit.services.errors import Forbidden, NotAuthorised, NotFound, Refused, ServiceError
from cockpit.services.wire import Json, line, obj

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from datetime import datetime

    from aiohttp import ClientSession
    from slack_sdk.web.async_client import AsyncWebClient

# By itself it writes out every answer, a page of messages whole, for a line of a log that is then not kept.
logging.getLogger("slack_sdk.web.async_base_client").setLevel(logging.INFO)

MOST_PAGES = 1000
"""Where paging ends whatever Slack says: at 999 messages a page that is more than a channel holds."""

_READINGS = frozenset(
    {"auth.test", "conversations.history", "conversations.info", "conversations.list",
     "conversations.members", "conversations.replies", "users.info", "users.list"}
)  # fmt: skip
"""The methods that change nothing: any other is a write, and Slack would take it by GET too."""

OTHERWISE_PER_MINUTE = 50
"""How many calls a minute Slack grants an app in a workspace, by method; everybody who uses the app shares them."""

PER_MINUTE: Mapping[str, int] = {
    **dict.fromkeys(
        (
            "conversations.create",
            "conversations.list",
            "users.list",
            "pins.add",
        ),
        20,
    ),
    **dict.fromkeys(("conversations.members", "users.info", "auth.test"), 100),
    "chat.postMessage": 60,
}
"""The methods of which it grants fewer or more; `chat.postMessage` about one a second for a channel."""

_CREDENTIAL = frozenset(
    {
        "invalid_auth",
        "not_authed",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "user_removed_from_team",
    }
)
_RIGHTS = frozenset(
    {"missing_scope", "no_permission", "not_allowed_token_type", "access_denied", "ekm_access_denied",
     "team_access_not_granted", "org_login_required", "user_is_restricted", "user_is_ultra_restricted",
     "user_is_bot", "restricted_action", "cant_update_message", "cant_delete_message"}
)  # fmt: skip
_OWN_FAULT = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
_WORDS: Mapping[str, str] = {
    "name_taken": "a channel with that name exists already",
    "not_in_channel": "the bot isn't in that channel; let it join first",
    "is_archived": "the channel is archived",
    "msg_too_long": "the message is too long",
    "missing_scope": "the token lacks a scope",
    "restricted_action": "a setting of the workspace forbids it",
}


class _Clients(NamedTuple):
    """slack-sdk's client over kept connections, for reading; over fresh ones, for writing."""

    reading: AsyncWebClient
    writing: AsyncWebClient
    sessions: tuple[ClientSession, ClientSession]


class SlackLine(Client):
    """Requests to Slack's Web API through slack-sdk, over aiohttp sessions of our own."""

    def __init__(
        self,
        token: str | Secret,
        api_url: str = "https://slack.com/api/",
        *,
        timeout: float = TIMEOUT,
        now: Callable[[], datetime] = utc_now,
        read_only: bool = False,
    ) -> None:
        """`ValueError` where the token or the address is unusable."""
        token = sealed(token, "Slack token")
        super().__init__(token, Budget(OTHERWISE_PER_MINUTE, PER_MINUTE), timeout, now, read_only)
        self._address = checked_address(api_url, "Slack's api_url") + "/"
        self._clients: _Clients | None = None
        self._starting = asyncio.Lock()

    async def close(self) -> None:
        """Hang up at once, also while a call is under way."""
        self._closed = True
        clients, self._clients = self._clients, None
        if clients is not None:
            # Both at once: whoever closes has little time, and the first mustn't use it up.
            await asyncio.gather(*(session.close() for session in clients.sessions))

    async def _started(self, call: Call) -> _Clients:
        async with self._starting:
            if self._clients is None:
                # Importing takes a tenth of a second, too long for the thread that draws.
                await asyncio.to_thread(import_module, "slack_sdk.web.async_client")
                if self._closed:  # while the import took its time: nobody would close what is opened now
                    raise call.unreachable("the connection was closed")
                self._clients = _open(self._address, self._secret, self._timeout)
            return self._clients

    async def _ask(self, call: Call, method: str, arguments: Mapping[str, Any] | None = None) -> Json:
        """One request; the answer's JSON object, where Slack says that it is `ok`."""
        return (await self._ask_all(call, method, arguments))[0]

    async def _ask_all(
        self, call: Call, method: str, arguments: Mapping[str, Any] | None = None
    ) -> tuple[Json, Mapping[str, str]]:
        """One request; the answer's JSON object and its headers, their names in lower case."""
        return await self._within_budget(call, method, lambda: self._once(call, method, arguments))

    async def _once(
        self, call: Call, method: str, arguments: Mapping[str, Any] | None
    ) -> tuple[Json, Mapping[str, str]]:
        self._open(call, reads=method in _READINGS)
        clients = await self._started(call)
        from aiohttp import ClientConnectorError, ClientError, ConnectionTimeoutError
        from slack_sdk.errors import SlackApiError, SlackClientError

        given = {name: value for name, value in (arguments or {}).items() if value is not None}
        try:
            if call.write:
                response: Any = await clients.writing.api_call(method, json=given)
            else:
                response = await clients.reading.api_call(method, http_verb="GET", params=given)
        except SlackApiError as fault:
            response = fault.response
        except _Redirected as fault:
            raise call.fault(Answer(fault.status, {}, b""), "") from None
        except (ClientConnectorError, ConnectionTimeoutError) as fault:
            raise self._no_answer(call, NoAnswer(_words(fault), begun=False)) from None
        except (ClientError, TimeoutError, OSError, SlackClientError) as fault:
            why = "the connection was closed" if self._closed else _words(fault)
            raise self._no_answer(call, NoAnswer(why, begun=True)) from None
        except (AttributeError, LookupError, ValueError, RecursionError):
            # slack-sdk takes every body for a JSON object in UTF-8, of few levels, and falls over another thing, or a
            # charset that is no text's.
            raise call.unanswered("it answered data of an unknown form") from None
        return self._understood(call, response)

    def _understood(self, call: Call, response: Any) -> tuple[Json, Mapping[str, str]]:
        """slack-sdk hands over its own response or, where the body isn't JSON, aiohttp's."""
        status: int = getattr(response, "status_code", None) or getattr(response, "status", 0) or 0
        headers = {str(name).lower(): str(value) for name, value in response.headers.items()}
        self._note_clock(headers)
        body = obj(getattr(response, "data", None))
        if 200 <= status < 300 and body.get("ok") is True:
            return body, headers
        if body.get("ok") is False and status < 500 and status not in (408, 429):
            raise self._refusal(call, status, body, headers)
        answer = Answer(status, headers, b"")
        if 200 <= status < 300:
            raise call.unanswered("it answered something other than the promised data")
        code = self._secret.scrub(line(body.get("error")))
        raise call.fault(answer, code, code=code or None)

    def _refusal(self, call: Call, status: int, body: Json, headers: Mapping[str, str]) -> ServiceError:
        code = self._secret.scrub(line(body.get("error"))) or "unknown_error"
        if code in ("ratelimited", "rate_limited"):
            return call.fault(Answer(429, headers, b""), "")
        if code in _OWN_FAULT:
            # Slack on fatal_error: some aspect of the operation may have succeeded.
            return call.unanswered(f"it answered {code}, a fault of its own")
        kind: type[Refused] = Refused
        if code in _CREDENTIAL:
            kind = NotAuthorised
        elif code in _RIGHTS or code.startswith("restricted_action"):
            kind = Forbidden
        elif code.endswith("_not_found"):
            kind = NotFound
        needed = self._secret.scrub(line(body.get("needed")))
        words = f"{_WORDS[code]} ({code})" if code in _WORDS else code
        permission = f"the Slack scope {needed}" if needed else None
        return call.refused(words, kind=kind, status=status, code=code, permission=permission)

    async def _pages(self, call: Call, method: str, arguments: Mapping[str, Any]) -> AsyncIterator[Json]:
        """The answers of all pages, by cursor."""
        cursor, seen = "", set[str]()
        for _ in range(MOST_PAGES):
            body = await self._ask(call, method, {**arguments, "cursor": cursor or None})
            cursor = line(obj(body.get("response_metadata")).get("next_cursor"), 2000)
            yield body
            del body  # or it would be held while the next page is read
            if not cursor or cursor in seen:
                return
            seen.add(cursor)


class _Redirected(Exception):
    """Slack's address answered with a redirect.

    It isn't followed: the token is for that address, a write goes once.
    """

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def _open(address: str, secret: Secret, timeout: float) -> _Clients:
    from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector, TraceConfig
    from slack_sdk.web.async_client import AsyncWebClient

    async def redirected(_session: object, _context: object, params: Any) -> None:
        raise _Redirected(params.response.status)

    def session(fresh: bool) -> ClientSession:
        trace = TraceConfig()
        trace.on_request_redirect.append(redirected)
        # Connecting may take half of the time: so when the whole is over, the request had begun.
        limits = ClientTimeout(total=timeout, connect=timeout / 2)
        return ClientSession(
            connector=TCPConnector(force_close=fresh),
            timeout=limits,
            trace_configs=[trace],
            cookie_jar=DummyCookieJar(),
        )

    def client(over: ClientSession) -> AsyncWebClient:
        made = AsyncWebClient(secret.reveal(), base_url=address, session=over, retry_handlers=[])
        if loops_back(address):
            # slack-sdk takes a proxy from the environment for every address.
            made.proxy = None
        return made

    reading, writing = session(fresh=False), session(fresh=True)
    return _Clients(client(reading), client(writing), (reading, writing))


def _words(fault: BaseException) -> str:
    """The reason in a few words."""
    name = type(fault).__name__
    for sign, meaning in (
        ("DNS", "its name can't be resolved"),
        ("Certificate", "its certificate can't be verified"),
        ("SSL", "no secure connection"),
        ("Proxy", "the proxy in between fails"),
        ("ConnectionTimeout", "no connection in time"),
        ("Timeout", "no answer in time"),
        ("Connector", "connection refused"),
    ):
        if sign in name:
            return meaning
    return "the connection broke"


def slack_call(doing: str, *, write: bool = False, needs: str | None = None) -> Call:
    """A call to Slack."""
    return Call(Source.SLACK, doing, write=write, needs=needs)
