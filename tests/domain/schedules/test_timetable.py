import datetime

import pytest

from bot.domain.schedules.timetable import Cron, Every, in_words, next_run, parse_time_zone, parse_timetable
from bot.errors import UsageError

BERLIN = "Europe/Berlin"


def at(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)


MADE = at("2026-01-01T00:00:10")


def following(timetable: str, after: str, time_zone: str = "UTC") -> str:
    found = next_run(parse_timetable(timetable), time_zone, at(after), MADE)
    assert found.tzinfo is datetime.UTC
    return found.strftime("%Y-%m-%dT%H:%M:%S")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("every 30s", Every(30)),
        ("every 5m", Every(300)),
        ("  Every  5 Minutes ", Every(300)),
        ("every 1h30m", Every(5400)),
        ("every hour", Every(3600)),
        ("every 31d", Every(31 * 86400)),
        ("hourly", Cron("0 * * * *")),
        ("daily at 9:05", Cron("5 9 * * *")),
        ("every day at 23:59", Cron("59 23 * * *")),
        ("*/5 9-17 * * MON-FRI", Cron("*/5 9-17 * * mon-fri")),
    ],
)
def test_a_timetable_is_written_in_several_ways(text: str, expected: object) -> None:
    assert parse_timetable(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("every 29s", "at least 30s"),
        ("every 31d1s", "at most 31d"),
        ("every", "length of time"),
        ("every now and then", "length of time"),
        ("every 5x", "length of time"),
        ("every -5m", "length of time"),
        ("every 9999999d", "at most 31d"),
        ("daily at 24:00", "time of day"),
        ("61 * * * *", "five cron fields"),
        ("0 0 31 2 *", "five cron fields"),
        ("0 0 * *", "in quotes"),
        ("0 0 * * * *", "in quotes"),
        ("", "in quotes"),
    ],
)
def test_what_is_no_timetable_is_told_with_what_was_expected_and_an_example(text: str, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_timetable(text)
    assert said in raised.value.cause
    assert '"every 5m"' in raised.value.next_step


@pytest.mark.parametrize(
    "name", ["Europe", "../../etc/passwd", "/etc/localtime", "Europe/Berln", "", "a" * 200, "UTC\0"]
)
def test_what_is_no_time_zone_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="no time zone"):
        parse_time_zone(name)


class TestEvery:
    def test_runs_are_counted_from_when_it_was_made(self) -> None:
        assert following("every 5m", "2026-01-01T00:07:00") == "2026-01-01T00:10:10"

    def test_the_next_run_is_strictly_later(self) -> None:
        assert following("every 5m", "2026-01-01T00:05:10") == "2026-01-01T00:10:10"

    def test_a_restart_does_not_shift_it(self) -> None:
        restarts = [f"2026-01-01T00:0{minute}:00" for minute in range(1, 5)]
        assert {following("every 5m", restart) for restart in restarts} == {"2026-01-01T00:05:10"}

    def test_a_clock_that_was_set_back_does_not_make_it_run_at_once(self) -> None:
        assert following("every 5m", "2025-12-31T00:00:00") == "2026-01-01T00:05:10"


class TestCron:
    def test_monday_is_monday(self) -> None:
        assert following("0 9 * * 1", "2026-11-24T00:00:00") == "2026-11-30T09:00:00"  # a Monday
        assert following("0 9 * * mon", "2026-11-24T00:00:00") == "2026-11-30T09:00:00"

    def test_day_of_month_or_day_of_week(self) -> None:
        assert following("0 0 13 * 5", "2026-11-24T00:00:00") == "2026-11-27T00:00:00"  # the next Friday
        assert following("0 0 13 * 5", "2026-12-11T12:00:00") == "2026-12-13T00:00:00"  # a Sunday, the 13th

    def test_it_is_read_in_its_time_zone(self) -> None:
        assert following("0 9 * * *", "2026-07-01T00:00:00", BERLIN) == "2026-07-01T07:00:00"
        assert following("0 9 * * *", "2026-12-01T00:00:00", BERLIN) == "2026-12-01T08:00:00"

    def test_an_hour_that_the_clocks_skip_is_made_up_for(self) -> None:
        # 2026-03-29: 02:00 CET becomes 03:00 CEST, which is 01:00 UTC.
        assert following("30 2 * * *", "2026-03-28T12:00:00", BERLIN) == "2026-03-29T01:00:00"

    def test_an_hour_that_the_clocks_repeat_runs_a_daily_check_once(self) -> None:
        # 2026-10-25: 03:00 CEST becomes 02:00 CET, so 02:30 comes at 00:30 and at 01:30 UTC.
        first = following("30 2 * * *", "2026-10-24T12:00:00", BERLIN)
        assert first == "2026-10-25T00:30:00"
        assert following("30 2 * * *", first, BERLIN) == "2026-10-26T01:30:00"

    def test_an_hourly_check_runs_in_the_repeated_hour_too(self) -> None:
        runs, moment = [], "2026-10-24T23:30:00"
        for _ in range(4):
            moment = following("0 * * * *", moment, BERLIN)
            runs.append(moment[11:16])
        assert runs == ["00:00", "01:00", "02:00", "03:00"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("every 5m", "every 5 minutes"),
        ("every 1m", "every minute"),
        ("every 90s", "every 1 minute 30 seconds"),
        ("every 1d", "every day"),
        ("daily at 9:00", "at 09:00 every day (Europe/Berlin)"),
        ("0 9 * * mon-fri", "at 09:00 on Monday through Friday (Europe/Berlin)"),
        ("0 9 13 * fri", "at 09:00 on the 13th day of month or on Friday (Europe/Berlin)"),
    ],
)
def test_a_timetable_is_told_in_words(text: str, expected: str) -> None:
    assert in_words(parse_timetable(text), BERLIN) == expected
