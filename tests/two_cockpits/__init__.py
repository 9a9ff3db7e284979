"""Two responders, each with a cockpit and a journal of their own, on one incident: the channel alone joins them.

`python -m tests.two_cockpits --examples 500` plays that many random incidents; the suite plays a few.
"""
