"""Identifiers in each service's style, the same in every run: made from names, never from chance."""

from __future__ import annotations

import hashlib

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def short_id(prefix: str, *parts: object, length: int = 7) -> str:
    """An upper-case identifier of `length` characters that begins with `prefix`, made from `parts`."""
    value = int.from_bytes(hashlib.sha256("/".join(map(str, parts)).encode()).digest(), "big")
    digits = ""
    while len(digits) < length - len(prefix):
        value, digit = divmod(value, len(_DIGITS))
        digits += _DIGITS[digit]
    return prefix + digits


def long_number(*parts: object) -> int:
    """An eleven-digit number made from `parts`, as Freshdesk numbers agents, contacts and conversations."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return 43_000_000_000 + int.from_bytes(digest[:4], "big") % 900_000_000
