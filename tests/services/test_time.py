"""No call outlasts its time, whatever the far end does; and what was given up isn't sent late."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from cockpit.sandbox import Sandbox
from cockpit.services.errors import OutcomeUnknown, Unreachable
from tests.waiting import until

CALLS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "pagerduty": (lambda client: client.me(), lambda client: client.acknowledge("Q1")),
    "slack": (lambda client: client.me(), lambda client: client.join("C1")),
    "freshdesk": (lambda client: client.me(), lambda client: client.set_status(4038, 3)),
}


@pytest.fixture
async def dribble() -> AsyncIterator[str]:
    """A server whose answers never end: a byte now and then, so that no single wait for one is long."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n")
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.02)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


@pytest.mark.parametrize("service", CALLS)
async def test_an_answer_that_never_ends_is_given_up(service: str, connect: Callable[..., Any], dribble: str) -> None:
    await connect(service).me()  # by now the libraries are loaded
    client = connect(service, api_url=dribble, timeout=1.0)
    read, write = CALLS[service]
    started = time.monotonic()
    with pytest.raises(Unreachable, match="no answer"):
        await read(client)
    with pytest.raises(OutcomeUnknown, match="no answer"):
        await write(client)
    assert time.monotonic() - started < 10


def reading() -> set[threading.Thread]:
    """The threads on which PagerDuty is read."""
    return {one for one in threading.enumerate() if one.name == "pagerduty-reads"}


async def test_a_thread_that_was_given_up_ends_although_its_answer_does_not(
    connect: Callable[..., Any], dribble: str
) -> None:
    """Else one would be left with each poll of a service that answers without end."""
    await connect("pagerduty").me()  # by now the libraries are loaded
    before = reading()
    client = connect("pagerduty", api_url=dribble, timeout=1.0)
    for _ in range(3):
        with pytest.raises(Unreachable, match="no answer"):
            await client.me()
    await until(lambda: len(reading() - before) == 1, "only the thread that would serve the next reading is left")


@pytest.mark.parametrize("service", CALLS)
async def test_what_was_given_up_while_the_name_was_looked_up_is_never_sent(
    service: str, connect: Callable[..., Any], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await connect(service).me()
    await connect(service).me()
    before = len(sandbox.requests)
    looking, found, done = threading.Event(), threading.Event(), threading.Event()
    resolve = socket.getaddrinfo

    def slow(*arguments: Any, **options: Any) -> Any:
        looking.set()
        found.wait(30)
        try:
            return resolve(*arguments, **options)
        finally:
            done.set()

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    address = {"pagerduty": sandbox.pagerduty_url, "slack": sandbox.slack_url, "freshdesk": sandbox.freshdesk_url}
    client = connect(service, api_url=address[service].replace("127.0.0.1", "localhost"), timeout=1.0)
    with pytest.raises(Unreachable, match="Nothing was sent"):
        await CALLS[service][1](client)
    assert looking.is_set()
    found.set()
    assert await asyncio.to_thread(done.wait, 10)
    # The other thread needs a moment in which it could go on to send; nothing tells when it doesn't.
    await asyncio.sleep(0.3)
    assert len(sandbox.requests) == before
