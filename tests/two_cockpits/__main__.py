"""`python -m tests.two_cockpits`: play random incidents of two cockpits until one tells them apart; print figures."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections import Counter

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.two_cockpits.machine import TwoCockpits


def main() -> int:
    """Run it; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.two_cockpits", description=__doc__)
    parser.add_argument("--examples", type=int, default=500, metavar="N", help="how many incidents are played")
    parser.add_argument("--steps", type=int, default=40, metavar="N", help="how much happens in each at most")
    given = parser.parse_args()
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    counted: Counter[str] = Counter()

    class Counted(TwoCockpits):
        most = 6

        def teardown(self) -> None:
            counted["incidents"] += 1
            if self._begun:
                for cockpit in self._cockpits.values():
                    counted["actions"] += len(cockpit.acted)
                    counted["held back and dropped"] += len(cockpit.shown)
            super().teardown()
            if counted["incidents"] % 25 == 0:
                print(f"{counted['incidents']} incidents, {time.monotonic() - begun:.0f} s", flush=True)

    begun = time.monotonic()
    run_state_machine_as_test(
        Counted,
        settings=settings(
            max_examples=given.examples, stateful_step_count=given.steps, deadline=None, database=None,
            suppress_health_check=list(HealthCheck), phases=[Phase.generate, Phase.shrink], print_blob=True,
        ),
    )  # fmt: skip
    print(f"{dict(counted)}; always the same on both and on a cold third; {time.monotonic() - begun:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
