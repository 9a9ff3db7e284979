"""What the commands do, by subject. Each module is a part of the incident's screen.

One way round: a key becomes a deed, the deed an action of the session, and the next view shows what came of it.
"""
