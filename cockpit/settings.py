"""The settings a cockpit runs by, as frozen values; `config.load` makes them from a file."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from cockpit.config_table import ConfigError
from cockpit.secret import SHORTEST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from cockpit.incident.communities import Listed
    from cockpit.secret import Secret

SIGNALS: Final = ("bell", "title", "notify")
"""The ways in which a clock that turns can be told: the bell, the terminal's title, its desktop notification."""

REVIEW_HOLD: Final = 5.0
"""Seconds for which a reply that was sent off can still be called back, unless `[ui]` says otherwise."""


@dataclass(frozen=True, slots=True)
class PagerDutySettings:
    """How to reach PagerDuty. `email` goes into the `From` header of every write: without it none is made."""

    api_url: str
    token: Secret
    email: str | None


@dataclass(frozen=True, slots=True)
class SlackSettings:
    """How to reach Slack. `api_url` ends in a slash.

    `trusted_apps` are the ids (`A…` of an app, `B…` of a bot) of other apps whose records are believed.
    """

    api_url: str
    token: Secret
    trusted_apps: frozenset[str]


@dataclass(frozen=True, slots=True)
class FreshdeskSettings:
    """How to reach Freshdesk; `url` is the account's own, such as `https://example.freshdesk.com`."""

    url: str
    api_key: Secret


FASTEST_POLLS: Final = 2.0
"""Seconds between two readings; only a sandbox may be read more often."""


@dataclass(frozen=True, slots=True)
class PollSettings:
    """Seconds between two readings of each service while nothing happens."""

    pagerduty: float = 15
    slack: float = 5
    freshdesk: float = 20

    def hurry(self, service: str) -> float:
        """How many times faster than usual a sandbox is polled: it grants more than a real service; there it is 1."""
        seconds: float = getattr(self, service)
        usual: float = getattr(PollSettings(), service)
        return usual / seconds if seconds < FASTEST_POLLS else 1.0


@dataclass(frozen=True, slots=True)
class ClockSettings:
    """The sandbox's clock: it read `origin` when the wall clock read `started`; `speed` is its pace."""

    origin: datetime
    started: datetime
    speed: float

    def now(self) -> datetime:
        """The sandbox's present, aware UTC."""
        return self.origin + (datetime.now(UTC) - self.started) * self.speed


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be configured, checked. A service that is None isn't configured.

    `path` is the file it was read from (None: built in memory). `me` is the name under which the responder's
    acts are told. `communities` tells by "cluster/hub", "hub" or "cluster" whose a hub is. `placeholders` and
    `tech_leads` are e-mail addresses in lower case. `internal_hosts` are patterns of hosts that mean nothing to a
    community, besides the usual ones. `status_card` is whether the channel gets one. `clocks` and
    `soon_fraction` override the process's own. `local_zone` None is the machine's. `review_hold` is in seconds.
    `signals` are those of `SIGNALS` that are wanted.
    """

    path: Path | None
    me: str
    email: str | None
    pagerduty: PagerDutySettings | None
    slack: SlackSettings | None
    freshdesk: FreshdeskSettings | None
    state_dir: Path
    cache_dir: Path
    placeholders: frozenset[str] = frozenset()
    tech_leads: frozenset[str] = frozenset()
    process: Path | None = None
    communities: Mapping[str, Listed] = field(default_factory=dict)
    clocks: Mapping[str, timedelta] = field(default_factory=dict)
    soon_fraction: float | None = None
    polls: PollSettings = PollSettings()
    keys: Mapping[str, str] = field(default_factory=dict)
    theme: str | None = None
    review_hold: float = REVIEW_HOLD
    signals: frozenset[str] = frozenset(SIGNALS)
    local_zone: ZoneInfo | None = None
    clock: ClockSettings | None = None
    read_only: bool = False
    status_card: bool = True
    internal_hosts: tuple[str, ...] = ()

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """The secrets of the services that are configured."""
        found: list[Secret] = []
        if self.pagerduty is not None:
            found.append(self.pagerduty.token)
        if self.slack is not None:
            found.append(self.slack.token)
        if self.freshdesk is not None:
            found.append(self.freshdesk.api_key)
        return tuple(found)

    def betrayed_by(self, value: object) -> str | None:
        """Why a text, or values with texts in them, must not be kept or sent: a secret is in it. None: none is."""
        for secret in self.secrets:
            if any(secret.within(text) for text in _texts(value)):
                return f"This holds {secret.what} from the config, which nobody may read: take it out."
        return None

    def awaits(self, value: object) -> str | None:
        """Why a text must wait before it is kept: the command that would tell whether a secret is in it hasn't yet."""
        for secret in self.secrets:
            if secret.awaited and _may_hold_one(value):
                return f"Whether this holds {secret.what} isn't known yet: {secret.where} hasn't answered. Try again."
        return None

    def undecided(self, value: object) -> bool:
        """Whether a secret that isn't known, since its command failed, may be in a text."""
        return not all(secret.known for secret in self.secrets) and _may_hold_one(value)

    def learn_secrets(self) -> None:
        """Run the commands that print secrets, so that texts can be held against them; each takes its time.

        One that fails is passed over: whoever needs its secret says so.
        """
        for secret in self.secrets:
            if not secret.known:
                with suppress(ConfigError):
                    secret.learn()

    def scrubbed(self, text: str) -> str:
        """The text with a mask in place of each secret, as far as they are known already."""
        for secret in self.secrets:
            text = secret.scrub(text)
        return text

    def now(self) -> datetime:
        """The present moment, aware UTC: the wall clock's, or the sandbox's where `[clock]` says so."""
        return self.clock.now() if self.clock is not None else datetime.now(UTC)


def _may_hold_one(value: object) -> bool:
    """Whether a text is long enough for a secret in one of its words: no secret has a space."""
    return any(len(word) >= SHORTEST for text in _texts(value) for word in text.split())


def _texts(value: object) -> Iterator[str]:
    """Every text in a value of plain values."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts(tuple(value.items()))
    elif isinstance(value, (tuple, list)):
        for one in value:
            yield from _texts(one)
