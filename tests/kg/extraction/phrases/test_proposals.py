"""Proposed relations: the words that often stand beside names, as sections to paste."""

from __future__ import annotations

import json
import tomllib

import pytest

from tastegraph.core.config import Config
from tastegraph.core.records import Item
from tastegraph.store.schema import PATTERNS
from tastegraph.workspace import Workspace
from tests.support.film_club import RELATIONS, summaries
from tests.support.stored import facts_of


@pytest.fixture
def make_club(tmp_path):
    shops = []

    def make(items, settings=None) -> Workspace:
        shops.append(Workspace.init(tmp_path / f"club{len(shops)}", settings))
        shops[-1].ingest(items=items)
        return shops[-1]

    yield make
    for shop in shops:
        shop.close()


def films(file: str = "film_club.txt") -> list[Item]:
    return [film.item for film in summaries(file)]


def test_frequent_words_beside_names_are_proposed_with_counts_and_kinds(make_club):
    proposals = {p.relation: p for p in make_club(films()).knowledge.propose_relations()}
    director = proposals["director"]
    assert director.texts >= 35
    assert director.kind == "person"
    assert len(director.excerpts) == len(set(director.examples)) == 3
    assert any(example.startswith("directed by [") for example in director.examples)
    assert {"plays", "stars"} <= proposals.keys()


@pytest.mark.slow
def test_every_proposal_is_a_valid_section_that_reads_facts(make_club):
    proposals = make_club(films()).knowledge.propose_relations()
    settings = tomllib.loads("\n\n".join(proposal.toml() for proposal in proposals))
    assert len(Config.model_validate(settings).relations) == len(proposals)
    shop = make_club(films(), settings)
    shop.knowledge.derive(PATTERNS)
    read = facts_of(shop, PATTERNS)
    assert all(any(r == p.relation for _, r, _ in read) for p in proposals)


def test_chinese_words_are_proposed_too(make_club):
    shop = make_club(films("film_club_zh.txt"))
    proposals = {p.relation: p for p in shop.knowledge.propose_relations()}
    assert proposals["director"].phrase_zh == "导演"
    assert proposals["director"].texts == 16
    assert "由[沈雁秋]执导" in proposals["director"].examples
    assert "actor" in proposals


def test_years_are_a_relation_of_years(make_club):
    items = [Item(str(n), f"Film {n}", f"It was released in {1990 + n}.") for n in range(5)]
    (proposal,) = make_club(items).knowledge.propose_relations()
    assert (proposal.relation, proposal.kind, proposal.names) == ("released_in", "year", 5)


@pytest.mark.slow
def test_the_command_prints_sections_marks_known_ones_and_changes_nothing(make_club, tastegraph):
    shop = make_club(films(), {"relations": {"director": RELATIONS["director"]}})
    before = (shop.directory / "tastegraph.toml").read_text(encoding="utf-8")
    out = tastegraph("kg", "schema", shop.directory).out
    assert "these words are in the examples of [relations.director]" in out
    assert "[relations.plays]" in out
    entries = json.loads(tastegraph("kg", "schema", shop.directory, "--json").out)
    assert entries[0]["relation"] == "director"
    assert entries[0]["configured"] == "director"
    assert all(entry["toml"].startswith("[relations.") for entry in entries)
    assert (shop.directory / "tastegraph.toml").read_text(encoding="utf-8") == before
    assert not shop.knowledge.sources()


def test_without_texts_or_repeated_words_it_says_so(make_club, tastegraph):
    empty = tastegraph("kg", "schema", make_club([Item("1", "One")]).directory)
    assert empty.code == 1
    assert "no item with a text: import items with texts" in empty.err
    few = tastegraph("kg", "schema", make_club([Item("1", "One", "A film.")]).directory)
    assert "write relations of your own" in few.out
