"""Facts of items, read as annotated sentences teach it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from tastegraph.core.errors import ConfigError, NotFoundError, RowError
from tastegraph.core.records import ITEM, LABEL, Fact, Item
from tastegraph.kg.review.annotated import EXTRACTOR, passages
from tastegraph.store.schema import PATTERNS, evidence
from tests.kg.extraction.annotated.test_extractor import corpus

from .test_derivation import facts_of, open_workspace

ITEMS = [
    Item("1", "Purple Meadow (1990)", "Purple Meadow was directed by Zoe Quill and stars Max Ude."),
    Item("2", "Amber Hill", "Zoe Quill directed Amber Hill, a 97 minute film starring Lu Pike."),
    Item("3", "Untitled", ""),
]
SETTINGS = {"extraction": {"annotated": "film.jsonl"}}


def write(folder: Path, rows: list[dict]) -> None:
    lines = "\n".join(json.dumps(row) for row in rows)
    (folder / "film.jsonl").write_text(lines, encoding="utf-8")


def rows() -> list[dict]:
    return [
        {
            "sent": sentence.text,
            "triples": [
                {"sub": t.subject, "rel": t.relation, "obj": t.object} for t in sentence.triples
            ],
        }
        for sentence in corpus(60)
    ]


def test_texts_of_items_state_facts_about_the_items():
    with open_workspace(SETTINGS) as shop:
        write(shop.directory, rows())
        known = Fact("p:quill", LABEL, "Zoe Quill", literal=True)
        shop.ingest(items=ITEMS, facts={"names": [known]})
        shop.knowledge.derive(PATTERNS)
        facts = set(facts_of(shop, PATTERNS))
    assert {
        (f"{ITEM}1", "director", "p:quill"),
        (f"{ITEM}1", "starring", "name:max ude"),
        ("name:max ude", LABEL, "Max Ude"),
        (f"{ITEM}2", "director", "p:quill"),
        (f"{ITEM}2", "starring", "name:lu pike"),
        (f"{ITEM}2", "runtime", "97.0"),
    } <= facts
    assert all(subject.startswith((ITEM, "name:")) for subject, _, _ in facts)


def test_a_text_that_does_not_name_its_item_is_about_it():
    text = "It was directed by Zoe Quill and stars Max Ude. It runs 95 minutes."
    with open_workspace(SETTINGS) as shop:
        write(shop.directory, rows())
        shop.ingest(items=[Item("1", "Purple Meadow", text)])
        shop.knowledge.derive(PATTERNS)
        assert (f"{ITEM}1", "director", "name:zoe quill") in facts_of(shop, PATTERNS)
        with shop.database.reading() as connection:
            evidence_rows = connection.execute(select(evidence)).all()
    spans = [row for row in evidence_rows if row.document == f"{ITEM}1"]
    assert {text[row.start : row.end] for row in spans} == {"Zoe Quill", "Max Ude", "95"}
    assert {row.extractor for row in spans} == {EXTRACTOR}


def test_without_a_file_nothing_is_learned(capsys):
    with open_workspace() as shop:
        shop.ingest(items=ITEMS)
        assert shop.knowledge.derive(PATTERNS) == 0


def test_deriving_twice_changes_nothing():
    with open_workspace(SETTINGS) as shop:
        write(shop.directory, rows())
        shop.ingest(items=ITEMS)
        first = shop.knowledge.derive(PATTERNS), set(facts_of(shop, PATTERNS))
        assert (shop.knowledge.derive(PATTERNS), set(facts_of(shop, PATTERNS))) == first


def test_what_is_left_out_is_said(capsys):
    with open_workspace(SETTINGS) as shop:
        extra = {"sent": "Nothing.", "triples": [{"sub": "A B", "rel": "director", "obj": "C D"}]}
        write(shop.directory, [*rows(), extra])
        same = [Fact(entity, LABEL, "Zoe Quill", literal=True) for entity in ("p:1", "p:2")]
        shop.ingest(items=ITEMS, facts={"names": same})
        capsys.readouterr()
        shop.knowledge.derive(PATTERNS)
    messages = "".join(capsys.readouterr())
    assert "1 more being left out" in messages
    assert "A B director C D" in messages
    assert "several entities have the name" in messages
    assert "Zoe Quill" in messages


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (None, NotFoundError),
        ('{"sent": 1}\n', RowError),
        ('{"sent": "Nothing.", "triples": []}\n', ConfigError),
    ],
)
def test_a_file_that_cannot_be_used_is_an_error_and_leaves_the_facts(content, error):
    with open_workspace(SETTINGS) as shop:
        write(shop.directory, rows())
        shop.ingest(items=ITEMS)
        shop.knowledge.derive(PATTERNS)
        before = set(facts_of(shop, PATTERNS))
        path = shop.directory / "film.jsonl"
        path.unlink()
        if content is not None:
            path.write_text(content, encoding="utf-8")
        with pytest.raises(error):
            shop.knowledge.derive(PATTERNS)
        assert set(facts_of(shop, PATTERNS)) == before


def test_passages_are_whole_sentences_and_cover_the_text():
    text = "A sentence of some length stands here. " * 40
    spans = list(passages(text))
    assert "".join(text[start:end] for start, end in spans) == text
    assert all(text[start:end].strip().endswith(".") for start, end in spans)
    assert len(spans) > 2
    assert list(passages("")) == []
