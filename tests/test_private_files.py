"""What the cockpit keeps is its owner's alone, whatever the umask: folders 0700, files 0600."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.engine.desk import RUNS, Desk
from cockpit.engine.journal import Journal
from cockpit.engine.journal_file import NotSaved
from cockpit.engine.runs import Run, Runs
from cockpit.private_file import private_folder, write_private
from cockpit.sandbox import Sandbox
from cockpit.settings import Settings
from tests.engine.test_session import posted
from tests.waiting import until


@pytest.fixture
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    """The mode of the folder and of everything in it, by name."""
    return {str(one.relative_to(folder)): stat.S_IMODE(one.stat().st_mode) for one in (folder, *folder.rglob("*"))}


def closed(path: Path) -> int:
    return 0o700 if path.is_dir() else 0o600


@pytest.mark.parametrize("umask", [0o000, 0o777], ids=oct, indirect=True)
async def test_all_that_a_session_keeps(umask: None, settings: Settings, sandbox: Sandbox) -> None:
    desk = Desk(settings)
    session = desk.session(await desk.find("1924"))
    await session.start()
    runs = Runs(settings.state_dir / RUNS)
    run = Run("r1", "ls", "Ana", session.now(), case=session.case.key)
    runs.begin(run)
    session.act("open_channel")
    session.act("note", text="a note")
    session.drafts.save("channel", "a draft")
    await until(lambda: len(posted(sandbox)) == 2)
    found = modes(settings.state_dir)
    wrong = {name: oct(mode) for name, mode in found.items() if mode != closed(settings.state_dir / name)}
    assert wrong == {}
    assert {"journal.sqlite3", "journal.sqlite3-wal", "journal.sqlite3-shm", "locks", "runs"} <= found.keys()
    runs.leave()
    assert [one.id for one in runs.unwatched()] == ["r1"], "it can be read again"
    await session.close()
    await desk.close()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777], ids=oct, indirect=True)
def test_a_written_config_and_the_folders_made_for_it(umask: None, tmp_path: Path) -> None:
    path = tmp_path / "one" / "two" / "config.toml"
    for text in ("first", "second"):
        write_private(path, text)
        assert path.read_text() == text
        assert modes(tmp_path / "one") == {".": 0o700, "two": 0o700, "two/config.toml": 0o600}


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o777, 0o711])
def test_a_state_folder_that_others_can_enter_is_closed(tmp_path: Path, mode: int) -> None:
    state = tmp_path / "state"
    Journal(state / "journal.sqlite3").close()
    state.chmod(mode)
    (state / "journal.sqlite3").chmod(0o644)
    Journal(state / "journal.sqlite3").close()
    assert modes(state) == {".": 0o700, "journal.sqlite3": 0o600}
    assert tmp_path.stat().st_mode & 0o777 == 0o700, "the folder above it isn't the cockpit's"


def test_a_folder_that_is_everybodys_is_refused_with_words(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    with pytest.raises(NotSaved, match="give the cockpit a folder of its own"):
        Journal(shared / "journal.sqlite3")
    with pytest.raises(PermissionError) as refused:
        private_folder(shared)
    assert refused.value.filename == str(shared)
    assert list(shared.iterdir()) == []
