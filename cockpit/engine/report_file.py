"""The report as a file: made from a view, written over what a person edited, all of it or nothing."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit.incident.facts import Source
from cockpit.incident.report_json import FORMAT, document
from cockpit.incident.report_page import NotOurs, fingerprint, read, written_again

if TYPE_CHECKING:
    from cockpit.engine.desk import Desk
    from cockpit.engine.view import View
    from cockpit.incident.report import Report
    from cockpit.incident.report_markdown import Zone
    from cockpit.settings import Settings


class NotWritten(Exception):
    """The report can't be written there; `str()` says why and what to do."""


OTHER_FILE = "it isn't a report that a cockpit wrote: give another name."


@dataclass(frozen=True, slots=True)
class Written:
    """A report that was written. `again`: over one that was there. `lost` are the parts that a person had edited and
    that are always written anew; the file as it was is `kept` then. `digest` tells whether it changed."""

    path: Path
    again: bool
    digest: str
    lost: tuple[str, ...] = ()
    kept: Path | None = None


def report_of(desk: Desk, view: View, anonymous: bool = False) -> Report:
    """The incident's report, as of that view."""
    from cockpit.incident.report import report

    settings = desk.settings
    return report(
        desk.process, view.snapshot, desk.people, view.now,
        freshdesk_url=settings.freshdesk.url if settings.freshdesk else "",
        configured=frozenset(one for one in Source if desk.connection.configured(one)),
        anonymous=anonymous, title=view.case.title,
    )  # fmt: skip


def zone_of(settings: Settings) -> Zone:
    """The local time beside UTC: the config's zone, or the machine's."""
    from cockpit.incident.report_markdown import Zone

    zone = settings.local_zone

    def local(at: datetime) -> datetime:
        return at.astimezone(zone)  # None: the machine's

    return Zone(zone.key if zone is not None else "", local)


def is_data(path: Path) -> bool:
    """Whether a file of that name holds the report as JSON."""
    return path.suffix.lower() == ".json"


def earlier(path: Path, as_data: bool) -> str | None:
    """The report that is in the file now; None if there is none. Raises NotWritten where it holds anything else."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            text = file.read()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise NotWritten(f"{path}: {OTHER_FILE}") from None
    if not text.strip():
        return None
    if as_data:
        if not _is_ours(text):
            raise NotWritten(f"{path}: {OTHER_FILE}")
        return text
    try:
        read(text)
    except NotOurs as error:
        raise NotWritten(f"{path}: {error}.") from None
    return text


def _is_ours(text: str) -> bool:
    try:
        ours: bool = json.loads(text)["format"] == FORMAT
    except (ValueError, TypeError, KeyError):
        return False
    return ours


def text_of(report: Report, zone: Zone, as_data: bool) -> str:
    """The report's text, fresh from the facts."""
    from cockpit.incident.report_markdown import markdown

    return _json(document(report)) if as_data else markdown(report, zone)


def _json(data: dict[str, Any]) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def write(report: Report, path: Path, old: str | None, zone: Zone, as_data: bool) -> Written:
    """Write it in place of `old`, which `earlier` read there. Raises NotWritten and OSError."""
    lost: tuple[str, ...] = ()
    if as_data:
        text = _data_over(report, path, old)
    else:
        text, lost = _page_over(report, path, old, zone)
    kept = None
    if lost and old is not None:
        kept = path.with_name(path.name + "~")
        kept.unlink(missing_ok=True)  # an older copy's mode isn't this report's
        replace_file(kept, old, mode=stat.S_IMODE(path.stat().st_mode))
    replace_file(path, text)
    return Written(path, old is not None, digest(text), lost, kept)


def _data_over(report: Report, path: Path, old: str | None) -> str:
    data = document(report)
    known = json.loads(old) if old is not None else data
    if known.get("incident", {}).get("id") not in (None, report.incident_id):
        raise NotWritten(f"{path}: it is another incident's report: give another name.")
    if known.get("anonymous") is True and not report.anonymous:
        raise NotWritten(f"{path}: it was written with --anonymous: give another name.")
    return _json(data)


def _page_over(report: Report, path: Path, old: str | None, zone: Zone) -> tuple[str, tuple[str, ...]]:
    from cockpit.incident.report_markdown import page

    new = page(report, zone)
    if old is None:
        return new.text(), ()
    try:
        before = read(old)
        text = written_again(before, new).text()
    except NotOurs as error:
        raise NotWritten(f"{path}: {error}.") from None
    return text.replace("\n", "\r\n") if "\r\n" in old else text, before.rewritten


_AS_OF = ("<!-- cockpit report ", "> **Draft:", '  "as_of": ')


def digest(text: str) -> str:
    """A few characters that differ where two writings of a report differ in more than the time as of which they are."""
    return fingerprint("\n".join(line for line in text.splitlines() if not line.startswith(_AS_OF)))


def replace_file(path: Path, text: str, mode: int | None = None) -> None:
    """Write the text (UTF-8, line ends as they are) in place of what was there, which is there until it is complete.

    The mode of an existing file is kept; a new one gets `mode`, or what the umask leaves. A link is followed. Raises
    OSError.
    """
    path = path.resolve() if path.is_symlink() else path
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        if mode is None:
            mask = os.umask(0)
            os.umask(mask)
            mode = 0o666 & ~mask
    # In the same folder, so that the last step is a rename.
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except FileNotFoundError as error:
        raise FileNotFoundError(error.errno, "there is no such folder", str(path.parent)) from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
