"""Time to first paint: the cockpit, with the last known incident on it, beside a bare Textual app, in one run.

    python -m tests.benchmarks.first_paint [RUNS]

Each is started in a pseudo-terminal of 120x40; the time is from the start of the process to the first byte of its
marker on the screen. Pairs run in turn, so that a machine whose speed drifts is the same for both. Prints medians and
their ratio; the goal is a ratio of at most 1.5.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import pexpect

from cockpit.command_line.sandbox import config_text
from cockpit.private_file import write_private
from cockpit.sandbox import SandboxThread

BARE = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("MARKER-1924")
Bare().run()
"""


def painted(argv: list[str], marker: bytes, environment: dict[str, str]) -> float:
    """Seconds from the start of the process until the marker is on the screen."""
    begun = time.perf_counter()
    child = pexpect.spawn(argv[0], argv[1:], dimensions=(40, 120), env=environment, timeout=60)
    child.expect_exact(marker)
    elapsed = time.perf_counter() - begun
    child.send("\x11")
    child.expect(pexpect.EOF)
    child.close()
    return elapsed


def main(runs: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder, SandboxThread("fast") as sandbox:
        config = Path(folder) / "config.toml"
        write_private(config, config_text(sandbox))
        environment = {**os.environ, "TERM": "xterm-256color", "COCKPIT_STATE_DIR": folder}
        # An installed cockpit is compiled, as Textual is; without this every start would compile ours anew.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        cockpit = [sys.executable, "-m", "cockpit", "--config", str(config)]
        number = next(
            one["incident_number"]
            for one in sandbox.state()["pagerduty"]["incidents"]
            if one["status"] != "resolved"
        )  # fmt: skip
        marker = f"#{number}".encode()
        # Once by its number, so that there is an incident to remember; and once more to warm every cache.
        child = pexpect.spawn(
            cockpit[0], [*cockpit[1:], str(number)], dimensions=(40, 120), env=environment, timeout=60
        )
        child.expect_exact(b"triggered")
        time.sleep(3)
        child.send("\x11")
        child.expect(pexpect.EOF)
        child.close()
        bare, ours = [], []
        for _ in range(runs):
            bare.append(painted([sys.executable, "-c", BARE], b"MARKER-1924", environment))
            ours.append(painted(cockpit, marker, environment))
    ratios = [b / a for a, b in zip(bare, ours, strict=True)]
    print(f"bare Textual app: median {statistics.median(bare):.2f} s")
    print(f"cockpit:          median {statistics.median(ours):.2f} s")
    print(f"ratio:            median {statistics.median(ratios):.2f} (goal: at most 1.5)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
