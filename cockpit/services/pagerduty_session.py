"""pdpyras, held so that one call is one request.

Imported on the worker's thread only, since it is slow to import.

pdpyras 5.4.1 is the last of its name. Its warning about that is silenced, exactly it; its retries, which re-
send every verb, are off; its sleep at 429 too.
"""

from __future__ import annotations

import logging
import socket
import warnings
from contextlib import suppress
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError

from cockpit.services.address import Secret, loops_back
from cockpit.services.call import Answer, NoAnswer

warnings.filterwarnings("ignore", message='The package "pdpyras" is deprecated', category=UserWarning)
import pdpyras  # noqa: E402  (the filter above must stand first)

if TYPE_CHECKING:
    from collections.abc import Callable

    from cockpit.services.daemon import Attempt

# pdpyras logs each 5xx as an error; without a handler Python would write that onto the terminal.
logging.getLogger("pdpyras").addHandler(logging.NullHandler())


class PagerDutySession:
    """One connection pool, for one thread. With `fresh` each request has a connection of its own.

    A write goes over a fresh one: on a kept one the far end may have hung up unnoticed, and then nobody can
    tell whether the request was taken. On a fresh one "not connected" means "not sent".
    """

    def __init__(self, api_url: str, token: Secret, email: str | None, timeout: float, *, fresh: bool) -> None:
        """`timeout` in seconds bounds the waiting for each part of an answer; the worker bounds the whole."""
        self._attempt: Attempt | None = None
        session = pdpyras.APISession(token.reveal(), default_from=email)
        session.url = api_url
        session.timeout = (timeout, timeout)
        session.max_network_attempts = 0
        session.retry[429] = -2
        session.auth = lambda request: request  # else requests would look for other credentials in ~/.netrc
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        if fresh:
            session.headers["Connection"] = "close"
        if loops_back(api_url):
            session.trust_env = False
        adapter = _Gated(self._proceed, self._waits)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        self._session = session

    def _proceed(self) -> bool:
        return self._attempt is None or self._attempt.proceed()

    def _waits(self, connection: HTTPConnection) -> None:
        if self._attempt is not None and connection.sock is not None:
            self._attempt.waits(partial(_hang_up, connection.sock))

    def exchange(
        self,
        attempt: Attempt,
        method: str,
        path: str,
        *,
        params: dict[str, Any] | None = None,
        body: object = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """One request, one answer whatever its status; `NoAnswer` where none came whole.

        No redirect is followed.
        """
        if attempt.over:
            raise NoAnswer("given up", begun=False)
        self._attempt = attempt
        # The raw `request`, because pdpyras' own verbs know neither every path nor every status.
        extra = {"json": body} if body is not None else {}
        try:
            response = self._session.request(
                method, path, params=params or {}, headers=headers or {}, allow_redirects=False, **extra
            )
        except pdpyras.PDClientError as fault:
            if fault.response is None:
                raise NoAnswer(_words(fault.__cause__), begun=attempt.begun) from None
            response = fault.response  # 401
        finally:
            attempt.waits(None)
            self._attempt = None
            # pdpyras keeps a count for each address it ever asked.
            self._session.api_call_counts.clear()
            self._session.api_time.clear()
        return Answer(
            int(response.status_code),
            {str(name).lower(): str(value) for name, value in response.headers.items()},
            bytes(response.content),
        )

    def close(self) -> None:
        """Let the connections go."""
        self._session.close()


def _hang_up(sock: socket.socket) -> None:
    with suppress(OSError):  # the far end may have done so before
        sock.shutdown(socket.SHUT_RDWR)


def _words(fault: BaseException | None) -> str:
    """The innermost reason in a few words; requests wraps it several times."""
    words = f"{type(fault).__name__} {fault}"
    for sign, meaning in (
        ("NameResolution", "its name can't be resolved"),
        ("refused", "connection refused"),
        ("CERTIFICATE_VERIFY", "its certificate can't be verified"),
        ("SSL", "no secure connection"),
        ("Proxy", "the proxy in between fails"),
        ("ReadTimeout", "no answer in time"),
        ("Read timed out", "no answer in time"),
        ("ConnectTimeout", "no connection in time"),
    ):
        if sign in words:
            return meaning
    return "the connection broke"


class _Gated(HTTPAdapter):
    """Connections which, once they stand, ask whether they may still be used, and tell what they wait with.

    The time for a call may run out while a host's name is looked up, which nothing can interrupt: then what
    was given up, and perhaps sent again since, must not be sent late. Or while an answer comes that has no end.
    """

    def __init__(self, proceed: Callable[[], bool], waits: Callable[[HTTPConnection], None]) -> None:
        self._pools = _gated(proceed, waits)
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """Asked for with each request that a proxy passes on; requests keeps them by the proxy's address."""
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager


def _gated(proceed: Callable[[], bool], waits: Callable[[HTTPConnection], None]) -> dict[str, type[HTTPConnectionPool]]:
    """The pools of such connections, by scheme."""

    def stands(connection: HTTPConnection) -> None:
        if not proceed():
            connection.close()
            raise ConnectTimeoutError(connection, "given up")

    class Plain(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            stands(self)

        def getresponse(self) -> Any:
            waits(self)
            return super().getresponse()

    class Encrypted(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            stands(self)

        def getresponse(self) -> Any:
            waits(self)
            return super().getresponse()

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class EncryptedPool(HTTPSConnectionPool):
        ConnectionCls = Encrypted

    return {"http": PlainPool, "https": EncryptedPool}
