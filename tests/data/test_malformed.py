"""Files that are wrong: a clear error and a workspace as it was, or all that the file says."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tastegraph.core.errors import TastegraphError
from tastegraph.core.records import DIFFERENT_FROM, SAME_AS, Event, Fact, Item, Link, Records
from tastegraph.data.events import read_events
from tastegraph.data.facts import read_facts, read_links
from tastegraph.data.items import read_items
from tastegraph.data.recbole import read_atomic_items
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.kg.from_store import graph_from_store
from tastegraph.store import catalogue, statements
from tastegraph.workspace import Workspace
from tests.support.limits import within
from tests.support.source_files import PACK, STRICT, fault, write

quick = settings(
    deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SUBCLASS = "http://www.w3.org/2000/01/rdf-schema#subClassOf"
ALIAS = "http://www.w3.org/2004/02/skos/core#altLabel"


def parquet(*rows: Mapping[str, object]) -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame(list(rows)).write_parquet(buffer)
    return buffer.getvalue()


def entity(**fields: object) -> str:
    return json.dumps({"id": "Q1", "claims": {}, **fields}, ensure_ascii=False)


def xml(content: str, prolog: str = "") -> str:
    return (
        f'{prolog}<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        f'xmlns:x="http://x/"><rdf:Description rdf:about="http://x/é">{content}'
        "</rdf:Description></rdf:RDF>"
    )


TERM = {"language": "fr", "value": "été"}
STATEMENT = {
    "rank": "normal",
    "mainsnak": {
        "snaktype": "value",
        "datatype": "time",
        "datavalue": {"type": "time", "value": {"time": "+1952-03-11T00:00:00Z", "precision": 11}},
    },
}
FACTS: dict[str, str | bytes] = {
    "f.nt": '<http://x/é> <http://x/p> "été"@fr .\n_:b <http://x/p> <http://x/é> .\n',
    "f.nq": '<http://x/é> <http://x/p> "1"^^<http://x/d> <http://g> .\n',
    "f.ttl": '@prefix x: <http://x/> .\nx:é x:p "été"@fr, 1.5, [ x:q ( x:a ) ] .\n',
    "f.trig": '@prefix x: <http://x/> .\nx:g { x:é x:p "été"@fr , x:b . }\n',
    "f.rdf": xml('<x:p xml:lang="fr">été</x:p>\n<x:q rdf:resource="http://x/b"/>'),
    "f.json": f"[\n{entity(labels={'fr': TERM}, claims={'P1': [STATEMENT]})},\n{entity()}\n]\n",
    "f.csv": 'head,relation,tail,literal,language,confidence\né,p,"a\nb",true,fr,0.5\na,p,b,,,\n',
    "f.tsv": "head\trelation\ttail\né\tp\tb\n",
    "f.jsonl": '{"head":"é","relation":"p","tail":"b","confidence":0.5}\n',
    "f.kg": "head_id:token\trelation_id:token\ttail_id:token\né\tp\tb\n",
    "f.parquet": parquet({"head": "é", "relation": "p", "tail": "b"}),
}
LINKS: dict[str, str | bytes] = {
    "l.csv": "item_id,entity\ni,é\n",
    "l.jsonl": '{"item_id":"i","entity":"é"}\n',
    "l.link": "item_id:token\tentity_id:token\ni\té\n",
    "l.parquet": parquet({"item_id": "i", "entity": "é"}),
}
ITEMS: dict[str, str | bytes] = {
    "i.csv": "item_id,title,text,genre\né,Été,x,a|b\nj,J,,\n",
    "i.jsonl": '{"item_id":"é","title":"Été","genre":["a","b"]}\n',
    "i.parquet": parquet({"item_id": "é", "title": "Été", "genre": ["a", "b"]}),
}
EVENTS: dict[str, str | bytes] = {
    "e.csv": "user_id,item_id,timestamp,value\né,i,5,1.5\né,i,2020-01-01,2\n",
    "e.jsonl": '{"user_id":"é","item_id":"i","type":"click"}\n',
    "e.inter": "user_id:token\titem_id:token\trating:float\né\ti\t4\n",
}
FILES = {**FACTS, **LINKS, **ITEMS, **EVENTS}
TEXTS = {name: text for name, text in FILES.items() if isinstance(text, str)}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A workspace that knows something already; every test leaves it so."""
    shop = Workspace.init(
        tmp_path_factory.mktemp("malformed") / "w",
        {"items": {"facts": {"genre": {"relation": "genre"}}}},
    )
    shop.ingest(
        items=[Item("i", "I"), Item("j", "J", attributes={"genre": ("a",)})],
        events=[Event("e", "u", "i")],
        facts={"other": [Fact("a", "p", "b", confidence=0.25), Fact("é", "p", "c")]},
        links={"other": [Link("i", "a")]},
    )
    yield shop
    shop.close()


def ingest(workspace: Workspace, path: Path, rejects: RejectedRows) -> None:
    if path.name in ITEMS:
        workspace.ingest(Records(items=read_items(path, rejects, workspace.config)))
    elif path.name in EVENTS:
        workspace.ingest(events=read_events(path, rejects))
    elif path.name in LINKS:
        workspace.ingest(links={path.name: read_links(path, rejects)})
    else:
        workspace.ingest(facts={path.name: read_facts(path, rejects)})


def stored(workspace: Workspace) -> dict[int, Fact]:
    with workspace.database.reading() as connection:
        return dict(statements.all_facts(connection))


def named(facts: Mapping[int, Fact]) -> set[int]:
    """The facts that read the same at every reading: blank nodes may have random names."""
    return {key for key, fact in facts.items() if "_:" not in f"{fact.subject} {fact.object}"}


def whole(workspace: Workspace, path: Path, rejects: RejectedRows | None = None) -> bool:
    """Import a file; whether it was imported, and then whole, or else not at all."""
    before, known, counts = workspace.fingerprint(), stored(workspace), workspace.counts()
    try:
        ingest(workspace, path, rejects or STRICT)
    except TastegraphError:
        assert workspace.fingerprint() == before
        assert workspace.counts() == counts
        return False
    if path.name not in ITEMS and path.name not in EVENTS:
        if path.name not in LINKS:
            facts_of_file = {
                statements.fact_id(fact): fact for fact in read_facts(path, rejects or STRICT)
            }
            now = stored(workspace)
            assert named({**facts_of_file, **known}) == named(now)
            assert len(facts_of_file.keys() | known.keys()) == len(now)
        with suppress(TastegraphError):  # where it said nothing
            workspace.knowledge.forget(path.name)
        assert workspace.fingerprint() == before
    return True


# What must be refused


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16-be", "utf-16-le", "utf-32-be"])
@pytest.mark.parametrize("name", TEXTS)
def test_another_encoding_is_refused(
    workspace: Workspace, tmp_path: Path, name: str, encoding: str
) -> None:
    assert not whole(workspace, write(tmp_path / name, TEXTS[name].encode(encoding)))


@pytest.mark.parametrize("name", TEXTS)
def test_a_line_in_another_encoding_is_refused(
    workspace: Workspace, tmp_path: Path, name: str
) -> None:
    head, last, tail = TEXTS[name].rpartition("é")
    data = head.encode() + last.encode("latin-1") + tail.encode()
    assert not whole(workspace, write(tmp_path / name, data))


DEEP = "[" * 200_000
LAUGHS = '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;"><!ENTITY c "&b;&b;">]>'
OUTSIDE = '<!DOCTYPE r [<!ENTITY c SYSTEM "file:///etc/hostname">]>'
HOSTILE: dict[str, tuple[str, str]] = {
    "laughs": ("f.rdf", xml("<x:p>&c;</x:p>", LAUGHS)),
    "outside": ("f.rdf", xml("<x:p>&c;</x:p>", OUTSIDE)),
    "deep xml": ("f.rdf", xml("<x:p>" * 20_000)),
    "deep turtle": ("f.ttl", "<http://a> <http://p> " + "[ <http://p> " * 20_000),
    "deep entity": ("f.json", f'{{"id":"Q1","claims":{DEEP}'),
    "deep value": ("f.json", entity(claims={"P1": "?"}).replace('"?"', DEEP)),
    "deep row": ("f.jsonl", f'{{"head":"a","relation":"p","tail":{DEEP}'),
    "long number": ("f.jsonl", '{"head":"a","relation":"p","tail":' + "9" * 10_000 + "}"),
    "name twice": ("f.jsonl", '{"head":"a","head":"c","relation":"p","tail":"b"}'),
    "surrogate": ("f.jsonl", '{"head":"a\\ud800","relation":"p","tail":"b"}'),
    "surrogate in JSON": ("f.json", entity(labels={"fr": TERM}).replace("été", "\\ud800")),
    "surrogate in RDF": ("f.nt", '<http://a> <http://p> "\\uD800" .\n'),
    "NUL": ("f.csv", "head,relation,tail\na,p,b\0\n"),
    "NUL in XML": ("f.rdf", xml("<x:p>\0</x:p>")),
    "bad last line": ("f.nt", "<http://a> <http://p> <http://b> .\n" * 30_000 + "<"),
    "bad last row": ("i.csv", "item_id,title,genre\n" + "k,K,a\n" * 30_000 + ",L,a\n"),
    "bad last event": ("e.csv", "user_id,item_id\n" + "u,i\n" * 30_000 + "u\n"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_files_are_refused(workspace: Workspace, tmp_path: Path, case: str) -> None:
    name, text = HOSTILE[case]
    assert not whole(workspace, write(tmp_path / name, text))


@pytest.mark.parametrize(
    "name",
    ["f.rdf", *(f"{name}{pack}" for name in ("f.nt", "f.json", "f.csv", "f.rdf") for pack in PACK)],
)
def test_a_truncated_file_is_refused(tmp_path: Path, name: str) -> None:
    content = FILES[name.removesuffix(next((pack for pack in PACK if pack in name), ""))]
    path = write(tmp_path / name, content)
    data = path.read_bytes()
    for length in range(1, len(data)):
        path.write_bytes(data[:length])
        fault(read_facts, path)


@pytest.mark.parametrize("length", range(1, len(str(FILES["f.json"]).encode()) - 2, 7))
def test_a_truncated_dump_is_refused(workspace: Workspace, tmp_path: Path, length: int) -> None:
    data = str(FILES["f.json"]).encode()[:length]
    assert not whole(workspace, write(tmp_path / "f.json", data))


def test_a_damaged_parquet_file_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    data = parquet(*({"head": f"a{k}", "relation": "p", "tail": "b"} for k in range(5000)))
    assert not whole(workspace, write(tmp_path / "f.parquet", data[:-20]))


# What must be imported


def literal(name: str, text: str) -> str:
    return {
        "f.nt": f'<http://x/a> <http://x/p> "{text}" .\n',
        "f.ttl": f'<http://x/a> <http://x/p> "{text}" .\n',
        "f.rdf": xml(f"<x:p>{text}</x:p>"),
        "f.json": entity(labels={"en": {"language": "en", "value": text}}),
        "f.csv": f"head,relation,tail,literal\na,p,{text},true\n",
        "f.jsonl": json.dumps({"head": "a", "relation": "p", "tail": text, "literal": True}),
    }[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["f.nt", "f.ttl", "f.rdf", "f.json", "f.csv", "f.jsonl"])
def test_a_literal_of_ten_megabytes(workspace: Workspace, tmp_path: Path, name: str) -> None:
    text = "x" * 10_000_000
    path = write(tmp_path / name, literal(name, text))
    [fact] = read_facts(path, STRICT)
    assert fact.object == text
    known = stored(workspace)
    ingest(workspace, path, STRICT)
    assert stored(workspace) == {**known, statements.fact_id(fact): fact}
    graph = graph_from_store(workspace.database, workspace.config)
    assert not any(text in value for value in graph.node_ids)
    workspace.knowledge.forget(path.name)


@pytest.mark.slow
def test_a_hundred_thousand_aliases_of_one_entity(workspace: Workspace, tmp_path: Path) -> None:
    count = 100_000
    text = "".join(f'<http://x/a> <{ALIAS}> "alias {k}"@en .\n' for k in range(count))
    path = write(tmp_path / "f.nt", text)
    nodes = graph_from_store(workspace.database, workspace.config).node_ids
    known = workspace.counts()["facts"]
    with within(8):
        ingest(workspace, path, STRICT)
        assert workspace.counts()["facts"] == known + count
        assert graph_from_store(workspace.database, workspace.config).node_ids == nodes
    assert workspace.knowledge.forget(path.name) == count


def test_cyclic_facts_are_imported(workspace: Workspace, tmp_path: Path) -> None:
    circle = [("a", "b"), ("b", "c"), ("c", "a"), ("a", "a")]
    lines = [
        f"<http://x/{head}> <{relation}> <http://x/{tail}> .\n"
        for relation in (SAME_AS, DIFFERENT_FROM, SUBCLASS)
        for head, tail in circle
    ]
    path = write(tmp_path / "f.nt", "".join(lines))
    assert len(list(read_facts(path, STRICT))) == 12
    assert whole(workspace, path)
    ingest(workspace, path, STRICT)
    graph = graph_from_store(workspace.database, workspace.config)
    assert np.all(graph.heads != graph.tails)
    assert SUBCLASS in graph.relations
    assert not {SAME_AS, DIFFERENT_FROM} & set(graph.relations)
    workspace.knowledge.forget(path.name)


def test_duplicates_count_once(tmp_path: Path) -> None:
    workspace = Workspace.init(tmp_path / "w")
    rows = "head,relation,tail,confidence\n" + "a,p,b,1\na,p,b,0.5\n" * 9
    facts = write(tmp_path / "f.csv", rows)
    items = write(tmp_path / "i.csv", "item_id,title\n" + "1,Old\n1,New\n" * 9)
    links = write(tmp_path / "l.csv", "item_id,entity\n" + "1,a\n" * 9)
    events = write(tmp_path / "e.csv", "user_id,item_id,event_id\n" + "u,1,e\n" * 9)
    for _ in range(2):
        for path in (facts, items, links, events):
            ingest(workspace, path, STRICT)
        assert workspace.counts() == dict.fromkeys(workspace.counts(), 1)
        facts_of_p = [fact for fact in stored(workspace).values() if fact.relation == "p"]
        assert [fact.confidence for fact in facts_of_p] == [1.0]
    with workspace.database.reading() as connection:
        assert [item.title for item in catalogue.all_items(connection)] == ["New"]
    workspace.close()


# Fuzzing

Change = Callable[[bytes], bytes]
SCRAPS = (
    b"\0", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\\ud800", b'"', b"'", b"<", b">", b"&a;",
    b"&#0;", b"\n", b"\r", b"\t", b",", b"\\", b"{", b"]", b"[" * 300, b"_:b", b"@prefix", b"1e999",
    b"<!DOCTYPE a>", b"<![CDATA[", b"<!--", b"null", b"\xe2\x80\xa8",
)  # fmt: skip


def flip(data: bytes, at: int, bits: int) -> bytes:
    at %= max(len(data), 1)
    return data[:at] + bytes(byte ^ bits for byte in data[at : at + 1]) + data[at + 1 :]


def put(data: bytes, at: int, scrap: bytes) -> bytes:
    at %= len(data) + 1
    return data[:at] + scrap + data[at:]


def repeat(data: bytes, at: int, length: int) -> bytes:
    at %= len(data) + 1
    return data[: at + length] + data[at:]


def drop(data: bytes, at: int, length: int) -> bytes:
    at %= len(data) + 1
    return data[:at] + data[at + length :]


places, lengths = st.integers(0, 1000), st.integers(1, 80)
changes: st.SearchStrategy[Change] = st.one_of(
    st.builds(lambda at, bits: lambda d: flip(d, at, bits), places, st.integers(1, 255)),
    st.builds(lambda at, scrap: lambda d: put(d, at, scrap), places, st.sampled_from(SCRAPS)),
    st.builds(lambda at, length: lambda d: repeat(d, at, length), places, lengths),
    st.builds(lambda at, length: lambda d: drop(d, at, length), places, lengths),
    st.builds(lambda at: lambda d: d[: at % (len(d) + 1)], places),
)


@pytest.mark.slow
@settings(quick, max_examples=300)
@given(
    name=st.sampled_from(sorted(TEXTS)),
    pack=st.sampled_from(["", "", *PACK]),
    before=st.lists(changes, max_size=3),
    after=st.lists(changes, max_size=1),
    skip=st.booleans(),
)
def test_an_altered_file_is_imported_whole_or_not_at_all(
    workspace: Workspace, tmp_path: Path, name: str, pack: str, before: list[Change],
    after: list[Change], skip: bool,
) -> None:  # fmt: skip
    data = TEXTS[name].encode()
    for change in before:
        data = change(data)
    path = write(tmp_path / f"{name}{pack}", data)
    for change in after:
        path.write_bytes(change(path.read_bytes()))
    whole(workspace, path, RejectedRows("skip") if skip else STRICT)


READERS = (read_events, read_items, read_facts, read_links, read_atomic_items)
HEADERS = (
    b"", b"user_id,item_id,value,timestamp\n", b"item_id,title,text\n", b"head,relation,tail\n",
    b"item_id,entity\n", b'{"user_id":"a","item_id":"b"', b"<http://a> <http://b> ",
    b'{"id":"Q1","claims":', b"<rdf:RDF", b"\x1f\x8b\x08", b"BZh9", b"\x28\xb5\x2f\xfd", b"PAR1",
)  # fmt: skip


NAMES = sorted(f"{name}{pack}" for name in FILES for pack in ("", *PACK))


@pytest.mark.slow
@settings(quick, max_examples=250)
@given(name=st.sampled_from(NAMES), head=st.sampled_from(HEADERS), data=st.binary(max_size=200))
def test_any_bytes_raise_only_errors_of_the_package(
    tmp_path: Path, name: str, head: bytes, data: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(head + data)
    for reader in READERS:
        for rejects in (STRICT, RejectedRows("skip", tmp_path / "rejects.jsonl")):
            with suppress(TastegraphError):
                list(reader(path, rejects))


IMPORT = """
import sys
from pathlib import Path
from tastegraph.data.facts import read_facts
from tastegraph.data.rejects import Rejects
from tastegraph.workspace import Workspace

path = Path(sys.argv[2])
Workspace(Path(sys.argv[1])).ingest(facts={"new": read_facts(path, Rejects("raise"))})
"""


@pytest.mark.slow
def test_altered_parquet_imports_nothing(workspace: Workspace, tmp_path: Path) -> None:
    """Where a size in a page's header is wrong, polars ends the whole process.

    https://github.com/pola-rs/polars/issues/15342
    """
    data = bytearray(parquet({"head": "é", "relation": "p", "tail": "b"}))
    data[40] ^= 1
    path = write(tmp_path / "f.parquet", bytes(data))
    before = workspace.fingerprint()
    workspace.close()
    ended = subprocess.run(
        [sys.executable, "-c", IMPORT, workspace.directory, path], capture_output=True, check=False
    )
    assert ended.returncode
    assert workspace.fingerprint() == before


@pytest.mark.slow
@settings(quick, max_examples=80)
@given(at=st.integers(1, 700), byte=st.integers(0, 255))
def test_a_parquet_file_with_an_altered_footer(
    workspace: Workspace, tmp_path: Path, at: int, byte: int
) -> None:
    data = bytearray(parquet({"head": "é", "relation": "p", "tail": "b"}))
    data[-at] = byte
    whole(workspace, write(tmp_path / "f.parquet", bytes(data)))
