"""`cockpit log --json` and `--check`: an audit that anybody can check, with the cockpit or with Python alone."""

from __future__ import annotations

import io
import json
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line.conftest import Run

WHOLE = re.compile(r"(\d+) lines, none altered and none missing between them; the last has the hash ([0-9a-f]{64})\.\n")


@pytest.fixture
def acted(cockpit: Run) -> int:
    """An incident, declared and noted; its number."""
    outcome = cockpit("declare", "--ticket", "4038")
    assert outcome.code == 0
    assert cockpit("note", "looked at the nodes").code == 0
    return 1925


@pytest.fixture
def file(cockpit: Run, acted: int, tmp_path: Path) -> Path:
    """What `--json` prints, in a file."""
    path = tmp_path / "log.json"
    path.write_text(cockpit("log", "--json").out)
    return path


def journal(tmp_path: Path, statement: str) -> None:
    """Change the journal behind the cockpit's back."""
    db = sqlite3.connect(tmp_path / "state" / "journal.sqlite3")
    db.execute(statement)
    db.commit()
    db.close()


def test_a_whole_audit_is_said_to_be_with_its_count_and_its_hash(cockpit: Run, acted: int, file: Path) -> None:
    own = cockpit("log", "--check")
    assert (own.code, own.err) == (0, "")
    found = WHOLE.fullmatch(own.out)
    assert found is not None
    lines = [line for one in json.loads(file.read_text()) for line in one["lines"]]
    newest = max(lines, key=lambda line: line["number"])
    assert (int(found[1]), found[2]) == (len(lines), newest["hash"])
    assert cockpit("log", acted, "--check", file).out == own.out, "the file, against the channel"


def test_a_file_is_checked_with_no_config(run: Run, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = run("log", "--check", file)
    assert alone.code == 0
    assert WHOLE.fullmatch(alone.out)
    assert "only the channel's notes prove, and none was read" in alone.err
    monkeypatch.setattr("sys.stdin", io.StringIO(file.read_text()))
    assert run("log", "--check", "-").out == alone.out


def test_an_altered_file_is_found(run: Run, file: Path) -> None:
    file.write_text(file.read_text().replace("Ana Ruiz", "Lou Chen", 2))
    outcome = run("log", "--check", file)
    assert outcome.code == 1
    assert "Line 1 was altered.\n" in outcome.out


@pytest.mark.parametrize(
    ("content", "said"), [("[", "isn't JSON"), ("[" * 100_000, "isn't JSON"), (None, "There is no file"), ("{}", "")]
)  # fmt: skip
def test_a_file_that_is_no_log(run: Run, tmp_path: Path, content: str | None, said: str) -> None:
    path = tmp_path / "x.json"
    if content is not None:
        path.write_text(content)
    outcome = run("log", "--check", path)
    assert outcome.code == (2 if said else 1)
    assert said in outcome.err


def test_an_incident_after_check_is_taken_for_a_file_and_told_how_it_is_meant(cockpit: Run, acted: int) -> None:
    outcome = cockpit("log", "--check", acted)
    assert outcome.code == 2
    assert f"cockpit log {acted} --check" in outcome.err


def test_an_altered_journal_is_found(cockpit: Run, acted: int, tmp_path: Path) -> None:
    journal(tmp_path, "UPDATE deliveries SET state = 'refused', error = 'no' WHERE seq = 1")
    outcome = cockpit("log", "--check")
    assert outcome.code == 1
    assert "Delivery 1 has state 'refused'" in outcome.out


def test_what_was_cut_off_at_the_end_the_channel_proves(cockpit: Run, acted: int, tmp_path: Path, served) -> None:
    last = json.loads(cockpit("log", "--json").out)[-1]
    first = last["lines"][0]["number"]
    for statement in (
        f"DELETE FROM audit WHERE number >= {first}",
        f"DELETE FROM deliveries WHERE seq = {last['seq']}",
        f"DELETE FROM actions WHERE id = '{last['action']}'",
    ):
        journal(tmp_path, statement)
    served.fault("slack", "500")
    blind = cockpit("log", "--check", "--json")
    assert blind.code == 2, "one or the other"
    blind = cockpit("log", "--check")
    assert (blind.code, WHOLE.fullmatch(blind.out) is not None) == (3, True)
    assert "the channel proves, and it couldn't be read" in blind.err
    served.clear_faults()
    seen = cockpit("log", "--check")
    assert seen.code == 1
    assert seen.out == f"Line {first} is missing, as the channel's notes prove.\n"


def test_a_journal_that_was_put_in_the_place_of_another_shows(cockpit: Run, acted: int, tmp_path: Path) -> None:
    for file in (tmp_path / "state").glob("journal.sqlite3*"):
        file.unlink()
    assert cockpit("note", acted, "as if nothing had been").code == 0
    outcome = cockpit("log", "--check")
    assert outcome.code == 0
    assert "The channel has notes of another log too" in outcome.err


def test_a_journal_that_was_damaged_is_not_said_to_be_whole(cockpit: Run, acted: int, tmp_path: Path) -> None:
    path = tmp_path / "state" / "journal.sqlite3"
    path.write_bytes(path.read_bytes()[:5000])
    outcome = cockpit("log", acted, "--check")
    assert outcome.code == 1
    assert "set aside" in outcome.out


def test_the_recipe_for_python_alone_does_what_it_says(file: Path) -> None:
    text = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text()
    (recipe,) = re.findall(r"```python\n(# Check .*?)```", text, re.DOTALL)

    def recomputed() -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-I", "-c", recipe, file], capture_output=True, text=True, timeout=60)

    whole = recomputed()
    assert (whole.returncode, whole.stderr) == (0, "")
    newest = max((line for one in json.loads(file.read_text()) for line in one["lines"]), key=lambda one: one["number"])
    assert whole.stdout.strip() == newest["hash"]
    told = json.loads(file.read_text())
    told[1]["lines"][1]["at"] = "2026-11-23T13:04:00Z"
    number = told[1]["lines"][1]["number"]
    file.write_text(json.dumps(told))
    altered = recomputed()
    assert altered.returncode == 1
    assert altered.stderr == f"line {number} was altered or is missing\n"
