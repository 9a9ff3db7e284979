"""What can be typed after `cockpit`: the commands, their flags, their help, and the nearest to a slip of the finger."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from cockpit import __version__
from cockpit.command_line.outcome import Exit, Failure
from cockpit.config_table import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

INCIDENT_FORMS: Final = "a PagerDuty number, id or URL, or ticket:ID or a ticket's URL"


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its name, the line that the overview says of it, and the room in `command_line/` it lives in."""

    name: str
    summary: str
    room: str

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Give the parser this command's own arguments."""
        import_module(f"cockpit.command_line.{self.room}").configure(parser)

    def run(self, args: argparse.Namespace) -> int:
        """Do it; the exit code."""
        code: int = import_module(f"cockpit.command_line.{self.room}").run(args)
        return code


GROUPS: Final[Sequence[tuple[str, Sequence[Command]]]] = (
    (
        "Start",
        (
            Command("demo", "the cockpit on a scripted outage; needs no config and no token", "demo"),
            Command("init", "write a config, asking for what it needs and testing each answer", "init"),
            Command("doctor", "check every credential, permission, setting and clock", "doctor"),
        ),
    ),
    (
        "Work on an incident without the screen",
        (
            Command("status", "the checklist and its deadlines as text", "status"),
            Command("declare", "create the incident, its channel and its notes", "declare"),
            Command("note", "a note in the incident's timeline", "note"),
            Command("run", "run a command; it and how it ended become a note", "run"),
            Command("tick", "attest a step, or say why it doesn't apply", "tick"),
            Command("log", "what was done from this machine, and how each delivery ended", "log"),
            Command("report", "the incident's report, as Markdown or JSON", "report"),
            Command("followups", "past incidents whose after-incident steps are still open", "followups"),
        ),
    ),
    (
        "Look under the hood",
        (
            Command("process", "check a process file, or show the process in words", "process"),
            Command("config", "where the config is, what it says, whether it is right", "config"),
            Command("sandbox", "serve a loopback PagerDuty, Slack and Freshdesk with a scripted outage", "sandbox"),
        ),
    ),
)
COMMANDS: Final = {command.name: command for _, commands in GROUPS for command in commands}
OPEN: Final = Command("", "the cockpit", "open")


class Parser(argparse.ArgumentParser):
    """An argument parser that never guesses an abbreviation and complains in the manner of the other messages."""

    def __init__(self, prog: str, description: str, epilog: str | None = None) -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            allow_abbrev=False,
            add_help=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    def error(self, message: str) -> NoReturn:
        """Raise the failure that `main` prints."""
        raise Failure(Exit.USAGE, f"{message}. See `{self.prog} --help`.")


def _add_globals(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("everywhere")
    group.add_argument("--config", type=Path, metavar="FILE", help="use this config file instead of the usual one")
    group.add_argument("--read-only", action="store_true", help="let no write leave this machine")
    group.add_argument("--version", action="version", version=f"cockpit {__version__}", help="print the version")
    group.add_argument("-h", "--help", action="help", help="print this help")


def _overview() -> str:
    width = max(map(len, COMMANDS)) + 3
    lines = []
    for title, commands in GROUPS:
        lines += ["", f"{title}:", *(f"  {command.name:<{width}}{command.summary}" for command in commands)]
    return "\n".join(
        [
            *lines[1:],
            "",
            f"INCIDENT is {INCIDENT_FORMS}.",
            "Without one: the only open incident of the process, else a list to pick from.",
            "",
            "Exit codes: 0 yes, 1 the thing asked about is not so, 2 usage or config, 3 a service can't be",
            "reached, 4 a service refused, 5 sent but nobody can tell whether it arrived.",
        ]
    )


def main_parser() -> Parser:
    """The parser of `cockpit [INCIDENT]`; its help is the overview of everything."""
    parser = Parser(
        "cockpit",
        "One screen for a whole incident: its process as a live checklist, PagerDuty, the incident's Slack\n"
        "channel and the reply to the community in Freshdesk.",
        _overview(),
    )
    parser.usage = "cockpit [INCIDENT]\n       cockpit COMMAND …   (`cockpit COMMAND --help` tells more)"
    parser.add_argument("incident", nargs="?", metavar="INCIDENT", help=argparse.SUPPRESS)
    _add_globals(parser)
    return parser


def command_parser(command: Command) -> Parser:
    """The parser of one command, with the flags that work everywhere."""
    parser = Parser(f"cockpit {command.name}", command.summary[0].upper() + command.summary[1:] + ".")
    command.configure(parser)
    _add_globals(parser)
    return parser


def parse(argv: Sequence[str]) -> tuple[Command, argparse.Namespace]:
    """What to do, and with what. Raises Failure for what can't be understood, SystemExit after help or version."""
    place = _first_word(argv)
    word = argv[place] if place is not None else None
    if word in COMMANDS and place is not None:
        command = COMMANDS[word]
        return command, command_parser(command).parse_args([*argv[:place], *argv[place + 1 :]])
    if word is not None and not looks_like_reference(word):
        guess = nearest(word.lower(), COMMANDS)
        raise Failure(
            Exit.USAGE,
            f"There is no command `{word}`. Did you mean `cockpit {guess}`?"
            if guess
            else f"`{word}` is neither a command nor an incident ({INCIDENT_FORMS}). See `cockpit --help`.",
        )
    return OPEN, main_parser().parse_args(list(argv))


def _first_word(argv: Sequence[str]) -> int | None:
    """Where the first argument that isn't a flag or `--config`'s value stands."""
    skip = False
    for place, word in enumerate(argv):
        if skip:
            skip = False
        elif word == "--config":
            skip = True
        elif not word.startswith("-"):
            return place
    return None


def looks_like_reference(word: str) -> bool:
    """Whether a word could name an incident; only the services can tell whether it does."""
    return re.fullmatch(r"#?\d+|ticket:\S+|https?://\S+|[A-Z0-9]{6,}", word) is not None


def add_incident(parser: argparse.ArgumentParser, otherwise: str = "the only open incident of the process") -> None:
    """Let the command take an INCIDENT; `otherwise` says which it is about without one."""
    parser.add_argument("incident", nargs="?", metavar="INCIDENT", help=f"{INCIDENT_FORMS}; without one, {otherwise}")


def split_incident(words: Sequence[str], what: str, quote: bool = False) -> tuple[str | None, str]:
    """Read `[INCIDENT] WHAT` from a command's words. Raises Failure where it is neither one nor both."""
    if len(words) == 1:
        return None, words[0]
    if len(words) == 2 and looks_like_reference(words[0]):
        return words[0], words[1]
    advice = f"Put the {what.lower()} in quotes." if quote else f"An incident is {INCIDENT_FORMS}."
    raise Failure(Exit.USAGE, f"Expected `[INCIDENT] {what}`, not {len(words)} words. {advice}")
