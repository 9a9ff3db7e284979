"""The small world with the corpus in every text of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.command_line.sandbox import config_text
from cockpit.sandbox import SandboxClock, SandboxThread
from tests.conftest import BEGIN
from tests.hostile.spoiler import Spoiler


@pytest.fixture
def world() -> Iterator[SandboxThread]:
    """One triggered incident, one ticket, on a clock that stands still."""
    with SandboxThread("quiet", clock=SandboxClock(BEGIN, 0), rate_limits=False) as sandbox:
        yield sandbox


@pytest.fixture
def plain_config(world: SandboxThread, tmp_path: Path) -> Path:
    """A config of the same services as they are: to set the scene with."""
    path = tmp_path / "plain.toml"
    path.touch(0o600)
    path.write_text(config_text(world))
    return path


@pytest.fixture
def config(world: SandboxThread, tmp_path: Path) -> Iterator[Path]:
    """A config whose three services speak the corpus."""
    with Spoiler(world.url) as spoiler:
        path = tmp_path / "config.toml"
        path.touch(0o600)
        path.write_text(spoiler.in_place(config_text(world)))
        yield path
