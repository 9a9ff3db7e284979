"""The cockpit's own entry, called for many commands in one process, or with a library that falls over in the middle.

`python -m tests.secrets.program commands` reads JSON from stdin: command lines, which it runs one after another, and
between them the names of faults, each switched on at the sandbox for the commands behind it ("" for none).
`python -m tests.secrets.program broken ARGUMENTS…` runs one, in which the library that sends PagerDuty's requests has a
fault: it raises where the headers, token and all, are among the values of the frames.
"""

from __future__ import annotations

import json
import sys
from typing import Any, NoReturn
from urllib.request import Request, urlopen

from cockpit.cli import main


def commands(sandbox: str) -> None:
    for argv in json.load(sys.stdin):
        if isinstance(argv, str):
            faults = [{"service": "*", "kind": argv}] if argv else []
            urlopen(Request(f"{sandbox}/_sandbox/faults", json.dumps({"clear": True, "faults": faults}).encode()))
            continue
        try:
            code = main(argv)
        except SystemExit as end:
            code = int(end.code or 0)
        print(f"{argv[2]} → {code}", file=sys.stderr, flush=True)


def broken(argv: list[str]) -> int:
    from requests.adapters import HTTPAdapter

    def send(self: HTTPAdapter, request: Any, **options: Any) -> NoReturn:
        headers = dict(request.headers)
        raise RuntimeError(f"the library fell over, {len(headers)} headers in its hands")

    HTTPAdapter.send = send
    return main(argv)


if __name__ == "__main__":
    sys.exit(commands(sys.argv[2]) if sys.argv[1] == "commands" else broken(sys.argv[2:]))
