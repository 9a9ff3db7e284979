"""How Freshdesk says no."""

from __future__ import annotations

from typing import Any

from cockpit.sandbox.exchange import Answer


class FreshdeskRefusal(Exception):
    """A refusal, with the answer that goes back."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(str(answer.status))
        self.answer = answer


def problem(field: str, message: str, code: str = "invalid_value") -> dict[str, Any]:
    """What is wrong with one field."""
    return {"field": field, "message": message, "code": code}


def refused(problems: list[dict[str, Any]]) -> FreshdeskRefusal:
    """The 400 that lists what is wrong with each field."""
    return FreshdeskRefusal(Answer(400, {"description": "Validation failed", "errors": problems}))


def invalid(field: str, message: str, code: str = "invalid_value") -> FreshdeskRefusal:
    """The 400 for one field."""
    return refused([problem(field, message, code)])


def not_found() -> FreshdeskRefusal:
    """The 404, which has no body."""
    return FreshdeskRefusal(Answer(404))
