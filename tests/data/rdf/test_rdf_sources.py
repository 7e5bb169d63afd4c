"""RDF in every syntax: what is read, which line is at fault, and what a file may not do."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tastegraph.core.import_report import ImportReport
from tastegraph.core.records import Fact
from tastegraph.data.facts import fact_columns, read_facts
from tastegraph.data.rdf import checked_xml, ntriples
from tastegraph.data.rdf.documents import ENDINGS
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.data.tables import line_blocks, text_files
from tests.support.limits import within
from tests.support.source_files import PACK, STRICT, fault, write

A_P_B = "<http://a> <http://p> <http://b> .\n"
TEXT = (
    "<http://x/a> <http://x/p> <http://x/b> .\n# comment\n\n"
    '_:n <http://x/p> "two\\nlines"@en .\n'
    '<http://x/a> <http://x/p> "5"^^<http://www.w3.org/2001/XMLSchema#int> .\n'
)
XML = """<?xml version="1.0"?>
<!DOCTYPE rdf:RDF [<!ENTITY xsd "http://www.w3.org/2001/XMLSchema#">]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:x="http://x/">
  <rdf:Description rdf:about="http://x/a"><x:p rdf:resource="http://x/b"/></rdf:Description>
  <rdf:Description rdf:nodeID="n"><x:p xml:lang="en">two
lines</x:p></rdf:Description>
  <rdf:Description rdf:about="http://x/a"><x:p rdf:datatype="&xsd;int">5</x:p></rdf:Description>
</rdf:RDF>
"""
FACTS = [
    Fact("http://x/a", "http://x/p", "http://x/b"),
    Fact("_:n", "http://x/p", "two\nlines", literal=True, language="en"),
    Fact(
        "http://x/a", "http://x/p", "5", literal=True,
        datatype="http://www.w3.org/2001/XMLSchema#int",
    ),
]  # fmt: skip


@pytest.mark.parametrize("pack", ["", *PACK])
@pytest.mark.parametrize("ending", ENDINGS)
def test_every_syntax_gives_the_same_facts(tmp_path: Path, ending: str, pack: str) -> None:
    text = XML if ending in (".rdf", ".owl") else TEXT
    assert list(read_facts(write(tmp_path / f"f{ending}{pack}", text), STRICT)) == FACTS


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("f.nq", "<http://a> <http://p> <http://b> <http://g> .\n"),
        ("f.trig", "<http://g> { <http://a> <http://p> <http://b> }\n"),
    ],
)
def test_graph_names_are_left_out(tmp_path: Path, name: str, text: str) -> None:
    path = write(tmp_path / name, text)
    assert list(read_facts(path, STRICT)) == [Fact("http://a", "http://p", "http://b")]


# Line by line


@pytest.mark.parametrize(
    "line",
    ["<a> <http://p> <http://b> .", "nonsense", '<http://a> <http://p> "open .', "\xff",
     "<http://a> <http://p> <<( <http://a> <http://p> <http://b> )>> .",
     "<http://a> <http://p>\n<http://b> ."],
)  # fmt: skip
def test_ntriples_are_read_on_after_a_bad_line(tmp_path: Path, line: str) -> None:
    path = write(tmp_path / "f.nt", (A_P_B + line + "\n" + A_P_B).encode("latin-1"))
    error = fault(read_facts, path)
    assert (error.file, error.line) == (str(path), 2)
    rejects = RejectedRows("skip")
    assert len(list(read_facts(path, rejects))) == 2
    assert rejects.count == 1 + line.count("\n")


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(bad=st.sets(st.integers(0, 29), max_size=4), size=st.integers(1, 12))
def test_facts_do_not_depend_on_the_chunk_size(tmp_path: Path, bad: set[int], size: int) -> None:
    gap = "  "  # with it, pyoxigraph parses the line
    lines = [f"_:b{k % 3}{gap[: 1 + k % 2]}<http://p> _:c{k} ." for k in range(30)]
    lines = ["broken" if k in bad else line for k, line in enumerate(lines)]
    path = write(tmp_path / "f.nt", "\n".join(lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ntriples, "MAX_LINES_PER_CHUNK", size)
        patch.setattr(line_blocks, "BLOCK_BYTES", 40 * size)
        patch.setattr(line_blocks, "_READ_BYTES", 40)
        rejects = RejectedRows("skip", tmp_path / "rejects.jsonl")
        facts = list(read_facts(path, rejects))
        rejects.close()
        good = [Fact(f"_:b{k % 3}", "http://p", f"_:c{k}") for k in range(30) if k not in bad]
        assert facts == good
        assert rejects.count == len(bad)
        if bad:
            assert fault(read_facts, path).line == min(bad) + 1


def test_ntriples_are_read_fast(tmp_path: Path) -> None:
    text = "".join(f'<http://x/{n}> <http://x/p> "{n}"@en .\n' for n in range(50_000))
    path = write(tmp_path / "f.nt", text)
    with within(3):
        assert sum(1 for _ in read_facts(path, STRICT)) == 50_000


iris = st.text("abcé", max_size=4).map("http://x/{}".format)
literal_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(facts=st.lists(st.tuples(iris, iris, literal_text), max_size=5))
def test_literals_round_trip(tmp_path: Path, facts: list[tuple[str, str, str]]) -> None:
    escaped = [
        '<{}> <{}> "{}" .\n'.format(s, p, "".join(f"\\U{ord(c):08x}" for c in o))
        for s, p, o in facts
    ]
    path = write(tmp_path / "f.nt", "".join(escaped))
    assert [(f.subject, f.relation, f.object) for f in read_facts(path, STRICT)] == facts


# Whole files


def test_turtle_stops_at_an_error_and_says_so(tmp_path: Path) -> None:
    path = write(
        tmp_path / "f.ttl", "@prefix x: <http://x/> .\nx:a x:p x:b .\nx:a ;;\nx:c x:p 1 .\n"
    )
    error = fault(read_facts, path)
    assert error.line == 3
    assert "nothing after it" in error.expected
    rejects = RejectedRows("skip")
    assert list(read_facts(path, rejects)) == [Fact("http://x/a", "http://x/p", "http://x/b")]
    assert rejects.count == 1


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("f.ttl", "@prefix x: <http://x/> .\nx:a x:p x:b .\nx:a ;;\nx:c x:p 1 .\n", 3),
        ("f.rdf", XML.replace('rdf:nodeID="n"', 'rdf:about="relative"'), 9),
    ],
)
def test_the_report_says_from_which_line_on_nothing_was_read(
    tmp_path: Path, name: str, text: str, line: int
) -> None:
    path, report = write(tmp_path / name, text), ImportReport()
    frames = list(fact_columns(path, RejectedRows("skip"), report=report))
    assert sum(map(len, frames)) == 1
    counts = report.counts("facts", name)
    assert (counts.read, counts.left_out) == (2, 1)
    (finding,) = report.findings
    assert f"nothing was read from line {line} on" in finding.text
    assert "1 statements before it were" in str(fault(read_facts, path).expected)


@pytest.mark.parametrize("until", ["<rdf:Description rdf:node", "lines</x:p>", "</rdf:RDF"])
def test_xml_that_ends_too_early_is_an_error(tmp_path: Path, until: str) -> None:
    """pyoxigraph alone takes a file without its end for a whole one."""
    path = write(tmp_path / "f.rdf", XML.partition(until)[0])
    assert "nothing after this line" in fault(read_facts, path).expected
    rejects = RejectedRows("skip")
    facts = list(read_facts(path, rejects))
    assert facts == FACTS[: len(facts)]
    assert rejects.count == 1


def test_the_line_of_bad_rdf_in_good_xml(tmp_path: Path) -> None:
    path = write(tmp_path / "f.rdf", XML.replace('"http://x/b"', '"relative"'))
    error = fault(read_facts, path)
    assert (error.line, "relative" in str(error.value)) == (9, True)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_xml_is_utf_8(tmp_path: Path, encoding: str) -> None:
    text = XML.replace("two", "zwö").replace("1.0", f'1.0" encoding="{encoding}').encode(encoding)
    assert fault(read_facts, write(tmp_path / "f.rdf", text)).file.endswith("f.rdf")


def document(declared: str, content: str) -> str:
    return (
        f"<!DOCTYPE rdf:RDF [{declared}]>"
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:x="http://x/">'
        f'<rdf:Description rdf:about="http://x/a"><x:p>{content}</x:p></rdf:Description></rdf:RDF>'
    )


LAUGHS = '<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{k + 1} "{f"&a{k};" * 10}">' for k in range(12))


@pytest.mark.parametrize("content", ["&a12;", "no reference is needed"])
def test_entities_cannot_grow(tmp_path: Path, content: str) -> None:
    path = write(tmp_path / "f.rdf", document(LAUGHS, content))
    tracemalloc.start()
    error = fault(read_facts, path)
    assert tracemalloc.get_traced_memory()[1] < 5e6
    tracemalloc.stop()
    assert "do not refer to others" in error.expected


@pytest.mark.parametrize("length", [200_000, 20])
def test_entities_cannot_grow_by_repetition(tmp_path: Path, length: int) -> None:
    declared = f'<!ENTITY a "{"x" * length}">'
    path = write(tmp_path / "f.rdf", document(declared, "&a;" * (40_000_000 // length)))
    error = fault(read_facts, path)
    assert "amplification" in str(error.value) or "a text of at most" in error.expected


@pytest.mark.parametrize("kind", ["SYSTEM", 'PUBLIC "p"'])
@pytest.mark.parametrize("percent", ["", "% "])
def test_entities_cannot_refer_to_files(tmp_path: Path, kind: str, percent: str) -> None:
    secret = write(tmp_path / "secret", "secret")
    declared = f'<!ENTITY {percent}a {kind} "{secret.as_uri()}">'
    for content in ("&a;", "x"):
        error = fault(read_facts, write(tmp_path / "f.rdf", document(declared, content)))
        assert "another file" in error.expected
    path = write(tmp_path / "g.rdf", document("", "x").replace("[]", f'SYSTEM "{secret.as_uri()}"'))
    assert [fact.object for fact in read_facts(path, STRICT)] == ["x"]


def test_long_texts_and_tags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checked_xml, "MAX_NODE_BYTES", 10_000)
    assert len(list(read_facts(write(tmp_path / "f.rdf", document("", "x" * 9_000)), STRICT))) == 1
    for text in (
        document("", "x" * 11_000),
        document("", f"<!--{'x' * 11_000}-->"),
        document("", "x").replace("/a", "/" + "a" * 20_000),
        document(" " * 11_000, "x"),
        document("".join(f'<!ENTITY abbreviation{k} "v">' for k in range(1000)), "x"),
    ):
        assert "at most 10,000" in fault(read_facts, write(tmp_path / "f.rdf", text)).expected


# Zstandard


def test_several_zstandard_frames_are_read(tmp_path: Path) -> None:
    path = tmp_path / "f.nt.zst"
    path.write_bytes(b"".join(zstandard.compress(A_P_B.encode() * n) for n in (1, 2000, 0, 3)))
    assert sum(1 for _ in read_facts(path, STRICT)) == 2004
    path.write_bytes(b"")
    assert list(read_facts(path, STRICT)) == []


@pytest.mark.parametrize("at", [3, 9, 40, -1, -5])
@pytest.mark.parametrize("name", ["f.nt.zst", "f.ttl.zst", "f.rdf.zst"])
def test_a_truncated_zstandard_frame_is_an_error(tmp_path: Path, name: str, at: int) -> None:
    path = write(tmp_path / name, document("", "x") if "rdf" in name else A_P_B * 50)
    path.write_bytes(path.read_bytes()[:at])
    assert "nothing after" in fault(read_facts, path).expected


@pytest.mark.slow
def test_decompression_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "f.nt.zst"
    packer = zstandard.ZstdCompressor(level=19).compressobj()
    with path.open("wb") as file:
        for _ in range(300):
            file.write(packer.compress(b"\n" + b"x" * 999_999))
        file.write(packer.flush())
    assert path.stat().st_size < 100_000
    tracemalloc.start()
    with text_files.open_bytes(path) as stream:
        assert sum(len(piece) for piece in iter(lambda: stream.read(2**16), b"")) == 300_000_000
    assert tracemalloc.get_traced_memory()[1] < 80e6
    tracemalloc.stop()


def test_a_window_too_large_is_an_error(tmp_path: Path) -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=30, enable_ldm=True)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    path = tmp_path / "f.nt.zst"
    path.write_bytes(packer.compress(A_P_B.encode()) + packer.flush())
    assert "memory" in str(fault(read_facts, path).value)
