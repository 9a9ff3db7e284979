"""How a secret that is known may be written, and what is written in its place."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote

MASK = "•••"
"""What stands in a secret's place."""


def forms(secret: str) -> tuple[str, ...]:
    """As it is, in a URL, and as Basic authentication (Freshdesk's) sends it."""
    return secret, quote(secret, safe=""), b64encode(f"{secret}:X".encode()).decode()
