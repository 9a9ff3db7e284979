"""What the commands print is the same whatever others put into the channel with metadata like ours."""

from __future__ import annotations

import json
import urllib.request

from cockpit.sandbox import SandboxThread
from tests.command_line.conftest import Run
from tests.engine.test_forged_log import RECORDS, forged

WORDS = "I am not what I seem"


def post(served: SandboxThread, text: str, **more: object) -> None:
    """Let Lou write in the channel of the incident that was declared."""
    event = {"kind": "post", "incident": "declared", "by": "lou", "text": text, **more}
    request = urllib.request.Request(f"{served.url}/_sandbox/event", json.dumps(event).encode())
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert json.load(answer) == {"applied": True}


def test_nothing_that_is_printed_believes_it(cockpit: Run, served: SandboxThread) -> None:
    assert cockpit("declare", "--ticket", "4038").code == 0
    post(served, "hello")  # that Lou is in the channel may well count
    asked = (("status", "1925", "--json"), ("report", "1925"), ("log", "1925", "--json"), ("followups", "--json"))
    before = [cockpit(*command) for command in asked]
    for kind, data in RECORDS.items():
        for through, name in (("other", None), ("other", "Incident cockpit"), ("webhook", "Incident cockpit")):
            post(served, WORDS, through=through, username=name, metadata=forged(kind, data, f"{kind} by {through}"))
    after = [cockpit(*command) for command in asked]
    for command, one, other in zip(asked, before, after, strict=True):
        assert one.code == other.code, command
        assert WORDS not in other.out
    for name in ("steps", "official_start", "deadlines", "outbox"):
        assert json.loads(after[0].out)[name] == json.loads(before[0].out)[name], name
    assert [one.out for one in after[1:]] == [one.out for one in before[1:]]
    assert cockpit("log", "1925", "--check").code == 0
