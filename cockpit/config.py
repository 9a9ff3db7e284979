"""From `config.toml` to `Settings`: strict, complete, and without a secret in anything that is printed."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from cockpit.config_file import read
from cockpit.config_table import ConfigError, ConfigTable, is_loopback, nearest, type_name
from cockpit.incident.communities import Listed
from cockpit.places import default_path, expanded, folders
from cockpit.secret import Secret
from cockpit.settings import (
    FASTEST_POLLS,
    REVIEW_HOLD,
    SIGNALS,
    ClockSettings,
    FreshdeskSettings,
    PagerDutySettings,
    PollSettings,
    Settings,
    SlackSettings,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = [
    "KNOWN",
    "ClockSettings",
    "ConfigError",
    "FreshdeskSettings",
    "PagerDutySettings",
    "PollSettings",
    "Secret",
    "Settings",
    "SlackSettings",
    "default_path",
    "load",
]

PAGERDUTY_URL: Final = "https://api.pagerduty.com"
SLACK_URL: Final = "https://slack.com/api/"

CLOCKS: Final = ("acknowledge", "inform", "update", "narrate", "relief", "draft", "review", "publish")
"""The process's clocks that `[clocks]` can set, by the names of the process's own `Clocks`."""

KNOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "": (
        *("process", "me", "pagerduty", "slack", "freshdesk"),
        *("people", "communities", "replies", "clocks", "polls", "keys", "ui", "clock"),
    ),
    "me": ("name", "email"),
    "pagerduty": ("api_url", "token", "token_env", "token_command", "email"),
    "slack": ("api_url", "token", "token_env", "token_command", "trusted_apps", "status_card"),
    "freshdesk": ("url", "api_key", "api_key_env", "api_key_command"),
    "people": ("placeholders", "tech_leads"),
    "replies": ("internal_hosts",),
    "clocks": (*CLOCKS, "soon_fraction"),
    "polls": ("pagerduty", "slack", "freshdesk"),
    "ui": ("theme", "review_hold", "signals", "timezone"),
    "clock": ("origin", "started", "speed"),
}
"""Every key that a config file may have, by table ("" is its top level).

`[keys]` takes any binding's id, `[communities]` any place's name.
"""


def load(path: Path | None = None, *, read_only: bool = False) -> Settings:
    """Read and check the config at `path`, by default at `default_path()`. Raises ConfigError."""
    path = path if path is not None else default_path()
    document, mode = read(path)
    top = ConfigTable(path, "", document, KNOWN[""])
    tables = {name: _table(top, name) for name in KNOWN if name}
    keys, communities = _keys(top), _communities(top)
    me = tables["me"]
    name, email = me.text("name"), me.email("email")
    if name is None:
        raise ConfigError(f"{path}: [me] `name` is missing: the name your acts are told under.")
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        _refuse_open_secrets(tables)

    pagerduty = _pagerduty(tables["pagerduty"], email) if "pagerduty" in document else None
    slack = _slack(tables["slack"]) if "slack" in document else None
    freshdesk = _freshdesk(tables["freshdesk"]) if "freshdesk" in document else None
    urls = tuple(
        url
        for url in (
            pagerduty and pagerduty.api_url,
            slack and slack.api_url,
            freshdesk and freshdesk.url,
        )
        if url
    )
    if not urls:
        raise ConfigError(f"{path}: there is no [pagerduty], [slack] or [freshdesk]; at least one is needed.")
    sandbox = all(is_loopback(url) for url in urls)
    clock = _clock(tables["clock"], sandbox) if "clock" in document else None
    state_dir, cache_dir = folders(urls, clock, sandbox)
    process = top.text("process")
    ui = tables["ui"]
    hold = ui.seconds("review_hold", 0, 60)
    return Settings(
        path=path,
        me=name,
        email=email,
        pagerduty=pagerduty,
        slack=slack,
        freshdesk=freshdesk,
        state_dir=state_dir,
        cache_dir=cache_dir,
        placeholders=tables["people"].emails("placeholders"),
        tech_leads=tables["people"].emails("tech_leads"),
        process=_process(path, process) if process else None,
        communities=communities,
        clocks={clock: value for clock in CLOCKS if (value := tables["clocks"].duration(clock)) is not None},
        soon_fraction=tables["clocks"].number("soon_fraction", 0.05, 0.99),
        polls=_polls(tables["polls"], sandbox),
        keys=keys,
        theme=ui.text("theme"),
        review_hold=REVIEW_HOLD if hold is None else hold,
        signals=_signals(ui),
        local_zone=_zone(ui),
        clock=clock,
        read_only=read_only,
        status_card=tables["slack"].flag("status_card") is not False,
        internal_hosts=tables["replies"].texts("internal_hosts") or (),
    )


def _table(top: ConfigTable, name: str) -> ConfigTable:
    values = top.values.get(name, {})
    if not isinstance(values, dict):
        raise top.wrong(name, f"a table, [{name}], not {type_name(values)}")
    return ConfigTable(top.path, name, values, KNOWN[name])


def _process(path: Path, name: str) -> Path:
    """The process file: beside the config or with its whole path; else the shipped one of that name."""
    beside = path.parent / expanded(name)
    if beside.exists() or beside.suffix:
        return beside
    from cockpit.incident.process_file import shipped

    return shipped().get(name, beside)


def _keys(top: ConfigTable) -> Mapping[str, str]:
    values = top.values.get("keys", {})
    if not isinstance(values, dict):
        raise top.wrong("keys", f"a table, [keys], not {type_name(values)}")
    table = ConfigTable(top.path, "keys", values, values.keys())
    return {binding: key for binding in values if (key := table.text(binding)) is not None}


def _communities(top: ConfigTable) -> Mapping[str, Listed]:
    values = top.values.get("communities", {})
    if not isinstance(values, dict):
        raise top.wrong("communities", f"a table, [communities], not {type_name(values)}")
    found = {}
    for place, entry in values.items():
        if not isinstance(entry, dict):
            example = '{ company = "Example University", contacts = ["ana@example.edu"] }'
            raise ConfigTable(top.path, "communities", {}, ()).wrong(place, f"a table such as {example}")
        table = ConfigTable(top.path, f'communities."{place}"', entry, ("company", "contacts"))
        contacts = table.texts("contacts") or ()
        table.emails("contacts")
        if not entry:
            raise table.wrong("company", "given, or `contacts`")
        found[place] = Listed(table.text("company"), contacts)
    return found


def _refuse_open_secrets(tables: Mapping[str, ConfigTable]) -> None:
    """Raise ConfigError if a secret is written in a file that others can read."""
    for name, key in (("pagerduty", "token"), ("slack", "token"), ("freshdesk", "api_key")):
        table = tables[name]
        if key in table.values:
            raise ConfigError(
                f"{table.path}: [{name}] `{key}` is written in a file that others on this machine can read. "
                f"Run: chmod 600 '{table.path}'"
            )


def _secret(table: ConfigTable, key: str) -> Secret:
    """The table's secret: from the one of its three keys that is there, else from its usual variable."""
    what = f"[{table.name}] {key}"
    given = [name for name in (key, f"{key}_env", f"{key}_command") if name in table.values]
    if len(given) > 1:
        raise ConfigError(f"{table.path}: [{table.name}] has `{given[0]}` and `{given[1]}`; keep one.")
    literal, variable, argv = table.text(key), table.text(f"{key}_env"), table.texts(f"{key}_command")
    if literal is not None:
        return Secret.literal(literal, what)
    if argv is not None:
        if not argv:
            raise table.wrong(f"{key}_command", 'a command and its arguments such as ["pass", "show", "slack"]')
        return Secret.command(argv, what)
    return Secret.environment(variable or f"COCKPIT_{table.name}_{key}".upper(), what)


def _pagerduty(table: ConfigTable, email: str | None) -> PagerDutySettings:
    return PagerDutySettings(
        api_url=table.url("api_url") or PAGERDUTY_URL,
        token=_secret(table, "token"),
        email=table.email("email") or email,
    )


def _slack(table: ConfigTable) -> SlackSettings:
    url = table.url("api_url")
    return SlackSettings(
        api_url=f"{url}/" if url else SLACK_URL,
        token=_secret(table, "token"),
        trusted_apps=frozenset(table.texts("trusted_apps") or ()),
    )


def _freshdesk(table: ConfigTable) -> FreshdeskSettings:
    url = table.url("url")
    if url is None:
        raise ConfigError(
            f"{table.path}: [freshdesk] `url` is missing: your account's, such as https://example.freshdesk.com"
        )
    return FreshdeskSettings(url=url, api_key=_secret(table, "api_key"))


def _polls(table: ConfigTable, sandbox: bool) -> PollSettings:
    """Faster would eat what the services allow everybody together; the sandbox may be asked faster."""
    usual = PollSettings()
    least = 0.05 if sandbox else FASTEST_POLLS
    return PollSettings(
        pagerduty=table.seconds("pagerduty", least, 3600) or usual.pagerduty,
        slack=table.seconds("slack", least, 3600) or usual.slack,
        freshdesk=table.seconds("freshdesk", least, 3600) or usual.freshdesk,
    )


def _signals(table: ConfigTable) -> frozenset[str]:
    wanted = table.texts("signals")
    for way in wanted or ():
        if way not in SIGNALS:
            raise table.wrong("signals", f'a list of {", ".join(SIGNALS)}, or [] for none; not "{way}"')
    return frozenset(SIGNALS if wanted is None else wanted)


def _zone(table: ConfigTable) -> ZoneInfo | None:
    name = table.text("timezone")
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        from cockpit.incident.masking import masked

        guess = nearest(name, available_timezones())
        hint = f'Did you mean "{guess}"?' if guess else "Leave it out for this machine's own zone."
        raise ConfigError(
            f'{table.path}: [ui] `timezone` should be a zone such as "Europe/Zurich", not "{masked(name)}". {hint}'
        ) from None


def _clock(table: ConfigTable, sandbox: bool) -> ClockSettings:
    if not sandbox:
        raise ConfigError(
            f"{table.path}: [clock] is the sandbox's and works only where every service is on this machine "
            "(127.0.0.1); remove it."
        )
    origin, started = table.moment("origin"), table.moment("started")
    speed = table.number("speed", 0, 100_000)
    if origin is None or started is None or speed is None:
        missing = [key for key in KNOWN["clock"] if key not in table.values]
        raise ConfigError(f"{table.path}: [clock] `{missing[0]}` is missing; it has origin, started and speed.")
    return ClockSettings(origin, started, speed)
