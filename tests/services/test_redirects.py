"""No token leaves for another host, and no write is sent on: a redirect is never followed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

from cockpit.services.errors import Refused, ServiceError

CALLS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "pagerduty": (lambda client: client.me(), lambda client: client.acknowledge("Q1")),
    "slack": (lambda client: client.me(), lambda client: client.join("C1")),
    "freshdesk": (lambda client: client.me(), lambda client: client.set_status(1, 2)),
}


class Elsewhere:
    """Two servers: one answers everything with a redirect to the other, which notes what comes."""

    def __init__(self) -> None:
        self.redirected: list[web.Request] = []
        self.arrived: list[web.Request] = []
        self.status = 302
        self.runners: list[web.AppRunner] = []
        self.url = self.other = ""

    async def start(self, handler: Any) -> str:
        application = web.Application()
        application.router.add_route("*", "/{tail:.*}", handler)
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.runners.append(runner)
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    async def redirect(self, request: web.Request) -> web.Response:
        self.redirected.append(request)
        return web.Response(status=self.status, headers={"Location": f"{self.other}{request.path}"})

    async def arrive(self, request: web.Request) -> web.Response:
        self.arrived.append(request)
        return web.json_response({"ok": True})


@pytest.fixture
async def elsewhere() -> AsyncIterator[Elsewhere]:
    both = Elsewhere()
    both.other = await both.start(both.arrive)
    both.url = await both.start(both.redirect)
    yield both
    for runner in both.runners:
        await runner.cleanup()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("service", CALLS)
@pytest.mark.parametrize("write", [False, True])
async def test_a_redirect_is_not_followed(
    service: str, write: bool, status: int, elsewhere: Elsewhere, connect: Callable[..., Any]
) -> None:
    elsewhere.status = status
    client = connect(service, api_url=elsewhere.url)
    with pytest.raises(ServiceError, match="redirect") as caught:
        await CALLS[service][write](client)
    assert type(caught.value) is Refused
    assert caught.value.status == status
    assert len(elsewhere.redirected) == 1
    assert elsewhere.arrived == []


@pytest.mark.parametrize("service", CALLS)
async def test_the_secret_goes_in_the_header_that_the_service_reads(
    service: str, elsewhere: Elsewhere, connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """Nothing else does: no ~/.netrc, no proxy from the environment for this machine."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login stranger password hunter2\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, elsewhere.other)
    client = connect(service, api_url=elsewhere.url, token="s3cr3t-token")
    with pytest.raises(Refused):
        await CALLS[service][1](client)
    assert elsewhere.arrived == [], "a proxy is not for this machine"
    sent = elsewhere.redirected[0].headers["Authorization"]
    expected = {
        "pagerduty": "Token token=s3cr3t-token",
        "slack": "Bearer s3cr3t-token",
        "freshdesk": "Basic czNjcjN0LXRva2VuOlg=",
    }
    assert sent == expected[service]
