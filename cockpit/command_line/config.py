"""`cockpit config path|show|check`: where the config is, what it comes to, whether it is right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cockpit import config
from cockpit.command_line.outcome import Exit, say
from cockpit.config_table import format_duration
from cockpit.incident.text import clean
from cockpit.settings import SIGNALS

if TYPE_CHECKING:
    import argparse

    from cockpit.config import Secret, Settings


def configure(parser: argparse.ArgumentParser) -> None:
    """Give the parser the command's arguments."""
    parser.add_argument(
        "what",
        choices=("path", "show", "check"),
        help="path: where the file is; show: the settings in effect, without the secrets; "
        "check: whether the file is right",
    )


def run(args: argparse.Namespace) -> int:
    """Do it; the exit code. Raises ConfigError."""
    if args.what == "path":
        print(args.config or config.default_path())
        return Exit.YES
    settings = config.load(args.config, read_only=args.read_only)
    if args.what == "show":
        print(printable(shown(settings)), end="")
        return Exit.YES
    from cockpit.incident import process

    process.load(settings.process)
    say(f"{settings.path} is right. `cockpit doctor` also asks the services.")
    return Exit.YES


def shown(settings: Settings) -> str:
    """The settings in effect as TOML; in place of each secret, a comment that says where it comes from."""
    import tomli_w

    text = [f"# {settings.path}, with what it leaves open filled in", ""]
    if settings.process is not None:
        text += [tomli_w.dumps({"process": str(settings.process)})]
    for name, values in _tables(settings).items():
        present = {key: value for key, value in values.items() if value is not None}
        secrets = {key: value for key, value in present.items() if isinstance(value, config.Secret)}
        text += [f"[{name}]"]
        text += [f"# {key}: {_source(secret)}" for key, secret in secrets.items()]
        text += [tomli_w.dumps({key: value for key, value in present.items() if key not in secrets})]
    if settings.communities:
        text += [tomli_w.dumps({"communities": _communities(settings)})]
    text += [f"# state folder: {settings.state_dir}", f"# cache folder: {settings.cache_dir}", ""]
    return "\n".join(text)


def printable(toml: str) -> str:
    """The same TOML, written without any character that a terminal obeys or hides."""
    return "\n".join(line if clean(line) == line else _escaped(line) for line in toml.split("\n"))


def _escaped(line: str) -> str:
    return "".join(one if one.isascii() and one.isprintable() else f"\\U{ord(one):08X}" for one in line)


def _source(secret: Secret) -> str:
    return f"from {secret.where}" + ("" if secret.found else ", which isn't set")


def _tables(settings: Settings) -> dict[str, dict[str, Any]]:
    """The file's tables and keys with their values in effect; None where there is nothing to say."""
    tables: dict[str, dict[str, Any]] = {"me": {"name": settings.me, "email": settings.email}}
    if settings.pagerduty is not None:
        pagerduty = settings.pagerduty
        tables["pagerduty"] = {"api_url": pagerduty.api_url, "token": pagerduty.token, "email": pagerduty.email}
    if settings.slack is not None:
        slack = settings.slack
        tables["slack"] = {
            "api_url": slack.api_url,
            "token": slack.token,
            "trusted_apps": sorted(slack.trusted_apps),
            "status_card": settings.status_card,
        }
    if settings.freshdesk is not None:
        tables["freshdesk"] = {"url": settings.freshdesk.url, "api_key": settings.freshdesk.api_key}
    tables["people"] = {
        "placeholders": sorted(settings.placeholders),
        "tech_leads": sorted(settings.tech_leads),
    }
    tables["replies"] = {"internal_hosts": list(settings.internal_hosts)}
    tables["clocks"] = {
        **{name: format_duration(length) for name, length in settings.clocks.items()},
        "soon_fraction": settings.soon_fraction,
    }
    polls = settings.polls
    tables["polls"] = {"pagerduty": polls.pagerduty, "slack": polls.slack, "freshdesk": polls.freshdesk}
    tables["keys"] = dict(settings.keys)
    zone = settings.local_zone
    tables["ui"] = {
        "theme": settings.theme,
        "review_hold": settings.review_hold,
        "signals": [way for way in SIGNALS if way in settings.signals],
        "timezone": zone.key if zone is not None else None,
    }
    if settings.clock is not None:
        clock = settings.clock
        tables["clock"] = {"origin": clock.origin, "started": clock.started, "speed": clock.speed}
    return tables


def _communities(settings: Settings) -> dict[str, dict[str, Any]]:
    """Whose each place is, as far as the file says."""
    listed = {
        place: {"company": one.company, "contacts": list(one.contacts)} for place, one in settings.communities.items()
    }
    return {place: {key: value for key, value in entry.items() if value} for place, entry in listed.items()}
