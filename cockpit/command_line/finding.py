"""What the doctor found: one thing looked at, how it is, and what to do about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cockpit.command_line.paper import Paper


class Level(StrEnum):
    """How it is."""

    OK = "ok"
    NOTE = "note"
    """Neither good nor bad: worth knowing."""
    WARNING = "warning"
    """It works, and not as well as it could."""
    FAULT = "fault"
    """It doesn't work."""


SIGNS: Final[Mapping[Level, str]] = {Level.OK: "✓", Level.NOTE: "·", Level.WARNING: "!", Level.FAULT: "✗"}


@dataclass(frozen=True, slots=True)
class Finding:
    """`about` is the service or place, `what` the thing looked at, `words` what was seen, `fix` what to do."""

    about: str
    what: str
    level: Level
    words: str
    fix: str = ""

    def as_json(self) -> dict[str, Any]:
        """It as plain values."""
        return asdict(self)


def any_fault(findings: Iterable[Finding]) -> bool:
    """Whether something doesn't work."""
    return any(finding.level is Level.FAULT for finding in findings)


def write(findings: Iterable[Finding], paper: Paper) -> None:
    """Print the findings as a table, grouped by what they are about."""
    findings = list(findings)
    for about in dict.fromkeys(finding.about for finding in findings):
        paper.heading(about)
        rows: list[tuple[str, str, str]] = []
        for finding in findings:
            if finding.about == about:
                rows.append((f"{SIGNS[finding.level]} {finding.level}", finding.what, finding.words))
                if finding.fix:
                    rows.append(("", "", f"→ {finding.fix}"))
        paper.columns(rows)
