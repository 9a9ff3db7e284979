"""Where the config, the state and the cache lie."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_cache_path, user_config_path, user_state_path

if TYPE_CHECKING:
    from cockpit.settings import ClockSettings


def expanded(name: str) -> Path:
    """The path that a person wrote, `~` being a home. One that nobody has is left as it is: no such file is found."""
    try:
        return Path(name).expanduser()
    except RuntimeError:
        return Path(name)


def default_path() -> Path:
    """Where the config file is: `$COCKPIT_CONFIG`, else `cockpit/config.toml` in XDG's config folder."""
    chosen = os.environ.get("COCKPIT_CONFIG")
    return expanded(chosen) if chosen else user_config_path("cockpit", appauthor=False) / "config.toml"


def folders(urls: tuple[str, ...], clock: ClockSettings | None, sandbox: bool) -> tuple[Path, Path]:
    """The state and cache folders: `$COCKPIT_STATE_DIR`, else XDG's.

    Each run of a sandbox has its own, so that its incidents aren't taken for real ones or another run's.
    """
    chosen = os.environ.get("COCKPIT_STATE_DIR")
    if chosen:
        state = expanded(chosen)
        return state, state / "cache"
    state = user_state_path("cockpit", appauthor=False)
    cache = user_cache_path("cockpit", appauthor=False)
    if sandbox:
        run = sha256(repr((urls, clock and clock.started.isoformat())).encode()).hexdigest()[:12]
        return state / "sandboxes" / run, cache / "sandboxes" / run
    return state, cache
