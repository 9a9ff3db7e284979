"""A report written again: what a person edited stays, everything else is fresh."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.incident.report_markdown import page
from cockpit.incident.report_page import NotOurs, Page, fingerprint, read, written_again
from tests.incident.build import World, outage, resolved
from tests.incident.test_report import long_one, told


def fresh(world: World, now: str = "23:00", **options: bool) -> Page:
    return page(told(world, now, **options))


def again(text: str, world: World, now: str = "23:00") -> str:
    return written_again(read(text), fresh(world, now)).text()


def section(text: str, title: str) -> str | None:
    parts = {part.title: part.body for part in read(text).parts}
    return parts.get(title)


def titles(text: str) -> list[str]:
    return [part.title for part in read(text).parts]


def test_an_untouched_report_becomes_the_new_one() -> None:
    for before, after in ((outage(), resolved()), (resolved(), long_one()), (long_one(), outage())):
        assert again(fresh(before, "16:40").text(), after) == fresh(after).text()


def test_writing_again_without_news_changes_nothing() -> None:
    text = fresh(long_one()).text()
    assert again(text, long_one()) == text
    assert read(text) == fresh(long_one())


def test_edited_prose_stays_word_for_word_and_the_rest_is_fresh() -> None:
    mine = "My own words.\n\n* a list\n\n### deeper\n\n    code  \n\n| a | table |\n| - | - |"
    text = fresh(outage(), "16:40").text().replace(section(fresh(outage(), "16:40").text(), "Overview") or "?", mine)
    new = again(text, resolved())
    assert section(new, "Overview") == mine
    assert "the incident is open" not in new
    assert "| **Duration** | 1 h 55 min |" in new
    assert section(new, "Resolution") == section(fresh(resolved()).text(), "Resolution")
    assert section(again(new, long_one()), "Overview") == mine, "and once more"


def test_a_section_that_a_person_adds_stays_where_they_put_it() -> None:
    text = fresh(resolved()).text()
    text = text.replace("## Timeline", "## Where we got lucky\n\nIt was a holiday.\n\n## Costs\n\nNone.\n\n## Timeline")
    new = again(text, long_one())
    mine = [title for title in titles(new) if title not in ("What didn't", "What went well")]
    assert mine == ["Overview", "What happened", "Resolution", "Where we got lucky", "Costs", "Timeline"]
    assert section(new, "Where we got lucky") == "It was a holiday."
    assert section(new, "Costs") == "None."
    assert "     Where we got lucky:" not in new, "nobody is asked for what is written"


def test_a_lone_carriage_return_ends_a_line_and_shifts_no_section() -> None:
    text = fresh(resolved()).text().replace("## Timeline", "## Costs\n\nNone,\rnone\r\nat all.\n\n## Timeline")
    new = again(text, resolved())
    assert section(new, "Costs") == "None,\nnone\nat all."
    assert section(new, "Timeline") == section(fresh(resolved()).text(), "Timeline")


def test_a_section_that_a_person_takes_out_stays_out() -> None:
    text = fresh(resolved()).text()
    well = section(text, "What went well")
    text = text.replace(f"## What went well\n\n{well}\n\n", "")
    new = again(again(text, resolved()), long_one())
    assert "What went well" not in titles(new)
    assert "     What went well:" not in new


def test_a_section_that_has_news_comes_in_its_place() -> None:
    assert "Resolution" not in titles(fresh(outage(), "16:40").text())
    new = again(fresh(outage(), "16:40").text(), resolved())
    assert titles(new)[:3] == ["Overview", "What happened", "Resolution"]


def test_a_title_of_several_lines_and_a_remark_stay_whole() -> None:
    ours = 'title: "Incident #1924: Hub unreachable: mordor/prod"'
    mine = "title: >-\n  The long\n  night"
    text = fresh(outage(), "16:40").text().replace(ours, f"{mine}\n# by Ana")
    new = again(again(text, resolved()), long_one())
    assert new.startswith(f"---\n{mine}\ndate: 2026-11-23\n# by Ana\n---\n")
    assert again(fresh(outage(), "16:40").text().replace(ours, f"{ours}\n# by Ana"), resolved()).count("# by Ana") == 1


def test_the_front_matter_keeps_what_a_person_put_there() -> None:
    text = fresh(outage(), "16:40").text()
    text = text.replace("date: 2026-11-23", 'date: 2020-01-01\ntags:\n  - hub\n  - "title: no"\nauthor: Ana')
    new = again(text, resolved())
    assert new.startswith(
        '---\ntitle: "Incident #1924: Hub unreachable: mordor/prod"\ndate: 2026-11-23\n'
        'tags:\n  - hub\n  - "title: no"\nauthor: Ana\n---\n'
    )
    named = again(
        text.replace('title: "Incident #1924: Hub unreachable: mordor/prod"', "title: The long night"), resolved()
    )
    assert named.startswith("---\ntitle: The long night\ndate: 2026-11-23\n")
    assert again(named, long_one()).startswith("---\ntitle: The long night\n")


def test_words_above_the_first_heading_stay_below_the_index() -> None:
    text = fresh(outage(), "16:40").text().replace("\n## Overview", "\nA summary of mine.\n\n## Overview")
    new = again(text, resolved())
    assert "|\n\nA summary of mine.\n\n## Overview" in new
    assert new.count("A summary of mine.") == 1
    assert again(new, long_one()).count("A summary of mine.") == 1


def test_generated_parts_that_were_edited_are_named() -> None:
    text = fresh(resolved()).text()
    assert read(text).rewritten == ()
    assert read(text.replace("looking at the proxy", "looking at something")).rewritten == ("the timeline",)
    assert read(text.replace("1 h 55 min", "2 h")).rewritten == ("the index",)


def test_a_heading_in_a_code_block_is_none() -> None:
    mine = "See:\n\n```\n## Timeline\n```\n\n<!--\n## Overview\n-->\n\nand so on"
    text = fresh(resolved()).text().replace(section(fresh(resolved()).text(), "Resolution") or "?", mine)
    assert section(again(text, long_one()), "Resolution") == mine


def test_the_closing_comment_goes_with_the_person_who_deletes_it() -> None:
    text = fresh(resolved()).text()
    without = text[: text.index("<!-- Still to be written")]
    assert "Still to be written" not in again(without, long_one())


@pytest.mark.parametrize("text", ["", "# My notes\n", "---\ntitle: x\n---\n\n## Overview\n", "<!-- cockpit report -->"])
def test_another_file_is_refused(text: str) -> None:
    with pytest.raises(NotOurs, match="isn't a report that a cockpit wrote"):
        read(text)


def test_another_incidents_report_is_refused() -> None:
    text = fresh(World().opened("10:00", id="PINC2")).text()
    with pytest.raises(NotOurs, match="another incident's"):
        again(text, resolved())


def test_a_tickets_report_becomes_the_incidents() -> None:
    text = fresh(World().ticket(4038, "16:05"), "16:10").text()
    assert "incident=ticket-4038" in text
    assert again(text, resolved()) == fresh(resolved()).text()
    with pytest.raises(NotOurs, match="another incident's"):
        again(fresh(World().ticket(4039, "16:05"), "16:10").text(), resolved())


def test_names_and_no_names_do_not_mix() -> None:
    with pytest.raises(NotOurs, match="would put names into it"):
        again(fresh(resolved(), anonymous=True).text(), resolved())
    with pytest.raises(NotOurs, match="can't be made anonymous"):
        written_again(read(fresh(resolved()).text()), fresh(resolved(), anonymous=True))


def test_white_space_at_the_ends_of_lines_is_no_edit() -> None:
    assert fingerprint("a  \nb\n\n") == fingerprint("a\nb")
    assert fingerprint("a\nb") != fingerprint("a b")
    text = fresh(outage(), "16:40").text().replace("\n", "\r\n")
    assert again(text, resolved()) == fresh(resolved()).text()


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\0"), max_size=200))
def test_whatever_a_person_writes_stays(mine: str) -> None:
    text = fresh(outage(), "16:40").text()
    body = section(text, "Overview")
    edited = text.replace(body or "?", f"x{mine}")
    new = again(edited, resolved())
    was = [(part.title, part.body) for part in read(edited).parts if part.id in ("", "overview")]
    now = [(part.title, part.body) for part in read(new).parts if part.id in ("", "overview")]
    assert now == was
    assert again(new, resolved()) == new
