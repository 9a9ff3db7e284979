"""A server between the cockpit and the sandbox that puts the whole corpus into every text of every answer.

What an answer is found or told apart by (ids, times, states, addresses of mail) stays: the cockpit must get far enough
to draw it. Everything that a person could have written is spoilt, in whatever field of whatever service.
"""

from __future__ import annotations

import http.client
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.hostile.nasties import EVIL, MEGABYTE, everything

KEPT = re.compile(
    r"id|.*_id|ids|.*_at|ts|.*_ts|latest_reply|type|.*type|status|statuses|state|subtype|email|.*_emails?|self|ok|error"
    r"|code|incident_key|alert_key|urgency|cursor|next_cursor|user|users|creator|inviter|members|channel|app_id|team"
    r"|bot|step|kind|at|time_zone|tz|severity|name_normalized|source|domains|warning|warnings|field|role|currency|locale"
)
"""Names of fields that aren't for reading."""

ADDRESSES = frozenset({"html_url", "url", "url_private", "permalink", "link", "href", "image_url", "avatar_url"})
EVIL_ADDRESS = f"javascript:alert(1)//https://{EVIL}/\x1b]8;;x\x07"
LONG = frozenset({"text", "body", "content", "description", "html"})
"""Fields that get a line of a million characters besides, in one answer each."""


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is nothing to tell."""


class Spoiler:
    """A context manager; `url` is in the sandbox's place."""

    def __init__(self, sandbox_url: str) -> None:
        self._target = urlsplit(sandbox_url)
        self._long = set(LONG)
        spoiler = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                spoiler.answer(self)

            do_GET = do_POST = do_PUT = do_DELETE = answer

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self._server = _Quiet(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        """The root; the services lie below it as they do in the sandbox."""

    def __enter__(self) -> Spoiler:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def in_place(self, url: str) -> str:
        """One of the sandbox's addresses, here."""
        return url.replace(f"http://{self._target.netloc}", self.url)

    def answer(self, asked: BaseHTTPRequestHandler) -> None:
        """Ask the sandbox, spoil what it says."""
        body = asked.rfile.read(int(asked.headers.get("Content-Length") or 0))
        connection = http.client.HTTPConnection(self._target.hostname or "", self._target.port, timeout=30)
        headers = {name: value for name, value in asked.headers.items() if name.lower() != "accept-encoding"}
        connection.request(asked.command, asked.path, body, headers)
        got = connection.getresponse()
        data = got.read()
        connection.close()
        if data and got.status < 400:
            data = self.spoilt(asked.path, data)
        asked.send_response(got.status)
        for name, value in got.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                asked.send_header(name, self.in_place(value))
        asked.send_header("Content-Length", str(len(data)))
        asked.end_headers()
        asked.wfile.write(data)

    def spoilt(self, path: str, data: bytes) -> bytes:
        """The answer with the corpus in each of its texts."""
        # A channel is looked for by its name.
        keep = {"name"} if "conversations.list" in path else set()
        value = self._spoil(json.loads(data), "", keep)
        return json.dumps(value).encode()

    def _spoil(self, value: Any, name: str, keep: set[str]) -> Any:
        if isinstance(value, dict):
            # In a record's data everything is ours to read again, but for the words.
            if name == "data":
                return {key: self._spoil(inner, key, keep) if key in ("text", "note", "title") else inner
                        for key, inner in value.items()}  # fmt: skip
            return {key: self._spoil(inner, key, keep) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._spoil(inner, name, keep) for inner in value]
        if not isinstance(value, str) or KEPT.fullmatch(name) or name in keep or re.fullmatch(r"P[1-5]", value):
            return value
        if name in ADDRESSES:
            return EVIL_ADDRESS
        if name in self._long:
            self._long.discard(name)
            return f"{value} {everything()} {MEGABYTE}"
        return f"{value} {everything()}"
