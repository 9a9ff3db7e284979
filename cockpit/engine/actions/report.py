"""The kinds of action that are about the report: that it was written, and from when until when users were hit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from cockpit.engine.actions.kind import ActionKind, Data
from cockpit.incident.impact import landmarks
from cockpit.incident.moments import moment
from cockpit.incident.text import one_line

if TYPE_CHECKING:
    from cockpit.engine.journal import Action
    from cockpit.engine.view import Case, View

LONGEST_NAME = 100
"""Characters of a file's name that a note shows."""

SAID_ALREADY = "That is what the log says already."
"""Why the impact isn't noted again."""


class WriteReport(ActionKind):
    """The report was written to a file. Noted once for each change of it.

    `file` is the file's name without its folders, `digest` tells whether the report changed, `draft` why it isn't
    final (empty: it is).
    """

    name = "report"
    title = "note that the report was written"
    needs = frozenset({"file", "digest"})

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """The same report isn't noted twice, nor in a channel that takes no more notes."""
        slack = view.snapshot.slack
        if slack is not None and slack.channel.archived:
            return f"#{slack.channel.name} is archived, so it isn't noted there."
        name = _name(data.get("file", ""))
        same = [one for one in view.snapshot.records if one.kind == self.name and one.data.get("file") == name]
        if same and same[-1].data.get("digest") == data.get("digest", ""):
            return f"It hasn't changed since {same[-1].actor} wrote it at {moment(same[-1].at, view.now)}."
        return None

    def words(self, action: Action) -> str:
        """Which file."""
        return f"report written: {_name(action.data['file'])}"

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """The file's name, and whether it is a draft."""
        draft = one_line(str(action.data.get("draft") or ""), 200)
        return f"▤ Wrote the report: {_name(action.data['file'])}" + (f" (a draft: {draft})" if draft else "")

    def public(self, action: Action, outcome: Data) -> Data:
        """The file's name, by what it is known again, and whether it is a draft; never a folder of somebody's."""
        data = action.data
        return {"file": _name(data["file"]), "digest": data["digest"], "draft": bool(data.get("draft"))}


def _name(file: object) -> str:
    return one_line(str(file).replace("\\", "/").rpartition("/")[2], LONGEST_NAME)


class Impact(ActionKind):
    """When users were first and last hit, as somebody knows it who knows more than the first alert.

    `impact_start` and `impact_end` are ISO 8601 moments with their zone; one of them may be missing.
    """

    name = "impact"
    title = "say when users were hit"

    LONGEST: ClassVar[timedelta] = timedelta(days=366)
    """How long before the incident was opened users can have been hit: beyond, it is a slip of the finger."""

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """Both in the past, the end after the start, and something new."""
        found = {key: at for key in ENDS if (at := moment_of(data.get(key))) is not None}
        for key, word in ENDS.items():
            if key in data and key not in found:
                return f"When did it {word}? It takes a moment with its zone."
        now = landmarks(view.snapshot, view.now).now
        if any(at > now for at in found.values()):
            return f"That is still to come: it is {moment(now, now)} now."
        known = {key: at for key in ENDS if (at := said_last(view, key)) is not None}
        if found and all(known.get(key) == at for key, at in found.items()):
            return SAID_ALREADY
        start, end = ({**known, **found}.get(key) for key in ENDS)
        if start is not None and end is not None and end < start:
            return f"It would end ({moment(end, view.now)}) before it began ({moment(start, view.now)})."
        facts = view.snapshot.pagerduty
        opened = facts.incident.created_at if facts else view.now
        if any(opened - at > self.LONGEST for at in found.values()):
            return "That is more than a year before the incident was opened: is the date right?"
        return None

    def words(self, action: Action) -> str:
        """From when until when."""
        return f"impact: {_span(action)}"

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """From when until when."""
        return f"◎ Users were hit {_span(action)}"

    def public(self, action: Action, outcome: Data) -> Data:
        """The moments, by which the report is made on every machine."""
        return {key: f"{at:%Y-%m-%dT%H:%M:%SZ}" for key in ENDS if (at := moment_of(action.data.get(key))) is not None}


ENDS = {"impact_start": "begin", "impact_end": "end"}
"""The two moments, by their names in a record's data, with the verb for each."""


def said_last(view: View, key: str) -> datetime | None:
    """What somebody last said of that moment, in this incident's log."""
    said = (moment_of(record.data.get(key)) for record in reversed(view.snapshot.records) if key in record.data)
    return next((at for at in said if at is not None), None)


def moment_of(value: object) -> datetime | None:
    """The moment, in UTC, that an ISO 8601 text with its zone means; None for anything else."""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo is not None else None


def _span(action: Action) -> str:
    start, end = (moment_of(action.data.get(key)) for key in ENDS)
    parts = [f"{word} {at:%Y-%m-%d %H:%M} UTC" for word, at in (("from", start), ("until", end)) if at is not None]
    return " ".join(parts)
