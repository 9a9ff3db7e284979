"""Starts the installed cockpit's demo in a pseudo-terminal, waits for the incident on its screen, and quits it.

Usage: start_wheel.py PATH_OF_COCKPIT. Exits with 1, showing the screen, if the incident doesn't appear.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time

import pexpect
import pyte

PATIENCE = 60
"""Seconds until the incident must be on the screen; a bare machine compiles every module at first."""


def main(program: str) -> int:
    """Run the check. Returns the exit code."""
    screen = pyte.Screen(120, 40)
    stream = pyte.ByteStream(screen)
    with tempfile.TemporaryDirectory() as elsewhere:
        # Started elsewhere, so that nothing of the checkout can stand in for what the wheel must hold.
        environment = {
            **os.environ, "TERM": "xterm-256color", "HOME": elsewhere, "XDG_STATE_HOME": elsewhere,
        }  # fmt: skip
        child = pexpect.spawn(program, ["demo"], dimensions=(40, 120), cwd=elsewhere, env=environment)
        begun = time.monotonic()
        while "#1924" not in "\n".join(screen.display) and time.monotonic() - begun < PATIENCE and child.isalive():
            try:
                stream.feed(child.read_nonblocking(65536, timeout=0.2))
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF:
                break
        shown = "\n".join(line.rstrip() for line in screen.display)
        print(shown)
        if "#1924" not in shown:
            print("The incident did not appear.", file=sys.stderr)
            child.close(force=True)
            return 1
        child.send("\x11")
        child.expect(pexpect.EOF, timeout=PATIENCE)
        child.close()
        print(f"quit with exit code {child.exitstatus}")
        return int(child.exitstatus or 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
