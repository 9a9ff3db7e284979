"""A service's address, checked before a secret goes there; and the secret, which can't be printed."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from cockpit.incident.secret_forms import MASK, forms


class Secret:
    """A token or key. No way of printing it shows it; `reveal()` is for the line that puts it in a header."""

    __slots__ = ("_value", "_what")

    def __init__(self, value: str, what: str) -> None:
        """`what` names it where it is unusable."""
        self._value = value.strip()
        self._what = what

    def check(self) -> None:
        """Raise `ValueError` where it can't be a secret: empty, or not plain ASCII without blanks.

        Not at once when it is made: a traceback that shows local values would show the bare one then.
        """
        if not self._value:
            raise ValueError(f"the {self._what} is empty")
        if not (self._value.isascii() and self._value.isprintable()) or " " in self._value:
            raise ValueError(f"the {self._what} holds a blank or a stray character: was it pasted whole, on one line?")

    def reveal(self) -> str:
        """The secret itself."""
        return self._value

    def scrub(self, text: str) -> str:
        """`text` without the secret, should a service or a library have put it there."""
        for form in forms(self._value):
            text = text.replace(form, MASK)
        return text

    def __repr__(self) -> str:
        return "Secret(•••)"

    def __reduce__(self) -> str:
        raise TypeError("a secret isn't stored")


def sealed(value: str | Secret, what: str) -> Secret:
    """`value` as a secret. Assigned to the argument's own name, it leaves no bare one in the frame."""
    return value if isinstance(value, Secret) else Secret(value, what)


def checked_address(url: str, what: str) -> str:
    """`url` without its last slash, when a secret may be sent there; else `ValueError`, naming it as `what`.

    That is https, or plain http to this machine itself; with a host; without user, password, query or
    fragment.
    """
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"{what} isn't an address") from None
    if not host:
        raise ValueError(f"{what} isn't an address: it should look like https://host")
    if parts.username is not None or parts.password is not None:
        raise ValueError(f"{what} holds a user or a password: put the address alone there")
    if parts.query or parts.fragment:
        raise ValueError(f"{what} holds a query or a fragment: put the address alone there")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError(
            f"{what} is plain http to {host}: a secret goes over https only, except to this machine itself"
        )
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"{what} should begin with https://")
    return SplitResult(parts.scheme, parts.netloc, parts.path.rstrip("/"), "", "").geturl()


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this machine itself: localhost, 127.0.0.0/8 or ::1."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def loops_back(url: str) -> bool:
    """Whether a checked address is this machine's own: proxies from the environment aren't for it."""
    return is_loopback(urlsplit(url).hostname or "")
