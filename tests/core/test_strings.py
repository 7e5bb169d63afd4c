"""Strings in arrays come back as they were, and their rows are found, whatever they contain."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastegraph.core import strings
from tastegraph.core.strings import (
    MappedStrings,
    digest,
    insert_strings,
    pack_ids,
    pack_strings,
    unpack_strings,
)

HOSTILE = [
    "",
    " ",
    "a\x00",
    "a\x00b",
    "ITEM:",
    "entity\x1f",
    "𝒳",
    "\ud800",
    "\udc00\ud800",
    "é",
    "é",
]
TEXTS = st.lists(st.text() | st.text(st.characters(categories=["Cs"])) | st.sampled_from(HOSTILE))


@given(TEXTS)
def test_strings_come_back_as_they_were_packed(texts):
    packed = pack_strings("x", texts)
    assert {name: array.dtype for name, array in packed.items()} == {
        "x": np.uint8,
        "x.ends": np.int64,
    }
    assert unpack_strings(packed["x"], packed["x.ends"]) == texts
    mapped = MappedStrings.of_arrays(packed, "x")
    assert list(mapped) == [mapped[row] for row in range(len(texts))] == texts
    assert mapped[1:] == texts[1:]
    assert mapped[::-2] == texts[::-2]
    assert [mapped[row - len(texts)] for row in range(len(texts))] == texts
    assert mapped == texts
    assert mapped == MappedStrings.of(texts)
    assert mapped != [*texts, ""]


@given(TEXTS, TEXTS)
def test_rows_are_found_as_by_a_dictionary(texts, others):
    mapped, rows = MappedStrings.of(texts), {text: row for row, text in enumerate(texts)}
    for text in [*texts, *others, *HOSTILE]:
        assert mapped.row(text) == mapped.row_of_digest(digest(text)) == rows.get(text)
        assert (text in mapped) == (text in rows)
    assert None not in mapped


@given(TEXTS, TEXTS, st.integers(0, 9))
def test_strings_are_inserted_where_they_belong(texts, others, at):
    at = min(at, len(texts))
    expected = [*texts[:at], *others, *texts[at:]]
    for packed in (pack_strings, pack_ids):
        grown = insert_strings(packed("x", texts), "x", at, others)
        whole = packed("x", expected)
        assert {*grown} == {*whole}
        for name, array in whole.items():
            np.testing.assert_array_equal(grown[name], array)
            assert grown[name].dtype == array.dtype


@given(TEXTS, TEXTS, st.integers(1, 3))
def test_strings_whose_hashes_collide_are_told_apart(texts, others, n_hashes):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strings, "_first_bits", lambda of_text: of_text[0] % n_hashes)
        test_rows_are_found_as_by_a_dictionary.hypothesis.inner_test(texts, others)


def test_hashes_are_the_same_in_every_process():
    assert pack_ids("x", ["a"])["x.hashes"].tolist() == [14608863320967583690]


def test_arrays_that_do_not_belong_together_are_refused():
    packed = pack_ids("x", ["a", "bc"])
    for name in packed:
        with pytest.raises(ValueError, match="do not belong together"):
            MappedStrings.of_arrays({**packed, name: packed[name][:-1]}, "x")


def test_rows_are_only_found_where_hashes_were_written():
    mapped = MappedStrings.of_arrays(pack_strings("x", ["a"]), "x")
    assert "a" in mapped
    assert "b" not in mapped
    with pytest.raises(ValueError, match="without hashes"):
        mapped.row("a")


@pytest.mark.parametrize("row", [2, -3])
def test_a_row_that_does_not_exist_is_an_error(row):
    with pytest.raises(IndexError, match="of 2 strings"):
        MappedStrings.of(["a", "b"])[row]
