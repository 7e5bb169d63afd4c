"""N-Triples and N-Quads in columns give what pyoxigraph gives, line by line."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tastegraph.core.fact_columns import facts_of
from tastegraph.core.records import Fact
from tastegraph.data.rdf.ntriples import read_statement_lines
from tastegraph.data.rdf.terms import fact_of_quad
from tastegraph.data.rejected_rows import RejectedRows
from tests.support.source_files import write

SYNTAX = {".nt": ox.RdfFormat.N_TRIPLES, ".nq": ox.RdfFormat.N_QUADS}

# Characters and pieces at which a rule of the syntax turns.
PIECES = (
    "http://x/a", "http://x", "urn:a", "urn:tastegraph:b%20c", "urn:tastegraph:b c", "a", "x:",
    "http://", "//", "/", ":", "?", "#", "%", "%41", "%4", "[", "]", "@", "..", "é", "流",
    "\u00a0", "\ufdd0", "\ue000", "\ufffe", "\U0001f600", "\U000effff", "\x7f", "\x01", "\t",
    " ", "\\", "\\n", "\\u0041", "\\uD800", '"', "'", "<", ">", "{", "^", "`", "|", "\r", "en",
    "zh-Hans", "EN-us", "-", "a1", "abcdefghi", "_:", "_", "0", "00", "ff", ".", ";", "&", "=",
    "^^", "--ltr", "\x00", "\u2028", "http://www.w3.org/2001/XMLSchema#string",
    "http://www.w3.org/2001/XMLSchema#integer",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString",
)  # fmt: skip
pieces = st.lists(st.sampled_from(PIECES), max_size=3).map("".join)
characters = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), max_size=4)
words = pieces | characters
iris = (words.map("http://x/{}".format) | words).map("<{}>".format)
labels = words.map("_:{}".format) | st.sampled_from(["_:b", "_:0a", "_:ff", "_:a.b", "_:a-1"])
literals = st.builds(
    '"{}"{}'.format, words, st.just("") | words.map("@{}".format) | iris.map("^^{}".format)
)
gaps = st.sampled_from([" "] * 8 + ["", "\t", "  ", "\r"])
lines = st.builds(
    "{}{}{}{}{}{}{}.{}".format,
    iris | labels, gaps, iris, gaps, iris | labels | literals, gaps,
    st.just("") | iris.map("{} ".format), st.sampled_from([""] * 8 + [" ", " # comment", "\r"]),
)  # fmt: skip
any_lines = lines | st.sampled_from(["", "# comment", " ", "\r", "#\x00"]) | words


def by_pyoxigraph(text: str, syntax: ox.RdfFormat) -> list[Fact] | None:
    """The facts of a line; ``None`` where it is not accepted."""
    if "\x00" in text:
        return None
    try:
        return [fact_of_quad(quad, "f", 1) for quad in ox.parse(text, syntax, lenient=False)]
    except (SyntaxError, ValueError):
        return None


@pytest.mark.parametrize("ending", SYNTAX)
@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(texts=st.lists(any_lines, max_size=8))
@example(texts=['<http://x/a> <http://x/p> "a"@en--ltr .'])
@example(texts=['<http://x/a> <http://x/p> "a"^^<http://www.w3.org/2001/XMLSchema#string> .'])
@example(texts=["<http://x/a> <urn:tastegraph:b%20c> <urn:tastegraph:d> ."])
def test_columns_hold_what_pyoxigraph_reads(tmp_path: Path, ending: str, texts: list[str]) -> None:
    path = write(tmp_path / f"f{ending}", "\n".join(texts).encode())
    rejects = RejectedRows("skip")
    facts = [
        fact
        for frame in read_statement_lines(path, rejects, SYNTAX[ending])
        for fact in facts_of(frame)
    ]
    expected = [by_pyoxigraph(text, SYNTAX[ending]) for text in texts]
    assert rejects.count == expected.count(None)
    stated = [fact for of_line in expected for fact in of_line or ()]
    assert facts == stated
