"""When a treatment goes out: after it has waited, never in quiet hours, at its hour wherever that is allowed."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from decisioning.catalog import QuietHours
from decisioning.catalog_file import read_catalog
from decisioning.errors import CatalogError
from decisioning.send_time import SendTime

ZONES = st.sampled_from([ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata")])
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1), timezones=st.just(UTC))
QUIET = QuietHours(time(21), time(8))


@given(MOMENTS, ZONES, st.integers(0, 100), st.none() | st.integers(0, 23))
def test_it_goes_out_as_soon_as_it_may(moment, zone, hours, hour):
    local, wait = moment.astimezone(zone), timedelta(hours=hours)
    at = SendTime(wait, hour).after(local, [QUIET])
    waited = moment + wait
    assert at.astimezone(UTC) >= waited
    assert not QUIET.covers(at)
    assert at == waited or (at.minute, at.second, at.microsecond) == (0, 0, 0)
    if hour is None:
        assert at.astimezone(UTC) - waited <= timedelta(hours=12)
    elif 8 <= hour < 21:
        assert at.hour == hour
        assert at.astimezone(UTC) - waited <= timedelta(hours=25)


HOURS = st.lists(st.tuples(st.integers(0, 23), st.integers(0, 23)).filter(lambda pair: pair[0] != pair[1]), max_size=4)


@given(MOMENTS, st.integers(0, 30), HOURS)
def test_of_several_quiet_hours_it_keeps_to_all_in_whatever_order_they_stand(moment, wait, pairs):
    quiet = [QuietHours(time(starts), time(ends)) for starts, ends in pairs]
    assume(any(not any(hours.covers(moment.replace(hour=hour)) for hours in quiet) for hour in range(24)))
    at = SendTime(timedelta(hours=wait)).after(moment, quiet)
    assert not any(hours.covers(at) for hours in quiet)
    assert at == SendTime(timedelta(hours=wait)).after(moment, quiet[::-1])


NIGHTS = {"Europe/Berlin": (3, 29), "Asia/Beirut": (3, 29), "America/Havana": (11, 1), "America/New_York": (11, 1)}
CLOCKS = st.builds(time, st.sampled_from([22, 23, 0, 1, 2, 3]), st.sampled_from([0, 30, 45]))


@given(st.sampled_from(sorted(NIGHTS)), st.integers(-900, 900), CLOCKS, CLOCKS, st.none() | st.integers(0, 3))
def test_in_the_night_in_which_clocks_are_moved_it_keeps_quiet_and_never_goes_out_before_it_may(
    name, minutes, starts, ends, hour
):
    zone, quiet = ZoneInfo(name), QuietHours(starts, ends)
    assume(starts != ends)
    moment = datetime(2026, *NIGHTS[name], 3, tzinfo=UTC) + timedelta(minutes=minutes)
    at = SendTime(hour=hour).after(moment.astimezone(zone), [quiet]).astimezone(UTC)
    assert at >= moment
    assert not quiet.covers(at.astimezone(zone))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("{channel: web, wait_hours: 2}", "channel 'web' shows at once; only an outbound one can wait"),
        ("{channel: mail, send_hour: 22}", "22:00 lies in the quiet hours of channel 'mail'"),
        ("{channel: mail, send_hour: 24}", "send_hour"),
    ],
)
def test_a_time_that_cannot_be_is_named(change, said):
    text = f"""
currency: EUR
channels: {{web: {{}}, mail: {{outbound: true}}}}
placements: {{home: {{channel: web}}, inbox: {{channel: mail}}}}
contact_policy: {{quiet_hours: [{{starts: "21:00", ends: "08:00"}}]}}
actions: {{card: {{issue: grow, group: cards, value: 1, treatments: {{one: {change}}}}}}}
"""
    with pytest.raises(CatalogError, match=said):
        read_catalog(text)
