"""HTML in cells is read as text, and what is no HTML stays as it is."""

from __future__ import annotations

from html import escape

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tastegraph.data.cells.html_text import BLOCKS, INLINE, plain_text, without_html
from tests.support.limits import within


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("<p>One<br>two</p><p>three</p>", "One\ntwo\nthree"),
        ("<ul>\n <li>a</li>\n <li>b</li>\n</ul>", "a\nb"),
        ("<b>Bold</b> text", "Bold text"),
        ("<P CLASS=x>Up</P>", "Up"),
        ("a<br/>b<br />c", "a\nb\nc"),
        ("Home &amp; Garden", "Home & Garden"),
        ("Men&#39;s &#x2019;", "Men's \u2019"),
        ("a&nbsp;b", "a b"),
        ("x<script>alert('<p>')</script>y<style>p {}</style>", "xy"),
        ("<head><title>t</title></head>body", "body"),
        ("<a href='x>y' title=\"y\">link</a>", "link"),
        ("<b title=it's>x</b>", "x"),
        ("<!-- hidden -->shown", "shown"),
        ("<!DOCTYPE html><p>x</p>", "x"),
        ("&lt;p&gt;Hi &amp;amp; bye&lt;/p&gt;", "Hi & bye"),
        ("<p>a < b & c</p>", "a < b & c"),
        ("<p>&#0;&#xD800;</p>", "\ufffd\ufffd"),
        ("<p></p>", ""),
    ],
)
def test_html_is_read_as_text(cell: str, text: str) -> None:
    assert plain_text(cell) == text


@pytest.mark.parametrize(
    "cell",
    [
        "a < b", "a<b and c>d", "AT&T", "R&D;", "&copy b", "<Untitled>", "I <3 you", "<b",
        "use &lt;b&gt; for bold".replace("&lt;", "<").replace("&gt;", "").replace("<b", "< b"),
        "<!-- never closed", "f(x)<g(x)", "List<String>", "  two  blanks\n", "",
    ],
)  # fmt: skip
def test_what_is_no_html_stays(cell: str) -> None:
    assert plain_text(cell) == cell
    assert not without_html(pl.Series([cell]))[1].any()


def test_hidden_elements_that_do_not_end_are_text() -> None:
    assert plain_text("<script>never closed") == "never closed"


@given(st.lists(st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1)))
def test_escaped_words_come_back(words: list[str]) -> None:
    cell = "".join(f"<p>{escape(word)}</p>" for word in words)
    assert plain_text(cell) == "\n".join(words)


@example("Salt &amp; Pepper<br>Set")
@given(st.text(st.sampled_from("<>/&;#pbr \n-!x\"'=")))
def test_the_column_and_the_cell_agree(cell: str) -> None:
    cells = pl.Series("c", [cell, None, "plain"], dtype=pl.String)
    texts, changed = without_html(cells)
    assert cells.to_list() == [cell, None, "plain"]
    assert texts.to_list() == [plain_text(cell), None, "plain"]
    assert changed.to_list() == [plain_text(cell) != cell, False, False]


def test_every_known_element_is_dropped() -> None:
    for name in BLOCKS | INLINE:
        assert "<" not in plain_text(f"a<{name}>b</{name}>c")


@pytest.mark.parametrize(
    "unit", ["<!--", "<b", "<b ", "<b x='", '<b a="', "<script>", "<script></", "&lt", "<!doctype "]
)
def test_hostile_cells_take_time_in_proportion_to_their_length(unit: str) -> None:
    with within(2):
        plain_text("<b>x</b>" + unit * 100_000)
