"""The crash harness: processes are killed at every point of an action's life, and nothing may be lost or done twice.

`python -m tests.crash --kills 1000` runs it. A *life* is one sandbox and one state folder; in it a process is started
again and again (`program`), acts at random, and is killed at a `points.Point` (`driver`). When it has died often
enough a last process settles what is open, and the world is compared with the journal and with what the dead
processes had said that they did (`verdict`).
"""
