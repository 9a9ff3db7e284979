"""One request to Freshdesk and what comes back; pages put together.

What is asked for is `freshdesk`'s business.
"""

from __future__ import annotations

import asyncio
import ssl
from importlib import import_module
from typing import TYPE_CHECKING, Any

from cockpit.incident.facts import Source
from cockpit.services.address import Secret, checked_address, loops_back, sealed
from cockpit.services.budget import Budget
from cockpit.services.call import TIMEOUT, Answer, Call, NoAnswer
from cockpit.services.client import Client, utc_now
from cockpit.services.freshdesk_wire import explain
from cockpit.services.wire import items, number, obj

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from datetime import datetime

    from httpx import AsyncClient

PAGE = 100
"""The most entries that Freshdesk puts into a page."""

LEAST_PER_MINUTE = 50
"""Requests that Freshdesk grants the whole account on its smallest plan; its answers tell the plan's own number."""

MOST_PAGES = 300
"""Freshdesk ends its lists of tickets at page 300."""


class FreshdeskLine(Client):
    """Requests to Freshdesk's API through httpx.

    The key is the user of Basic authentication, `X` the password.
    """

    def __init__(
        self,
        url: str,
        api_key: str | Secret,
        *,
        timeout: float = TIMEOUT,
        now: Callable[[], datetime] = utc_now,
        read_only: bool = False,
    ) -> None:
        """`url` is the helpdesk's own, `https://DOMAIN.freshdesk.com`.

        `ValueError` where it or the key is unusable.
        """
        api_key = sealed(api_key, "Freshdesk API key")
        super().__init__(api_key, Budget(LEAST_PER_MINUTE), timeout, now, read_only)
        self._web = checked_address(url, "Freshdesk's url").removesuffix("/api/v2")
        self._clients: tuple[AsyncClient, AsyncClient] | None = None
        self._starting = asyncio.Lock()

    async def close(self) -> None:
        """Hang up at once, also while a call is under way."""
        self._closed = True
        clients, self._clients = self._clients, None
        for client in clients or ():
            await client.aclose()

    async def _started(self, call: Call) -> tuple[AsyncClient, AsyncClient]:
        """The client over kept connections, for reading; the one over fresh connections, for writing."""
        async with self._starting:
            if self._clients is None:
                # Importing httpx and loading the certificates takes long for the thread that draws.
                self._clients = await asyncio.to_thread(_open, self._web, self._secret, self._timeout)
                if self._closed:  # while that took its time: nobody else closes what is open now
                    await self.close()
                    raise call.unreachable("the connection was closed")
            return self._clients

    async def _ask(
        self,
        call: Call,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: object = None,
    ) -> Any:
        """One request; the answer's JSON, None where there is no body."""
        return await self._within_budget(call, "", lambda: self._once(call, method, path, params, body))

    async def _once(
        self, call: Call, method: str, path: str, params: Mapping[str, str | int] | None, body: object
    ) -> Any:
        self._open(call, reads=method == "GET")
        reading, writing = await self._started(call)
        import httpx

        unsent = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
        try:
            async with asyncio.timeout(self._timeout):
                response = await (writing if call.write else reading).request(
                    method, f"/api/v2/{path}", params=dict(params or {}), json=body
                )
        except (*unsent, httpx.UnsupportedProtocol) as fault:
            raise self._no_answer(call, NoAnswer(_words(fault), begun=False)) from None
        except (httpx.HTTPError, TimeoutError, OSError, RuntimeError) as fault:
            # RuntimeError is how httpx says that the client was closed.
            if isinstance(fault, RuntimeError) and not self._closed:
                raise
            why = "the connection was closed" if self._closed else _words(fault)
            raise self._no_answer(call, NoAnswer(why, begun=True)) from None
        headers = {name.lower(): value for name, value in response.headers.items()}
        left, total = number(headers.get("x-ratelimit-remaining")), number(headers.get("x-ratelimit-total"))
        if left is not None and total:
            self.budget.told("", left, total)
        return self._settle(call, Answer(response.status_code, headers, response.content), explain)

    async def _pages(
        self, call: Call, path: str, params: Mapping[str, str | int] | None = None
    ) -> AsyncIterator[list[Any]]:
        """The entries, page by page; an entry that moves onto the next page meanwhile comes once."""
        seen: set[int] = set()
        for page in range(1, MOST_PAGES + 1):
            body = await self._ask(call, "GET", path, params={**(params or {}), "per_page": PAGE, "page": page})
            # A short page is the last: that is as sure as the `Link` header, and some lists send none.
            entries = items(body)
            fresh = [one for one in entries if number(obj(one).get("id")) not in seen]
            yield fresh
            seen.update(known for one in fresh if (known := number(obj(one).get("id"))) is not None)
            # One that brings nothing new is the last too: not every list knows pages.
            if len(entries) < PAGE or not fresh:
                return

    async def _all(self, call: Call, path: str, params: Mapping[str, str | int] | None = None) -> list[Any]:
        """The entries of all pages."""
        return [one async for page in self._pages(call, path, params) for one in page]


def _open(web: str, secret: Secret, timeout: float) -> tuple[AsyncClient, AsyncClient]:
    from http.cookiejar import CookieJar, DefaultCookiePolicy

    httpx = import_module("httpx")
    # Plain http, as on loopback, needs no authorities, which take 40 ms to read: it gets a context that trusts nobody.
    trusted = httpx.create_ssl_context() if web.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Looking up, connecting and the secure handshake get a third each: when the whole is over, the request
    # had begun.
    times = httpx.Timeout(timeout, connect=timeout / 3, pool=timeout / 3)

    def client(kept: int) -> AsyncClient:
        made: AsyncClient = httpx.AsyncClient(
            base_url=web,
            auth=httpx.BasicAuth(secret.reveal(), "X"),
            headers={"Accept": "application/json"},
            timeout=times,
            limits=httpx.Limits(max_connections=10, max_keepalive_connections=kept),
            follow_redirects=False,
            trust_env=not loops_back(web),
            verify=trusted,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )
        return made

    return client(5), client(0)


def _words(fault: BaseException) -> str:
    """The reason in a few words."""
    words = f"{type(fault).__name__} {fault}"
    for sign, meaning in (
        ("ConnectTimeout", "no connection in time"),
        ("PoolTimeout", "too many requests at once"),
        ("Timeout", "no answer in time"),
        ("CERTIFICATE_VERIFY", "its certificate can't be verified"),
        ("SSL", "no secure connection"),
        ("Name or service not known", "its name can't be resolved"),
        ("Temporary failure in name", "its name can't be resolved"),
        ("nodename nor servname", "its name can't be resolved"),
        ("Proxy", "the proxy in between fails"),
        ("ConnectError", "connection refused"),
    ):
        if sign in words:
            return meaning
    return "the connection broke"


def freshdesk_call(doing: str, *, write: bool = False, needs: str | None = None) -> Call:
    """A call to Freshdesk."""
    return Call(Source.FRESHDESK, doing, write=write, needs=needs)
