"""Some sudden deaths of each sort; `python -m tests.crash` with its options is the same, longer."""

from __future__ import annotations

from pathlib import Path

from tests.crash.damage import FULL, damage
from tests.crash.driver import run
from tests.crash.typing import typing


async def test_nothing_is_lost_and_nothing_done_twice_in_fifty_deaths(tmp_path: Path) -> None:
    lives = await run(50, seed=2026, folder=tmp_path, lanes=5, deaths=10)
    broken = [f"life {life.seed}: {words}" for life in lives for words in life.verdict.violations]
    assert not broken, "\n".join(broken)
    assert sum(death.killed for life in lives for death in life.deaths) == 50
    ended = [ending for life in lives for ending in life.verdict.ended.values()]
    assert ended.count("once") > len(ended) / 2, "the processes lived long enough to do something"


async def test_a_text_survives_the_deaths_of_the_screen_it_is_typed_into(tmp_path: Path) -> None:
    result = await typing(2, seed=2026, folder=tmp_path, strict=False)
    assert not result.violations, "\n".join(result.violations)
    assert result.deaths == 2


async def test_the_program_on_a_damaged_journal_says_so_and_doubles_nothing(tmp_path: Path) -> None:
    names = ("database: cut off", "database: a folder in its place", "log ahead: torn", FULL)
    result = await damage(len(names), seed=2026, folder=tmp_path, programs=("note",), names=names)
    assert not result.violations, "\n".join(result.violations)
    assert result.ways["database: cut off", "set aside"] == 1
    assert result.ways["database: a folder in its place", "refused"] == 1
