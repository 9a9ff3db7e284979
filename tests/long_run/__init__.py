"""Hours of a busy incident in minutes: whether memory stays flat and nothing is left over.

`python -m tests.long_run --hours 8` runs it. The real program, in a pseudo-terminal (`program`), is read from outside
while its services tell of a message every five seconds, fall over and come back, and a person works at its keys
(`busy`). The sandbox's clock runs fast and the pollers' intervals are as much shorter, so that in eight such hours
there are as many readings, messages, deeds, repaints and reconnections as in eight real ones.
"""
