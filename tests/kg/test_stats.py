"""Statistics of the graph: relations, violations, orphans and hubs."""

import pytest

from tastegraph.core.config import Config
from tastegraph.core.records import Fact, Link
from tastegraph.kg.stats import Hub, graph_stats


def stats_of(*facts, items=("alien", "heat"), links=()):
    return graph_stats(items, facts, links, Config())


def test_relations_have_counts_domain_and_range():
    result = stats_of(
        Fact("m.a", "star", "weaver"),
        Fact("item:heat", "star", "pacino"),
        Fact("pacino", "knows", "item:alien"),
        Fact("weaver", "type", "person"),
        Fact("item:heat", "year", "1995", literal=True),
        Fact("weaver", "label", "S. Weaver", literal=True),
        links=[Link("alien", "m.a")],
    )
    assert (result.facts, result.items, result.entities, result.values) == (6, 2, 3, 1)
    assert result.types == {"person": 1}
    described = {r.relation: (r.facts, r.subjects, r.domain, r.range) for r in result.relations}
    assert described == {
        "star": (2, 2, {"item": 2}, {"entity": 2}),
        "knows": (1, 1, {"entity": 1}, {"item": 1}),
        "type": (1, 1, {"entity": 1}, {"entity": 1}),
        "year": (1, 1, {"item": 1}, {"value": 1}),
        "label": (1, 1, {"entity": 1}, {"value": 1}),
    }
    assert result.relations[0].relation == "star"


@pytest.mark.parametrize(("subjects", "functional"), [(100, True), (99, False)])
def test_a_relation_is_functional_where_99_of_100_subjects_have_one_object(subjects, functional):
    facts = [Fact(f"x{k}", "born", str(1900 + k), literal=True) for k in range(subjects)]
    (relation,) = stats_of(*facts, Fact("x7", "born", "1800", literal=True)).relations
    assert (relation.subjects, relation.functional) == (subjects, functional)
    assert relation.violations == (["x7"] if functional else [])


def test_one_name_per_language_is_functional():
    both = [Fact("x", "label", f"name {tag}", True, "", tag) for tag in ("en", "zh")]
    assert stats_of(*both).relations[0].functional
    assert (
        not stats_of(*both, Fact("x", "label", "another", True, "", "en")).relations[0].functional
    )


def test_orphans_are_entities_with_one_edge_and_no_name():
    result = stats_of(
        Fact("item:heat", "star", "pacino"),
        Fact("item:heat", "star", "deniro"),
        Fact("item:heat", "star", "kilmer"),
        Fact("kilmer", "born_in", "la"),
        Fact("deniro", "label", "R. De Niro", literal=True),
        Fact("item:heat", "year", "1995", literal=True),
    )
    assert result.orphans == ["pacino", "la"]
    assert result.nameless == []
    assert result.items_without_facts == ["alien"]


def test_an_entity_is_nameless_where_neither_a_label_nor_its_id_names_it():
    result = stats_of(
        Fact("item:heat", "star", "m.04t36"),
        Fact("item:alien", "star", "m.04t36"),
        Fact("item:heat", "star", "Q42"),
        Fact("item:heat", "star", "Al_Pacino"),
        Fact("Q42", "label", "R. De Niro", literal=True),
        Fact("item:heat", "year", "1995", literal=True),
    )
    assert result.nameless == ["m.04t36"]


def test_a_hub_has_more_than_twenty_times_what_nearly_all_have():
    facts = [Fact(f"x{k}", "in", "world") for k in range(200)]
    assert stats_of(*facts).hubs == [Hub("world", 200)]
    assert stats_of(*facts[:20]).hubs == []


def test_statistics_of_an_empty_graph():
    result = stats_of(items=())
    assert (result.facts, result.relations, result.hubs, result.orphans) == (0, [], [], [])
