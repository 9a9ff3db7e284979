"""`cockpit process check|show`: whether a process file is right, and what a process says, in words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cockpit import config
from cockpit.command_line.outcome import Exit, Failure, say
from cockpit.command_line.paper import Paper
from cockpit.config_table import format_duration
from cockpit.incident.process import CLOCKS, PARTS, Process, Step, StepKind, Words, load
from cockpit.places import expanded

if TYPE_CHECKING:
    import argparse
    from pathlib import Path


def configure(parser: argparse.ArgumentParser) -> None:
    """Give the parser the command's arguments."""
    parser.usage = "cockpit process check FILE | cockpit process show [FILE] [--json]"
    parser.add_argument(
        "what", choices=("check", "show"), help="check: whether the file is right; show: what the process says"
    )
    parser.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="a process file, or the name of one that comes with the cockpit (2i2c, web-service); to show, without "
        "one, the process that the config names",
    )
    parser.add_argument("--json", action="store_true", help="with show: print JSON")


def run(args: argparse.Namespace) -> int:
    """Do it; the exit code. Raises ProcessError for a file that isn't right."""
    if args.what == "check":
        if args.file is None:
            raise Failure(Exit.USAGE, "Which file? `cockpit process check our-process.toml`")
        process = load(_path(args.file))
        say(f"{args.file} is right: {process.title}; {len(process.phases)} phases, {len(process.steps)} steps.")
        return Exit.YES
    process = load(_path(args.file)) if args.file is not None else _configured(args)
    if args.json:
        print(json.dumps(document(process), indent=2, ensure_ascii=False))
    else:
        write(process, Paper())
    return Exit.YES


def _path(name: str) -> Path:
    """The file: the one at that path, else the shipped one of that name."""
    from cockpit.incident.process_file import shipped

    path = expanded(name)
    return path if path.exists() else shipped().get(name, path)


def _configured(args: argparse.Namespace) -> Process:
    """The process that the config names, with its clocks; the built-in one where there is no config."""
    if args.config is None and not config.default_path().exists():
        say("There is no config yet: this is the built-in process.")
        return load()
    from cockpit.engine.desk import configured_process

    return configured_process(config.load(args.config, read_only=args.read_only))


def write(process: Process, paper: Paper) -> None:
    """Print the process: its words, its clocks, and each phase with its steps."""
    words = process.words
    paper.write(paper.strong(process.title))
    paper.write(f"{process.source}: an incident is what has priority {words.priority}")
    for phase in process.phases:
        notes = [note for note, so in (("quiet until then", phase.quiet), ("when it applies", phase.optional)) if so]
        paper.heading(f"{phase.number} {phase.title}" + (f" ({', '.join(notes)})" if notes else ""))
        paper.columns([_row(step) for step in process.steps if step.phase == phase.number], faint=3)
    paper.heading("Clocks")
    clocks = process.clocks
    paper.columns([(name, format_duration(clocks.interval(name))) for name in CLOCKS])
    paper.write(f"  A deadline is soon when {clocks.soon_fraction:.0%} of its time has passed.")
    shown = {short: _PART_WORDS[part] for part, short in _parts(words).items()}
    roles = {short: f"{full}{f', {shown[short]}' if short in shown else ''}" for short, full in words.roles.items()}
    for title, table in (("Severity tags", words.tags), ("Roles", roles)):
        if table:
            paper.heading(title)
            paper.columns([*table.items()])


_PART_WORDS = {
    "responder": "who has the incident in PagerDuty",
    "liaison": "who has its tickets",
    "lead": "whom the config names under `tech_leads`",
    "expert": "whoever else takes part",
}


def _parts(words: Words) -> dict[str, str]:
    """Each part with the process's own short word for it; none where it is silent."""
    named = {part: getattr(words.parts, part) for part in PARTS}
    return {part: name.short for part, name in named.items() if name is not None and name.short in words.roles}


def _row(step: Step) -> tuple[str, str, str, str]:
    facts = [f"sensed by {step.sensor}" if step.sensor else str(step.kind)]
    facts += ["or attested"] if step.kind is StepKind.BOTH else []
    facts += [f"enter: {step.action}"] if step.action else []
    facts += [f"when: {step.applies}"] if step.applies else []
    facts += ["again and again"] if step.recurring else []
    facts += [f"{name} {value}" for name, value in step.params.items() if name != "link"]
    facts += ["needs a link"] if step.params.get("link") else []
    return step.id, step.role, step.title, " · ".join(facts)


def document(process: Process) -> dict[str, Any]:
    """The process as plain values."""
    return {
        "id": process.id,
        "title": process.title,
        "source": process.source,
        "priority": process.words.priority,
        "phases": [
            {
                "number": phase.number,
                "title": phase.title,
                "quiet": phase.quiet,
                "optional": phase.optional,
                "steps": [_step(step) for step in process.steps if step.phase == phase.number],
            }
            for phase in process.phases
        ],
        "clocks": {name: int(process.clocks.interval(name).total_seconds()) for name in CLOCKS},
        "soon_fraction": process.clocks.soon_fraction,
        "tags": dict(process.words.tags),
        "roles": dict(process.words.roles),
        "parts": _parts(process.words),
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "id": step.id,
        "title": step.title,
        "role": step.role,
        "kind": step.kind,
        "sensor": step.sensor,
        "action": step.action,
        "applies": step.applies,
        "recurring": step.recurring,
        "params": dict(step.params),
        "hint": step.hint,
    }
