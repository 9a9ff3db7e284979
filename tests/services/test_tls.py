"""Encrypted from end to end, to whom the certificate names: also through a proxy, which sees no byte of a secret."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp import web

from cockpit.services.errors import ServiceError, Unreachable

HOST = "services.example.org"
TOKEN = "s3cr3t-token"
SENT = {
    "pagerduty": f"Token token={TOKEN}",
    "slack": f"Bearer {TOKEN}",
    "freshdesk": "Basic czNjcjN0LXRva2VuOlg=",
}
PAST = {"not_before": datetime(2026, 1, 1, tzinfo=UTC), "not_after": datetime(2026, 1, 2, tzinfo=UTC)}


class Proxy:
    """An ordinary proxy: opens a tunnel to the one service there is, and notes all that it could read."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.read = b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.read += (head := await reader.readuntil(b"\r\n\r\n"))
        assert head.startswith(f"CONNECT {HOST}:443".encode()), head
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.port)
        await asyncio.gather(self._pass_on(reader, there_writer), self._pass_on(there_reader, writer))

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            self.read += data
            target.write(data)
        target.close()


class Far:
    """The service behind the proxy, with this certificate; `seen` are the credentials that arrived."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.answer: Callable[[], web.Response] = lambda: web.json_response({"ok": True})
        self.proxy: Proxy | None = None
        self._closing: list[Any] = []

    async def begin(self, certificate: trustme.LeafCert) -> str:
        async def arrive(request: web.Request) -> web.Response:
            self.seen.append(request.headers["Authorization"])
            return self.answer()

        application = web.Application()
        application.router.add_route("*", "/{tail:.*}", arrive)
        runner = web.AppRunner(application)
        await runner.setup()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        self.proxy = Proxy(runner.addresses[0][1])
        server = await asyncio.start_server(self.proxy.serve, "127.0.0.1", 0)
        self._closing += [runner.cleanup, server.close]
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        for close in reversed(self._closing):
            if (closing := close()) is not None:
                await closing


@pytest.fixture
async def far() -> AsyncIterator[Far]:
    one = Far()
    yield one
    await one.close()


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """Who is trusted, as `SSL_CERT_FILE` and `REQUESTS_CA_BUNDLE` say it."""
    authority = trustme.CA()
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
    # aiohttp reads SSL_CERT_FILE when it is imported, which was before this test.
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", ssl.create_default_context(cafile=str(path)))
    return authority


def through(proxy: str, monkeypatch: pytest.MonkeyPatch, netrc: Path) -> None:
    """The environment of somebody behind a proxy, who has other credentials for the same host in ~/.netrc."""
    for name in ("HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    monkeypatch.setenv("https_proxy", proxy)
    netrc.write_text(f"machine {HOST} login stranger password hunter2\ndefault login stranger password hunter2\n")
    monkeypatch.setenv("NETRC", str(netrc))


@pytest.mark.parametrize("service", SENT)
async def test_the_one_that_is_named_gets_the_secret_and_the_proxy_nothing(
    service: str, far: Far, authority: trustme.CA, connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:  # fmt: skip
    through(await far.begin(authority.issue_cert(HOST)), monkeypatch, tmp_path / "netrc")
    client = connect(service, api_url=f"https://{HOST}", token=TOKEN)
    far.answer = lambda: web.Response(status=302, headers={"Location": f"http://{HOST}/plain"})
    with pytest.raises(ServiceError, match="redirect"):  # to plain http: not followed either
        await client.me()
    assert far.seen == [SENT[service]]
    assert far.proxy is not None
    assert TOKEN.encode() not in far.proxy.read
    assert SENT[service].encode() not in far.proxy.read
    assert b"uthorization" not in far.proxy.read


CERTIFICATES: dict[str, Callable[[trustme.CA], trustme.LeafCert]] = {
    "of somebody unknown": lambda authority: trustme.CA().issue_cert(HOST),
    "for another name": lambda authority: authority.issue_cert("other.example.org"),
    "expired": lambda authority: authority.issue_cert(HOST, **PAST),
}


@pytest.mark.parametrize("certificate", CERTIFICATES)
@pytest.mark.parametrize("service", SENT)
async def test_no_other_gets_it(
    service: str, certificate: str, far: Far, authority: trustme.CA, connect: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:  # fmt: skip
    through(await far.begin(CERTIFICATES[certificate](authority)), monkeypatch, tmp_path / "netrc")
    client = connect(service, api_url=f"https://{HOST}", token=TOKEN)
    with pytest.raises(Unreachable, match="certificate") as failed:
        await client.me()
    assert far.seen == []
    assert TOKEN not in str(failed.value)
