"""No core dump: a program that falls over must not leave its memory, with the secrets in it, in a file."""

from __future__ import annotations

import sys
from contextlib import suppress


def prevent() -> None:
    """Have the system write none of this process, and none for a handler of dumps; children that it starts may.

    On Linux by `PR_SET_DUMPABLE`, which an `exec` sets back, so that a command that is run behaves as without us;
    debuggers of the same user are kept out by it too. Elsewhere by the limit on a dump's size, which children inherit
    and may raise again.
    """
    if sys.platform == "linux":
        from cockpit.prctl import PR_SET_DUMPABLE, prctl

        prctl(PR_SET_DUMPABLE, 0)
    elif sys.platform != "win32":
        import resource

        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
