"""`python -m cockpit` is `cockpit`."""

from __future__ import annotations

import sys

from cockpit.cli import program

sys.exit(program())
