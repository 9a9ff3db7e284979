"""Answers that no documentation promises, from a server that says what the test wants."""

from __future__ import annotations

import gc
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from urllib3.connection import HTTPConnection

from cockpit.services import pagerduty_session
from cockpit.services.budget import MINUTE
from cockpit.services.errors import (
    Forbidden,
    Limited,
    NotAuthorised,
    OutcomeUnknown,
    Refused,
    ServiceError,
    Unreachable,
)

READS: dict[str, Callable[[Any], Any]] = dict.fromkeys(("pagerduty", "slack", "freshdesk"), lambda client: client.me())
WRITES: dict[str, Callable[[Any], Any]] = {
    "pagerduty": lambda client: client.add_note("Q1", "x"),
    "slack": lambda client: client.post("C1", "x"),
    "freshdesk": lambda client: client.reply(1, "x"),
}


class Parrot:
    """Answers everything alike, and notes over which connection each request came, with which credential."""

    def __init__(self) -> None:
        self.status = 200
        self.body = b"{}"
        self.content_type = "application/json"
        self.headers: dict[str, str] = {}
        self.ports: list[int] = []
        self.credentials: list[str] = []
        self.cookies: list[str] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        assert request.transport is not None
        self.ports.append(request.transport.get_extra_info("peername")[1])
        self.credentials.append(request.headers.get("Authorization", ""))
        self.cookies.append(request.headers.get("Cookie", ""))
        said = {} if "Content-Type" in self.headers else {"content_type": self.content_type}
        return web.Response(status=self.status, body=self.body, headers=self.headers, **said)


@pytest.fixture
async def parrot() -> AsyncIterator[Parrot]:
    one = Parrot()
    application = web.Application()
    application.router.add_route("*", "/{tail:.*}", one.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    one.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield one
    await runner.cleanup()


@pytest.mark.parametrize("service", READS)
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/json"),
        (b"[]", "application/json"),
        (b"null", "application/json"),
        (b'"ok"', "application/json"),
        (b"7", "application/json"),
        (b"{}", "application/json"),
        (b'{"ok": true}', "application/json"),
        (b'{"ok": tr', "application/json"),
        (b"\xff\xfe{}", "application/json"),
        (b"fine", "text/plain"),
        (b"<html>hello</html>", "text/html"),
        (b"\x00\x01", "application/octet-stream"),
        pytest.param(b"[" * 100_000, "application/json", id="deep"),
    ],
)
async def test_a_2xx_that_says_nothing(
    service: str, body: bytes, content_type: str, parrot: Parrot, connect: Callable[..., Any]
) -> None:
    parrot.body, parrot.content_type = body, content_type
    client = connect(service, api_url=parrot.url)
    with pytest.raises(Unreachable):
        await READS[service](client)
    with pytest.raises(OutcomeUnknown):
        await WRITES[service](client)
    assert len(parrot.ports) == 2


@pytest.mark.parametrize("service", READS)
@pytest.mark.parametrize("status", [200, 400, 500])
async def test_bytes_that_are_not_the_text_they_are_said_to_be(
    service: str, status: int, parrot: Parrot, connect: Callable[..., Any]
) -> None:
    """A calm fault or replaced characters, whatever the bytes are and whatever they are said to be."""
    parrot.status = status
    client = connect(service, api_url=parrot.url)
    for charset in ("utf-8", "utf-16", "utf-7", "latin-1", "hex", "idna", "undefined", "no-such", "\x1b[2J", '"'):
        for body in (
            b'{"ok": true, "name": "caf\xff\xed\xa0\x80", "id": "\xc3("}',
            b'{"ok": false, "error": "n\xf8", "message": "\xff", "description": "\xfe"}',
            '{"ok": true}'.encode("utf-16"),
        ):
            parrot.body, parrot.headers = body, {"Content-Type": f"application/json; charset={charset}"}
            for call in (READS[service], WRITES[service]):
                with suppress(ServiceError):
                    await call(client)


@pytest.mark.parametrize("service", READS)
@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
@pytest.mark.parametrize("body", [b"", b"<html>Bad gateway</html>", b'{"ok": false, "error": "whatever"}'])
async def test_its_own_fault(
    service: str, status: int, body: bytes, parrot: Parrot, connect: Callable[..., Any]
) -> None:
    parrot.status, parrot.body = status, body
    client = connect(service, api_url=parrot.url)
    with pytest.raises(Unreachable):
        await READS[service](client)
    with pytest.raises(OutcomeUnknown):
        await WRITES[service](client)


@pytest.mark.parametrize(
    ("error", "read", "write"),
    [
        ("internal_error", Unreachable, OutcomeUnknown),
        ("fatal_error", Unreachable, OutcomeUnknown),
        ("ratelimited", Limited, Limited),
        ("token_revoked", NotAuthorised, NotAuthorised),
        ("missing_scope", Forbidden, Forbidden),
        ("restricted_action_read_only_channel", Forbidden, Forbidden),
        ("a_word_of_tomorrow", Refused, Refused),
    ],
)
async def test_what_slack_says_with_status_200(
    error: str,
    read: type[ServiceError],
    write: type[ServiceError],
    parrot: Parrot,
    connect: Callable[..., Any],
) -> None:
    parrot.body = b'{"ok": false, "error": "%s"}' % error.encode()
    client = connect("slack", api_url=parrot.url)
    for call, kind in ((READS["slack"], read), (WRITES["slack"], write)):
        with pytest.raises(ServiceError) as caught:
            await call(client)
        assert type(caught.value) is kind
        if isinstance(caught.value, Refused):
            assert caught.value.code == error


@pytest.mark.parametrize("service", READS)
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "12"}, 12),
        ({"ratelimit-reset": "9"}, 9),
        ({}, 30),
        ({"Retry-After": "soon"}, 30),
        ({"Retry-After": "-5"}, 1),
        ({"Retry-After": "1e9"}, 600),
        ({"Retry-After": "nan"}, 30),
    ],
)
async def test_how_long_to_wait(
    service: str, headers: dict[str, str], seconds: float, parrot: Parrot, connect: Callable[..., Any]
) -> None:
    parrot.status, parrot.headers = 429, headers
    with pytest.raises(Limited) as caught:
        await WRITES[service](connect(service, api_url=parrot.url))
    assert caught.value.retry_after == seconds
    assert len(parrot.ports) == 1


@pytest.mark.parametrize("service", READS)
async def test_a_secret_that_comes_back_in_a_refusal_is_not_passed_on(
    service: str, parrot: Parrot, connect: Callable[..., Any]
) -> None:
    secret = "s3cr3t-0123456789"
    told = f"bad token {secret}".encode()
    parrot.status = 400
    parrot.body = b'{"ok": false, "error": "%s", "message": "%s"}' % (told, told)
    with pytest.raises(Refused) as caught:
        await WRITES[service](connect(service, api_url=parrot.url, token=secret))
    assert secret not in str(caught.value) + repr(vars(caught.value))


@pytest.mark.parametrize("service", READS)
async def test_each_writing_has_a_connection_of_its_own(
    service: str, parrot: Parrot, connect: Callable[..., Any]
) -> None:
    """On a kept one nobody could tell, when it breaks, whether the request was taken."""
    client = connect(service, api_url=parrot.url)
    for call, connections in ((READS[service], 1), (WRITES[service], 3)):
        parrot.ports.clear()
        for _ in range(3):
            with pytest.raises(ServiceError):
                await call(client)
        assert len(set(parrot.ports)) == connections


@pytest.mark.parametrize("service", READS)
async def test_no_cookie_is_kept(service: str, parrot: Parrot, connect: Callable[..., Any]) -> None:
    """The credential is all that a request carries, and what a client holds doesn't grow with the answers."""
    parrot.headers = {"Set-Cookie": "session=1; Path=/"}
    client = connect(service, api_url=parrot.url)
    for call in (READS[service], WRITES[service]) * 2:
        with pytest.raises(ServiceError):
            await call(client)
    assert parrot.cookies == [""] * 4


@pytest.mark.parametrize("service", READS)
@pytest.mark.parametrize(
    "date",
    ["soon", "Mon, 01 Jan 99999999999 00:00:00 GMT", "Mon, 01 Jan 2024 00:00:00 +9999999999999999999999"],
)
async def test_a_clock_that_shows_no_time(service: str, date: str, parrot: Parrot, connect: Callable[..., Any]) -> None:
    parrot.headers = {"Date": date}
    client = connect(service, api_url=parrot.url)
    with pytest.raises(Unreachable):
        await READS[service](client)
    assert client.skew is None


async def test_a_message_is_looked_for_however_far_off_slacks_clock_is(
    parrot: Parrot, connect: Callable[..., Any]
) -> None:
    parrot.headers = {"Date": "Fri, 31 Dec 9999 23:59:59 GMT"}
    parrot.body = b'{"ok": true, "user_id": "U1", "bot_id": "B1", "messages": []}'
    slack = connect("slack", api_url=parrot.url)
    await slack.me()
    assert await slack.find_post("C1", "r-1", datetime.now(UTC)) is None


@pytest.mark.parametrize("reset", ["1800000000", "1" + "0" * 400])
async def test_pagerdutys_minute_is_no_longer_than_a_minute(
    reset: str, parrot: Parrot, connect: Callable[..., Any]
) -> None:
    """Else polls would wait for ever."""
    parrot.headers = {"ratelimit-limit": "960", "ratelimit-remaining": "0", "ratelimit-reset": reset}
    pagerduty = connect("pagerduty", api_url=parrot.url)
    with pytest.raises(Unreachable):
        await pagerduty.me()
    assert pagerduty.budget.wait("") <= MINUTE


async def test_a_list_of_freshdesk_that_knows_no_pages_ends(parrot: Parrot, connect: Callable[..., Any]) -> None:
    parrot.body = json.dumps([{"id": number, "name": "somebody"} for number in range(100)]).encode()
    assert len(await connect("freshdesk", api_url=parrot.url).agents()) == 100
    assert len(parrot.ports) == 2


async def test_pagerduty_gets_its_token_whatever_netrc_says(
    parrot: Parrot, connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """Elsewhere than on loopback the environment counts, for the sake of proxies."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login stranger password hunter2\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pagerduty_session, "loops_back", lambda _: False)
    with pytest.raises(ServiceError):
        await connect("pagerduty", api_url=parrot.url, token="s3cr3t").me()
    assert parrot.credentials == ["Token token=s3cr3t"]


async def test_no_request_through_a_proxy_leaves_anything_to_collect(
    parrot: Parrot, connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connections that ask whether they may still be used are classes, made once for a client."""
    for name in ("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", parrot.url)
    monkeypatch.setattr(pagerduty_session, "loops_back", lambda _: False)
    pagerduty = connect("pagerduty", api_url="http://127.0.0.1:9")
    counts = []
    gc.disable()
    try:
        for _ in range(3):
            with pytest.raises(ServiceError):
                await pagerduty.me()
            counts.append(len(HTTPConnection.__subclasses__()))
    finally:
        gc.enable()
    assert len(parrot.ports) == 3
    assert len(set(counts)) == 1
