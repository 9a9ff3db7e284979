"""Importing the services costs no network library: the first paint waits for none."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("httpx", "aiohttp", "slack_sdk", "pdpyras", "requests", "urllib3")


def test_no_network_library_is_loaded_not_even_by_making_the_clients() -> None:
    code = f"""
import sys
from cockpit.services import Services, errors
from cockpit.services.pagerduty import PagerDuty
from cockpit.services.slack import Slack
from cockpit.services.freshdesk import Freshdesk
Services(PagerDuty("k"), Slack("k"), Freshdesk("https://x.example.org", "k"))
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_the_warning_of_pdpyras_is_silenced_and_no_other() -> None:
    code = """
import warnings
import cockpit.services.pagerduty_session
warnings.warn("another warning")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert "pdpyras" not in done.stderr
    assert "another warning" in done.stderr
