"""The config's file: read as TOML, and refused where somebody else could have written it."""

from __future__ import annotations

import os
import stat
import tomllib
from typing import TYPE_CHECKING, Any

from cockpit.config_table import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def read(path: Path) -> tuple[dict[str, Any], int]:
    """The file's document, and its mode (0 where files have none). Raises ConfigError."""
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())  # of the very file that is read
            document = tomllib.loads(file.read().decode())
    except FileNotFoundError:
        raise ConfigError(
            f"No config yet: {path} doesn't exist. `cockpit init` writes one with you; "
            "`cockpit demo` shows the cockpit without any."
        ) from None
    except OSError as error:
        raise ConfigError(f"{path} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} isn't a text file in UTF-8.") from None
    except (ValueError, RecursionError) as error:  # numbers and nesting may be valid, and too much for Python
        raise ConfigError(f"{path} isn't valid TOML: {error}.") from None
    if os.name == "nt":
        return document, 0
    _refuse_strangers(path, found)
    return document, found.st_mode


def _refuse_strangers(path: Path, found: os.stat_result) -> None:
    """Raise ConfigError for a file that somebody else can write: it says which commands run and where tokens go."""
    if found.st_uid not in (os.geteuid(), 0):
        raise ConfigError(
            f"{path} belongs to somebody else, who could have the cockpit send your tokens anywhere. "
            f"Make a copy of your own, or run: sudo chown {os.geteuid()} '{path}'"
        )
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise ConfigError(
            f"{path} can be changed by others on this machine, who could have the cockpit send your tokens anywhere. "
            f"Run: chmod 600 '{path}'"
        )
