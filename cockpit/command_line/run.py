"""`cockpit run`: run a command; it and how it ended become a note. It exits as the command did, and when it did.

Nothing here asks a service, since none may delay the command: the note is put into the journal, and a process of its
own (`scribe`), which waits beside the command from its start, delivers it after we are gone.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
import time
import uuid
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cockpit
from cockpit.command_line.acting import must_write
from cockpit.command_line.arguments import INCIDENT_FORMS, looks_like_reference
from cockpit.command_line.outcome import Exit, Failure, say
from cockpit.config import load
from cockpit.incident.command import KEPT, MOST_LINES, last_lines
from cockpit.incident.masking import spelled
from cockpit.incident.process import ProcessError
from cockpit.incident.text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cockpit.config import Settings
    from cockpit.engine.desk import Desk
    from cockpit.engine.runs import Run, Runs
    from cockpit.engine.view import Case

OVERDUE: Final = timedelta(seconds=30)
"""From when on a note that hasn't gone out is worth telling of."""

_FOR_THE_SHELL: Final = frozenset(" \t\n|&;<>()$`\\\"'*?[]#~=%!{}")
"""What makes a single word a line for the shell."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Give the parser the command's arguments."""
    parser.usage = "cockpit run [--incident INCIDENT] [--tail N] -- CMD…"
    parser.add_argument(
        "--incident",
        metavar="INCIDENT",
        help=f"{INCIDENT_FORMS}; without it, the one in an open cockpit, else the one last worked on here, else the "
        "only open incident of the process",
    )
    parser.add_argument(
        "--tail", type=int, default=0, metavar="N", help=f"also note the last N lines it printed, {MOST_LINES} at most"
    )
    parser.add_argument(
        "command",
        nargs=argparse.REMAINDER,
        metavar="-- CMD…",
        help="the command and its arguments; or, in quotes, a whole line for your shell. What looks like a secret in "
        "it is masked in the note",
    )


def run(args: argparse.Namespace) -> int:
    """Do it; the command's own exit code, 128+n for signal n."""
    argv = _command(args)
    settings = load(args.config, read_only=args.read_only)
    must_write(settings)
    if os.name == "nt":
        raise Failure(Exit.USAGE, "`cockpit run` needs a Unix system; `cockpit note` works everywhere.")
    return _Watched(settings, args, argv).run()


def _command(args: argparse.Namespace) -> list[str]:
    """The command's words. Raises Failure where the arguments make no sense."""
    words: list[str] = args.command
    if words and looks_like_reference(words[0]) and words[1:2] == ["--"]:
        raise Failure(Exit.USAGE, f"Did you mean `cockpit run --incident {words[0]} -- {shlex.join(words[2:])}`?")
    argv = words[1:] if words[:1] == ["--"] else words
    if not argv:
        raise Failure(Exit.USAGE, "Which command? `cockpit run -- kubectl get pods`")
    if not 0 <= args.tail <= MOST_LINES:
        raise Failure(Exit.USAGE, f"--tail is a number from 0 to {MOST_LINES}, not {args.tail}.")
    if args.incident is not None and not looks_like_reference(args.incident):
        raise Failure(Exit.USAGE, f"“{args.incident}” isn't an incident: {INCIDENT_FORMS}.")
    return argv


def to_start(argv: Sequence[str]) -> list[str]:
    """What is started: the words themselves, or the responder's shell with the one word that is a line for it."""
    if len(argv) == 1 and _FOR_THE_SHELL & set(argv[0]) and shutil.which(argv[0]) is None:
        return [os.environ.get("SHELL") or "/bin/sh", "-c", argv[0]]
    return list(argv)


class _Watched:
    """One command, and what is kept of it."""

    def __init__(self, settings: Settings, args: argparse.Namespace, argv: Sequence[str]) -> None:
        self._settings = settings
        self._config: Path | None = args.config
        self._argv = argv
        self._tail: int = args.tail
        self._incident: str | None = args.incident
        self._desk: Desk | None = None
        self._case: Case | None = None
        self._runs: Runs | None = None
        self._run: Run | None = None
        self._scribe: subprocess.Popen[bytes] | None = None
        self._trouble = ""
        self._printed = b""
        self._blind = not all(secret.known for secret in settings.secrets)
        """Whether a secret that isn't known may be in the command: then only the scribe, which learns it, may write
        the words down."""

    def run(self) -> int:
        """Run it; its exit code."""
        from cockpit.command_line.terminal import CannotRun, run_untouched, run_watched

        self._begin()
        started = time.monotonic()
        try:
            argv = to_start(self._argv)
            code = run_watched(argv, self._keep) if self._tail else run_untouched(argv)
        except CannotRun as error:
            self._forget()
            say(f"cockpit: {error}")
            return error.code
        self._end(code, time.monotonic() - started)
        return code

    def _keep(self, data: bytes) -> None:
        self._printed = (self._printed + data)[-KEPT:]

    def _begin(self) -> None:
        """Keep what is about to happen. A journal that can't be used is told, and is no reason not to go on."""
        from cockpit.engine.desk import RUNS, Desk
        from cockpit.engine.runs import Run, Runs

        try:
            self._desk = desk = Desk(self._settings)
            if desk.journal.notice is not None:
                say(f"cockpit: {desk.journal.notice}")
            named = self._incident
            self._case = desk.known(named) if named is not None else desk.at_work() or desk.remembered()
            runs = Runs(self._settings.state_dir / RUNS)
            run = Run(
                id=uuid.uuid4().hex,
                command=self._command,
                actor=self._settings.me,
                begun=self._settings.now(),
                incident=named,
                case=self._case.key if self._case else None,
            )
            runs.begin(run)
            self._runs, self._run = runs, run
            self._scribe = _scribe(self._config)
        except (OSError, sqlite3.Error, ProcessError) as error:
            self._trouble = str(error)

    def _end(self, code: int, seconds: float) -> None:
        """Keep how it ended and say where it will be told."""
        try:
            if self._runs is not None and self._run is not None:
                ended = replace(self._run, exit=code, ended=self._settings.now(), seconds=seconds)
                if not self._blind:
                    ended = with_words(ended, self._settings, self._argv, self._printed, self._tail)
                self._runs.end(ended)
                if self._case is not None and self._desk is not None and not self._blind:
                    self._runs.book(ended, self._case, self._desk.journal)
        except (OSError, sqlite3.Error) as error:
            self._trouble = str(error)
        self._tell()
        self._part()

    @property
    def _command(self) -> str:
        """What may be kept of the command while it runs: a program's name, where a secret may be in the rest."""
        return f"{spelled(self._argv[:1])} …" if self._blind else masked_words(self._settings, self._argv)

    def _tell(self) -> None:
        if self._run is None or self._desk is None:
            say(f"cockpit: This command isn't noted: {self._trouble}")
            return
        if self._trouble:
            say(f"cockpit: The note on this command is kept and goes out later: {self._trouble}")
            return
        if self._case is None:
            if self._incident is not None:
                say(f"cockpit: The note is queued: it is being looked up which incident “{self._incident}” is.")
            else:
                say(
                    "cockpit: The note is queued: PagerDuty is being asked for the incident. "
                    "If that is no answer, it belongs to the one you open next."
                )
            return
        name = f"#{self._case.number}" if self._case.number else one_line(self._case.title, 40)
        overdue = self._settings.now() - OVERDUE
        waiting = [one for one in self._desk.history(self._case) if one.error and one.at < overdue]
        words = f"cockpit: Noted for {name}."
        if self._case.channel_id is None:
            words += " It goes out when the incident has a channel."
        elif waiting:
            words += f" It is queued; {len(waiting)} before it had trouble: {waiting[-1].error} See `cockpit log`."
        say(words)

    def _forget(self) -> None:
        """It never ran: a slip of the finger is no news."""
        if self._runs is not None and self._run is not None:
            self._runs.forget(self._run)
        self._part()

    def _part(self) -> None:
        """Leave the rest to the scribe."""
        if self._runs is not None:
            self._runs.leave()
        if self._desk is not None:
            self._desk.journal.close()
        if self._scribe is not None and self._scribe.stdin is not None:
            try:
                self._scribe.stdin.write(json.dumps(self._bequest()).encode())
                self._scribe.stdin.close()
            except OSError:
                pass  # it was killed: whoever works on the incident next delivers

    def _bequest(self) -> dict[str, Any]:
        """What the scribe is told: the case, and the words that only it may write down."""
        told: dict[str, Any] = {"case": self._case.key if self._case else ""}
        if self._blind and self._run is not None:
            printed = self._printed.decode("utf-8", errors="surrogateescape")
            told |= {"run": self._run.id, "argv": list(self._argv), "printed": printed, "tail": self._tail}
        return told


def masked_words(settings: Settings, argv: Sequence[str]) -> str:
    """The command as it may be told."""
    return spelled([settings.scrubbed(word) for word in argv])


def with_words(run: Run, settings: Settings, argv: Sequence[str], printed: bytes, tail: int) -> Run:
    """The run with the command's words and the last `tail` lines that it printed, secrets masked."""
    text = settings.scrubbed(printed.decode("utf-8", errors="surrogateescape"))
    lines = last_lines(text.encode("utf-8", errors="surrogateescape"), tail) if tail else ""
    return replace(run, command=masked_words(settings, argv), tail=lines)


def _scribe(config: Path | None) -> subprocess.Popen[bytes]:
    """Start the process that delivers once we are gone, however we go: it waits for the end of its input.

    In a session of its own, so that neither Ctrl-C nor a closed window ends it, and with none of our files, so that
    nobody who reads what the command prints waits for it.
    """
    package = str(Path(cockpit.__file__).parent.parent)
    paths = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
    return subprocess.Popen(
        # -P: a file in the responder's folder that is called like a module of ours isn't it.
        [sys.executable, "-P", "-m", "cockpit.command_line.scribe", str(config.absolute()) if config else ""],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": paths},
    )
