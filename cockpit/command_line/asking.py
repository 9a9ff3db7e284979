"""Questions to the person at the terminal, and their answers."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING

from cockpit.command_line.outcome import Exit, Failure, say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def ask(
    question: str, default: str = "", *, needed: bool = False, fault: Callable[[str], str | None] = lambda _: None
) -> str:
    """One line; `default` for an empty one. Asked until it is there, where `needed`, and `fault` finds none in it.

    Raises Failure at the end of the input.
    """
    shown = f"{question} [{default}]: " if default else f"{question}: "
    while True:
        answer = _line(shown) or default
        wrong = (fault(answer) if answer else None) or ("That one is needed." if needed and not answer else None)
        if wrong is None:
            return answer
        say(f"  {wrong}")


def ask_yes(question: str, default: bool) -> bool:
    """Yes or no."""
    choice = ask_choice(f"{question} ({'Y/n' if default else 'y/N'})", {"y": "yes", "n": "no"}, "y" if default else "n")
    return choice == "y"


def ask_choice(question: str, choices: Mapping[str, str], default: str) -> str:
    """One of the choices, by its letter or by any longer beginning of its name."""
    while True:
        answer = _line(f"{question}: ").lower() or default
        for letter, name in choices.items():
            if answer == letter or (len(answer) > 1 and name.startswith(answer)):
                return letter
        say("  Please answer with " + ", ".join(f"{letter} ({name})" for letter, name in choices.items()) + ".")


def ask_hidden(question: str) -> str:
    """A secret, not shown while it is typed or pasted. Raises Failure at the end of the input."""
    while True:
        try:
            answer = getpass.getpass(f"{question} (not shown): ", sys.stderr).strip()
        except EOFError:
            raise _ended() from None
        if answer:
            return answer
        say("  That one is needed.")


def _line(prompt: str) -> str:
    print(prompt, end="", file=sys.stderr, flush=True)
    try:
        return input().strip()
    except EOFError:
        say("")
        raise _ended() from None


def _ended() -> Failure:
    return Failure(Exit.USAGE, "The input ended before all was asked; nothing was written.")
