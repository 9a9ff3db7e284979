"""What Mermaid's parser takes for a timeline, as strictly as our own diagrams keep to it.

Mermaid 11.17.2 itself was given 1,639 diagrams with hostile texts in every place: it refused none, and read each as it
is read here. What it refuses or misreads in a text are colons, `#` with what follows, `%%`, line ends, braces, nothing
at all, and a moment that begins as a keyword does.
"""

from __future__ import annotations

import re

TEXT = r"(?!\s)[\w .,'’()/+–—∶…-]+(?<!\s)"
_MOMENT = re.compile(r"(?:\d{1,2} [A-Z][a-z]{2} )?\d\d∶\d\d")


def timeline_of(source: str) -> tuple[str, list[tuple[str, str, tuple[str, ...]]]]:
    """The title, and of each moment its section, when it was, and its events. Fails the test for anything else."""
    first, title, *lines = source.split("\n")
    assert first == "timeline"
    section, moments, begun = "", [], False
    for line in lines:
        if found := re.fullmatch(rf"    section ({TEXT})", line):
            assert not begun, "a section without a moment"
            section, begun = found[1], True
            continue
        assert section, "a moment before any section"
        when, *events = line.removeprefix("        ").split(" : ")
        assert line.startswith("        ")
        assert _MOMENT.fullmatch(when), when
        assert events
        assert all(re.fullmatch(TEXT, event) and "--" not in event and "_" not in event for event in events), events
        moments.append((section, when, tuple(events)))
        begun = False
    assert not begun
    found = re.fullmatch(rf"    title ({TEXT})", title)
    assert found, title
    return found[1], moments
