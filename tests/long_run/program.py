"""`cockpit`, which tells what it holds when it is asked to: SIGUSR1 writes it to the file that WITNESS names."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sys
from collections import Counter
from pathlib import Path

from cockpit.cli import main

MOST = 400
"""How many types of objects are told of, those with the most of them."""


def witness(_number: int, _frame: object) -> None:
    """Tell of the event loop's tasks and the heap's objects; the handler runs on the loop's own thread."""
    gc.collect()
    types = Counter(type(one).__qualname__ for one in gc.get_objects())
    tasks = sorted(_name(task) for task in asyncio.all_tasks())
    told = {"tasks": tasks, "objects": sum(types.values()), "types": dict(types.most_common(MOST))}
    path = Path(os.environ["WITNESS"])
    aside = path.with_suffix(".part")
    aside.write_text(json.dumps(told))
    aside.replace(path)


def _name(task: asyncio.Task[object]) -> str:
    """What the task is for: its own name, or the coroutine that it runs."""
    name = task.get_name()
    return getattr(task.get_coro(), "__qualname__", name) if name.startswith("Task-") else name


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, witness)
    sys.exit(main())
