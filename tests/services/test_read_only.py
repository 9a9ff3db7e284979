"""A read-only client lets no write out: every method there is, and whatever one is added."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from cockpit.incident.facts import Source
from cockpit.sandbox import Sandbox
from cockpit.services.call import Call
from cockpit.services.errors import ReadOnly, ServiceError
from cockpit.services.freshdesk import Freshdesk
from cockpit.services.pagerduty import PagerDuty
from cockpit.services.slack import Slack

CLIENTS = {"pagerduty": PagerDuty, "slack": Slack, "freshdesk": Freshdesk}

READING: Mapping[str, frozenset[str]] = {
    "pagerduty": frozenset(
        {"me", "open_incidents", "incidents", "incident", "details", "find", "find_by_key", "alerts", "notes",
         "log_entries", "on_call", "priorities", "services", "users", "dedicated_channel"}
    ),
    "slack": frozenset(
        {"me", "channel", "find_channel", "channels", "members", "history", "replies", "find_post",
         "who", "people", "person", "colleagues"}
    ),
    "freshdesk": frozenset(
        {"me", "ticket", "conversations", "recent_tickets", "canned_responses", "canned_response", "agents", "contact",
         "company", "companies", "contacts_of", "contact_by_email"}
    ),
}  # fmt: skip
"""What a client may do that only reads. A method that isn't listed here has to be refused."""


def methods(service: str) -> list[str]:
    return [
        name
        for name, _ in inspect.getmembers(CLIENTS[service], inspect.iscoroutinefunction)
        if not name.startswith("_") and name != "close"
    ]


def arguments(sandbox: Sandbox, service: str, method: Callable[..., Any]) -> dict[str, Any]:
    """Something for each argument without a default, such as a service would take."""
    known = {
        "incident_id": sandbox.state()["pagerduty"]["incidents"][0]["id"], "incident_number": 1924,
        "ticket_id": 4038, "channel_id": "C1", "ts": "1.0", "thread_ts": "1.0",
        "priority": "P1", "name": "P1" if service == "pagerduty" else "a-channel", "email": "ana@example.org",
    }  # fmt: skip
    made: dict[str, Any] = {}
    for parameter in inspect.signature(method).parameters.values():
        if parameter.default is not inspect.Parameter.empty:
            continue
        kind = str(parameter.annotation)
        usual = 1 if "int" in kind else ["U1"] if "Sequence" in kind else "some words"
        made[parameter.name] = known.get(parameter.name, datetime.now(UTC) if "datetime" in kind else usual)
    return made


@pytest.mark.parametrize("service", CLIENTS)
async def test_every_method_that_does_not_read_is_refused(
    service: str, sandbox: Sandbox, connect: Callable[..., Any]
) -> None:
    client = connect(service, read_only=True)
    refused = set()
    for name in methods(service):
        method = getattr(client, name)
        try:
            await method(**arguments(sandbox, service, method))
        except ReadOnly as fault:
            refused.add(name if "read-only" in str(fault) else str(fault))
        except ServiceError:
            pass  # nothing like it is there: it was asked, all the same
    assert refused == set(methods(service)) - READING[service]
    assert len(refused) >= 5
    assert [one for one in sandbox.requests if one.write] == []
    assert len(sandbox.requests) >= 5, "it does read"


@pytest.mark.parametrize("service", CLIENTS)
async def test_a_write_that_calls_itself_a_reading_does_not_go_out(
    service: str, sandbox: Sandbox, connect: Callable[..., Any]
) -> None:
    call = Call(Source(service), "change it")
    how = {"slack": ("pins.remove",), "pagerduty": ("PUT", "incidents"), "freshdesk": ("DELETE", "tickets/1")}
    for read_only in (False, True):
        client = connect(service, read_only=read_only)
        with pytest.raises(AssertionError, match="change it"):
            await client._ask(call, *how[service])
    assert sandbox.requests == []
