"""What can go wrong with a service, told by what a caller may do next.

The question after a failed call is always: may it be sent again? After `Unreachable`, `Refused` and `Limited`
nothing was done, so yes. After `OutcomeUnknown` the write may have been taken: it is looked up before
anything is sent again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cockpit.incident.facts import Source


class ServiceError(Exception):
    """A call to a service failed. The message says what happened, to what, and what to do next.

    `source` is the service, `doing` what was attempted, as words that follow "couldn't": "acknowledge
    incident 1924". No secret is in any of it.
    """

    def __init__(self, source: Source, doing: str, message: str) -> None:
        super().__init__(message)
        self.source = source
        self.doing = doing


class Unreachable(ServiceError):
    """Nothing was done: a call that never arrived, or a reading that wasn't answered properly.

    Safe to ask again.
    """


class Refused(ServiceError):
    """The service said no.

    `status` is HTTP's, `code` its own word, `permission` what the credential lacks.
    """

    def __init__(
        self,
        source: Source,
        doing: str,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        permission: str | None = None,
    ) -> None:
        super().__init__(source, doing, message)
        self.status = status
        self.code = code
        self.permission = permission


class NotAuthorised(Refused):
    """The credential itself isn't taken: wrong, expired or revoked."""


class Forbidden(Refused):
    """The credential is good but may not do this; `permission` names what is missing, where it is known."""


class NotFound(Refused):
    """There is no such thing there, or it is hidden from this credential."""


class ReadOnly(Refused):
    """We said no ourselves: the client was made to read only, and a write was asked of it. Nothing was sent."""


class Limited(ServiceError):
    """Too many requests: nothing was done. `retry_after` is in seconds."""

    def __init__(self, source: Source, doing: str, message: str, *, retry_after: float) -> None:
        super().__init__(source, doing, message)
        self.retry_after = retry_after


class OutcomeUnknown(ServiceError):
    """A write went out and no proper answer came back: it may have been done, or not.

    Look before sending again.
    """
