"""Days and numbers as texts write them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastegraph.kg.extraction.annotated.values import (
    date_spans,
    number_spans,
    only_date,
    only_number,
)

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
WAYS = (
    "{y:04}-{m:02}-{d:02}", "{month} {d}, {y:04}", "{d} {month} {y:04}", "{d}th {month}, {y:04}",
    "the {d}th of {month}, {y:04}", "{month} {d}th {y:04}", "{short}. {d}, {y:04}",
    "{y:04}年{m}月{d}日",
)  # fmt: skip


@given(st.dates(date(1000, 1, 1), date(2999, 12, 31)), st.sampled_from(WAYS))
def test_a_day_is_itself_in_every_way_of_writing(day, way):
    month = MONTHS[day.month - 1]
    written = way.format(y=day.year, m=day.month, d=day.day, month=month, short=month[:3])
    spans = date_spans(f"It was on {written} that it began.")
    assert [span.days for span in spans] == [(day,)]


@given(st.dates(date(1000, 1, 1), date(2999, 12, 31)), st.sampled_from("-/."))
def test_a_day_in_numbers_alone_may_mean_two_days(day, mark):
    written = f"{day.month:02}{mark}{day.day:02}{mark}{day.year:04}"
    span = only_date(written)
    assert span is not None
    assert span.days[0] == day
    assert len(span.days) == (2 if day.day <= 12 and day.day != day.month else 1)


@pytest.mark.parametrize(
    "text", ["2014-02-30", "the 31st of April 1999", "10L/28R", "1-4165-2060-0", "Foo 12, 1999", ""]
)
def test_what_no_calendar_has_is_no_day(text):
    assert not date_spans(text)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("89", 89.0), ("2000000.0", 2e6), ("1,777,539", 1777539.0), ("-6", -6.0), ("−6", -6.0),
        ("+2", 2.0), ("1.5 million", 1.5e6), ("seven", 7.0), ("2.5E6", 2.5e6), ("12.50", 12.5),
    ],
)  # fmt: skip
def test_a_number_has_its_value(written, value):
    span = only_number(written)
    assert span is not None
    assert span.value == pytest.approx(value)


def test_a_range_is_no_negative_number():
    assert [span.value for span in number_spans("2014-15")] == [2014.0, 15.0]


@given(st.text(max_size=200))
def test_no_text_breaks_the_search(text):
    for span in [*date_spans(text), *number_spans(text)]:
        assert 0 <= span.start < span.end <= len(text)


@given(st.integers(0, 10**12))
def test_thousands_separators_change_nothing(value):
    span = only_number(f"{value:,}")
    assert span is not None
    assert span.value == value
