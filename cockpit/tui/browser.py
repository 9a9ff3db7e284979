"""The responder's browser, opened without what the cockpit's own environment holds."""

from __future__ import annotations

import subprocess
import sys
import threading

from cockpit.secret import environment_without_secrets


def browse(url: str) -> None:
    """Open a web address; returns at once.

    By a process of its own, since a browser that this one started would inherit the secrets in the environment.
    """
    command = [sys.executable, "-P", "-m", "webbrowser", url]

    def opened() -> None:
        subprocess.run(
            command, env=environment_without_secrets(), start_new_session=True, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    threading.Thread(target=opened, name="cockpit browser", daemon=True).start()
