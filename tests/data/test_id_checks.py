"""Ids that do not meet are counted, shown, and their likely cause is named."""

from __future__ import annotations

import polars as pl
import pytest

from tastegraph.data.id_checks import IdMismatch, unmatched_ids


def test_ids_that_meet_are_no_mismatch() -> None:
    ids = pl.Series(["a", "b", "a", None])
    assert unmatched_ids(ids, pl.Series(["b", "a", "c"])) is None
    assert unmatched_ids(ids.cast(pl.Categorical), pl.Series(["b", "a"])) is None
    assert unmatched_ids(ids.clear(), pl.Series([], dtype=pl.String)) is None


def test_unknown_ids_are_counted_and_shown_in_their_order() -> None:
    ids = pl.Series(["z", "a", "y", "z", None, "x", "w"])
    expected = IdMismatch(5, 4, 5, ("z", "y", "x"))
    assert unmatched_ids(ids, pl.Series(["a", "b"])) == expected
    assert expected.in_words() == "4 of 5 ids (5 rows), such as 'z', 'y', 'x'"


@pytest.mark.parametrize(
    ("unknown", "known", "difference"),
    [
        ("7.0", "7", "decimals"),
        ("7", "7.00", "decimals"),
        ("0042", "42", "zeros"),
        (" B1 ", "B1", "blanks"),
        ("B1", "B1\u00a0", "blanks"),
        ("B00x", "b00X", "case"),
        ("caf\u00e9", "cafe\u0301", "unicode"),
        ("\uff11\uff12", "12", "unicode"),
        ("http://www.wikidata.org/entity/Q42", "Q42", "url"),
        ("Q42", "<https://shop.example/p/Q42/?a=b#c>", "url"),
        ("gid://shopify/Product/632910392", "632910392", "url"),
        ("item:12", "12", "prefix"),
        ("B1", "B2", None),
        ("", "7", None),
    ],
)
def test_the_likely_cause_is_named(unknown: str, known: str, difference: str | None) -> None:
    mismatch = unmatched_ids(pl.Series([unknown, "same"]), pl.Series(["other", known, "same"]))
    assert mismatch is not None
    assert mismatch.difference == difference
    if difference:
        assert (mismatch.explained, mismatch.example) == (1, (unknown, known))
        assert f"{unknown!r} is probably {known!r} (1 such)" in mismatch.in_words()
    else:
        assert mismatch.cause == ""


def test_the_cause_that_explains_most_ids_is_named() -> None:
    ids = pl.Series(["1.0", "2.0", "a b", "A"])
    mismatch = unmatched_ids(ids, pl.Series(["1", "2", "a", "a b"]))
    assert mismatch is not None
    assert (mismatch.unknown, mismatch.difference, mismatch.explained) == (3, "decimals", 2)
