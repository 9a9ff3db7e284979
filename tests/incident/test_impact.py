"""When users were hit, as a person types it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from cockpit.incident.impact import Landmarks, NotAMoment, landmarks, meant, understood
from tests.incident.build import World, at, outage, resolved

MARKS = Landmarks(at("16:10"), None, at("18:02"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("15:45", at("15:45")),
        (" 7:05 utc ", at("07:05")),
        ("16:10Z", at("16:10")),
        ("25 min before the alert", at("15:45")),
        ("1 h 5 min before alert", at("15:05")),
        ("3 minutes after the alert", at("16:13")),
        ("10 min ago", at("17:52")),
        ("2 days ago", at("-2 18:02")),
        ("2026-11-22 23:30Z", at("-1 23:30")),
        ("2026-11-23T14:30:00+02:00", at("12:30")),
        ("2026-11-23 9:05", at("09:05")),
        ("2026-11-23t9:05:30", at("09:05:30")),
        ("2026-11-23 T 09:05 +0100", at("08:05")),
    ],
)
def test_the_forms_that_are_understood(text: str, expected: datetime) -> None:
    assert meant(text, MARKS) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("soon", "“soon” isn't a time: 08:46 (UTC)"),
        ("", "isn't a time"),
        ("25:00", "isn't a time"),
        ("08:46 CET", "isn't a time"),
        ("min before the alert", "isn't a time"),
        ("2026-02-30 08:00", "2026-02-30 08:00 isn't in the calendar."),
        ("0001-01-01 00:00 +05:00", "0001-01-01 00:00 isn't in the calendar."),
        ("9999-12-31 23:00-05:00", "isn't in the calendar."),
        ("5 min after the resolution", "There is no resolution to count from yet"),
    ],
)
def test_what_is_not_a_time_says_so(text: str, said: str) -> None:
    with pytest.raises(NotAMoment, match=said.replace("(", r"\(").replace(")", r"\)")):
        meant(text, MARKS)


def test_a_clock_time_is_that_of_the_day_nearest_to_what_it_is_about() -> None:
    late = Landmarks(at("00:20"), at("23:50"), at("+1 09:00"))
    assert meant("23:50", late) == at("-1 23:50"), "before midnight, as the alert came after it"
    assert meant("00:10", late, end=True) == at("+1 00:10")
    assert meant("10:00", late, end=True) == at("10:00"), "never still to come"


def test_it_is_counted_from_the_first_alert_or_from_what_there_is() -> None:
    world = outage().alert("16:02", "something earlier")
    assert landmarks(world.snapshot(), at("18:02")) == Landmarks(at("16:02"), None, at("18:02"))
    assert landmarks(resolved().snapshot(), at("19:00")).resolution == at("18:00")
    assert landmarks(World().ticket(4038, "17:40").snapshot(), at("18:02")).alert == at("17:40")
    assert landmarks(World().snapshot(), at("18:02")) == Landmarks(None, None, at("18:02"))


def test_it_is_said_back_with_its_date() -> None:
    assert understood(at("15:45"), MARKS) == "Mon 23 Nov 2026, 15:45 UTC, 25 min before the alert at 16:10 UTC"
    assert understood(at("16:10"), MARKS) == "Mon 23 Nov 2026, 16:10 UTC, with the alert"
    assert understood(at("16:10") - timedelta(days=1), MARKS).endswith("1 d before the alert at 23 Nov 16:10 UTC")
