"""The graph: which ids are one node, which facts are edges, and the controls of evaluations."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tastegraph.core.config import Config, GraphConfig, RelationConfig
from tastegraph.core.records import Fact, Item, Link
from tastegraph.kg.graph import MAX_NODE_VALUE_LENGTH, KnowledgeGraph, build_graph

ALIEN, HEAT, FARGO = Item("alien", "Alien"), Item("heat", "Heat"), Item("fargo", "Fargo")


def build(*facts, items=(ALIEN, HEAT, FARGO), extra=(), links=(), config=None):
    return build_graph(items, extra, enumerate(facts), links, config or Config())


def names(graph):
    return [f"item:{i}" for i in graph.item_ids] + [n.replace("\x1f", "=") for n in graph.node_ids]


def edges(graph):
    """Every edge by name."""
    node_names = names(graph)
    return {
        (node_names[h], graph.relations[r], node_names[t])
        for h, r, t in zip(graph.heads, graph.relation, graph.tails, strict=True)
    }


def test_items_come_first_by_id_then_the_other_nodes():
    graph = build(Fact("item:heat", "star", "pacino"), Fact("pacino", "born_in", "nyc"))
    assert graph.item_ids == ["alien", "fargo", "heat"]
    assert graph.node_ids == ["pacino", "nyc"]
    assert graph.labels == ["Alien", "Fargo", "Heat", "", ""]
    assert (graph.n_items, graph.n_nodes) == (3, 5)
    assert graph.heads.tolist() == [2, 3]
    assert graph.tails.tolist() == [3, 4]
    assert graph.facts.tolist() == [0, 1]
    assert [graph.relations[r] for r in graph.relation] == ["star", "born_in"]
    assert graph.degrees.tolist() == [0, 0, 1, 2, 1]


def test_an_item_and_the_entity_linked_to_it_are_one_node():
    graph = build(
        Fact("m.alien", "star", "weaver"),
        Fact("item:alien", "genre", "horror"),
        Fact("weaver", "played_in", "m.alien"),
        links=[Link("alien", "m.alien")],
    )
    assert edges(graph) == {("item:alien", "star", "weaver"), ("item:alien", "genre", "horror")}
    assert "m.alien" not in graph.node_ids


def test_an_entity_linked_to_two_items_stands_for_both():
    graph = build(
        Fact("m.film", "star", "weaver"),
        Fact("heat", "based_on", "m.film"),
        Fact("m.film", "remake_of", "m.film"),
        links=[Link("alien", "m.film"), Link("fargo", "m.film")],
    )
    assert edges(graph) == {
        ("item:alien", "star", "weaver"),
        ("item:fargo", "star", "weaver"),
        ("item:heat", "based_on", "item:alien"),
        ("item:heat", "based_on", "item:fargo"),
        ("item:alien", "remake_of", "item:fargo"),
        ("item:fargo", "remake_of", "item:alien"),
    }
    assert sorted(graph.facts.tolist()) == [0, 0, 1, 1, 2, 2]


def test_an_item_linked_to_two_entities_is_both():
    graph = build(
        Fact("m.1", "star", "weaver"),
        Fact("m.2", "genre", "horror"),
        links=[Link("alien", "m.1"), Link("alien", "m.2")],
    )
    assert {head for head, _, _ in edges(graph)} == {"item:alien"}


def test_a_bare_id_is_the_item_only_where_the_item_has_no_link():
    facts = [Fact("1", "genre", "drama"), Fact("2", "genre", "comedy"), Fact("Q1", "star", "x")]
    graph = build(*facts, items=[Item("1", "One"), Item("2", "Two")], links=[Link("1", "Q1")])
    assert edges(graph) == {
        ("1", "genre", "drama"),
        ("item:2", "genre", "comedy"),
        ("item:1", "star", "x"),
    }


def test_the_id_of_an_item_may_be_the_entity_of_another():
    """Two sources count from 1: item 1 is entity 2, and item 2 has no entity."""
    graph = build(
        Fact("2", "genre", "drama"),
        Fact("item:2", "genre", "comedy"),
        items=[Item("1", "One"), Item("2", "Two")],
        links=[Link("1", "2")],
    )
    assert edges(graph) == {("item:1", "genre", "drama"), ("item:2", "genre", "comedy")}


def test_an_id_with_the_prefix_is_the_item_linked_or_not():
    graph = build(
        Fact("item:alien", "sequel", "item:heat"),
        Fact("x", "about", "item:nobody"),
        links=[Link("alien", "m.alien")],
    )
    assert edges(graph) == {
        ("item:alien", "sequel", "item:heat"),
        ("x", "about", "item:nobody"),
    }


def test_links_of_unknown_items_are_ignored():
    graph = build(Fact("m.x", "star", "y"), links=[Link("gone", "m.x")])
    assert edges(graph) == {("m.x", "star", "y")}


def test_items_of_events_only_are_named_by_their_id():
    graph = build(Fact("seen", "genre", "drama"), items=[HEAT], extra=["seen", "heat"])
    assert graph.item_ids == ["heat", "seen"]
    assert graph.labels[:2] == ["Heat", "seen"]
    assert edges(graph) == {("item:seen", "genre", "drama")}


def test_graph_ends_so_many_steps_from_any_item():
    facts = [
        Fact("item:heat", "star", "pacino"),
        Fact("pacino", "born_in", "new york"),
        Fact("new york", "in", "usa"),
        Fact("usa", "continent", "america"),
        Fact("far", "knows", "away"),
        Fact("pacino", "label", "Al Pacino", literal=True),
    ]
    whole = build(*facts)
    for steps, n_edges, n_entities in ((1, 1, 1), (2, 2, 2), (3, 3, 3), (9, 4, 4)):
        graph = build(*facts, config=Config(graph=GraphConfig(max_steps=steps)))
        assert edges(graph) < edges(whole)
        assert (len(graph.heads), len(graph.node_ids)) == (n_edges, n_entities)
        assert graph.item_ids == whole.item_ids
        assert graph.labels[graph.n_items] == "Al Pacino"


def test_edge_between_two_near_nodes_is_no_step_from_an_item():
    facts = [
        Fact("item:heat", "star", "pacino"),
        Fact("item:alien", "star", "weaver"),
        Fact("pacino", "knows", "weaver"),
    ]
    graph = build(*facts, config=Config(graph=GraphConfig(max_steps=1)))
    assert edges(graph) == {("item:heat", "star", "pacino"), ("item:alien", "star", "weaver")}


def test_labels_come_from_the_best_relation():
    config = Config(graph=GraphConfig(label_relations=("best", "good", "fair")))
    graph = build(
        Fact("item:heat", "star", "pacino"),
        Fact("pacino", "fair", "fair name", literal=True),
        Fact("pacino", "good", "good name", literal=True),
        Fact("pacino", "good", "guter Name", literal=True, language="de"),
        Fact("item:heat", "star", "deniro"),
        Fact("deniro", "best", "best name", literal=True),
        Fact("deniro", "fair", "fair name", literal=True),
        Fact("item:heat", "best", "not the title", literal=True),
        Fact("nobody", "best", "in no edge", literal=True),
        config=config,
    )
    assert dict(zip(names(graph), graph.labels, strict=True)) == {
        "item:alien": "Alien",
        "item:fargo": "Fargo",
        "item:heat": "Heat",
        "pacino": "good name",
        "deniro": "best name",
    }
    assert graph.relations == ["star"]


def test_a_label_relation_between_entities_is_an_edge():
    graph = build(Fact("item:heat", "name", "n:heat"))
    assert edges(graph) == {("item:heat", "name", "n:heat")}


@pytest.mark.parametrize("option", ["alias_relations", "description_relations"])
def test_aliases_and_descriptions_are_no_values(option):
    relations = getattr(GraphConfig(), option)
    facts = [
        Fact("item:heat", "star", "pacino"),
        *(Fact("pacino", relation, "Al", literal=True) for relation in relations),
    ]
    assert edges(build(*facts)) == {("item:heat", "star", "pacino")}
    config = Config(graph=GraphConfig(**{option: ()}))
    assert len(edges(build(*facts, config=config))) == 1 + len(relations)
    assert edges(build(Fact("item:heat", relations[0], "al"))) == {
        ("item:heat", relations[0], "al")
    }


def test_long_literals_are_left_out():
    graph = build(
        Fact("item:heat", "motto", "x" * MAX_NODE_VALUE_LENGTH, literal=True),
        Fact("item:heat", "plot", "x" * (MAX_NODE_VALUE_LENGTH + 1), literal=True),
        Fact("item:heat", "entity", "x" * (MAX_NODE_VALUE_LENGTH + 1)),
    )
    assert graph.relations == ["motto", "entity"]


def test_a_disabled_relation_is_left_out():
    config = Config(
        relations={"star": RelationConfig(use=False), "genre": RelationConfig(phrase="kind")}
    )
    graph = build(
        Fact("item:heat", "star", "pacino"), Fact("item:heat", "genre", "crime"), config=config
    )
    assert graph.relations == ["genre"]
    assert graph.node_ids == ["crime"]


def test_equal_values_of_two_relations_are_two_nodes_and_no_entity():
    graph = build(
        Fact("item:heat", "year", "1995", literal=True),
        Fact("item:fargo", "year", "1995", literal=True),
        Fact("item:alien", "budget", "1995", literal=True),
        Fact("item:alien", "sold_in", "1995"),
        Fact("1995", "label", "an entity", literal=True),
    )
    assert edges(graph) == {
        ("item:heat", "year", "year=1995"),
        ("item:fargo", "year", "year=1995"),
        ("item:alien", "budget", "budget=1995"),
        ("item:alien", "sold_in", "1995"),
    }
    assert graph.labels[3:] == ["1995", "1995", "an entity"]


def test_there_are_no_loops():
    graph = build(
        Fact("item:heat", "like", "heat"),
        Fact("item:heat", "like", "alien"),
        Fact("x", "like", "x"),
    )
    assert edges(graph) == {("item:heat", "like", "item:alien")}


def test_confidence_follows_its_edge_through_sorting():
    graph = build(
        Fact("item:heat", "star", "z", confidence=0.25),
        Fact("item:alien", "star", "z", confidence=0.5),
        Fact("item:alien", "a", "z", confidence=0.75),
    )
    assert graph.facts.tolist() == [1, 2, 0]
    assert graph.confidence.tolist() == [0.5, 0.75, 0.25]


def test_a_graph_without_facts_has_its_items():
    graph = build()
    assert (graph.n_items, graph.n_nodes, len(graph.heads)) == (3, 3, 0)
    assert graph.degrees.tolist() == graph.neighbours.tolist() == [0, 0, 0]
    assert build(items=[]).n_nodes == 0


def test_an_inverse_relation_is_left_out():
    graph = build(
        Fact("pacino", "acted_in", "item:heat"),
        Fact("item:heat", "star", "pacino"),
        Fact("item:alien", "star", "weaver"),
        Fact("weaver", "acted_in", "item:alien"),
    )
    assert graph.relations == ["star"]
    assert sorted(graph.facts.tolist()) == [1, 2]


# Controls.


def graph_of(edges, n_items=4, n_others=4):
    table = np.array(sorted(edges), dtype=np.int32).reshape(-1, 3)
    return KnowledgeGraph(
        item_ids=[f"i{k}" for k in range(n_items)],
        node_ids=[f"n{k}" for k in range(n_others)],
        labels=[f"label {k}" for k in range(n_items + n_others)],
        relations=list("abcd"),
        heads=table[:, 0],
        relation=table[:, 1],
        tails=table[:, 2],
        facts=np.arange(len(table), dtype=np.int64) * 7,
        confidence=np.linspace(0.1, 1, len(table), dtype=np.float32),
    )


graphs = st.builds(
    graph_of,
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 3), st.integers(0, 7)), max_size=40),
)


@given(graphs, st.integers(0, 3))
def test_shuffling_permutes_objects_within_each_relation(graph, seed):
    shuffled = graph.shuffled(seed)
    np.testing.assert_array_equal(shuffled.heads, graph.heads)
    np.testing.assert_array_equal(shuffled.relation, graph.relation)
    np.testing.assert_array_equal(shuffled.facts, graph.facts)
    assert Counter(
        zip(shuffled.relation.tolist(), shuffled.tails.tolist(), strict=True)
    ) == Counter(zip(graph.relation.tolist(), graph.tails.tolist(), strict=True))
    np.testing.assert_array_equal(graph.shuffled(seed).tails, shuffled.tails)
    assert (shuffled.n_nodes, shuffled.labels) == (graph.n_nodes, graph.labels)


def test_shuffling_depends_on_the_seed_and_copies():
    graph = graph_of([(k % 8, 0, (3 * k) % 8) for k in range(30)])
    before = graph.tails.copy()
    one, other = graph.shuffled(1), graph.shuffled(2)
    assert (one.tails != other.tails).any()
    assert (one.tails != before).any()
    np.testing.assert_array_equal(graph.tails, before)


@given(graphs)
def test_without_edges_has_the_same_nodes(graph):
    bare = graph.without_edges()
    assert len(bare.heads) == len(bare.tails) == len(bare.facts) == len(bare.confidence) == 0
    assert (bare.item_ids, bare.node_ids, bare.labels, bare.relations) == (
        graph.item_ids, graph.node_ids, graph.labels, graph.relations,
    )  # fmt: skip


@given(graphs, st.lists(st.booleans(), min_size=4, max_size=4))
def test_a_restricted_graph_is_the_induced_subgraph(graph, others):
    mask = np.array([True] * graph.n_items + others)
    subgraph = graph.restricted_to(mask)

    def edge_rows(source):
        node_names = source.item_ids + source.node_ids
        ends = zip(
            source.heads,
            source.relation,
            source.tails,
            source.facts,
            source.confidence,
            strict=True,
        )
        return [(node_names[h], r, node_names[t], f, c) for h, r, t, f, c in ends]

    retained = {name for name, k in zip(graph.item_ids + graph.node_ids, mask, strict=True) if k}
    assert edge_rows(subgraph) == [
        e for e in edge_rows(graph) if e[0] in retained and e[2] in retained
    ]
    labels = dict(zip(graph.item_ids + graph.node_ids, graph.labels, strict=True))
    assert subgraph.labels == [labels[name] for name in subgraph.item_ids + subgraph.node_ids]
    assert subgraph.item_ids == graph.item_ids
    assert subgraph.heads.dtype == subgraph.tails.dtype == np.int32


edge_facts = st.builds(
    Fact,
    subject=st.sampled_from(["item:a", "a", "b", "E", "x", "y"]),
    relation=st.sampled_from(["r", "s", "label"]),
    object=st.sampled_from(["item:b", "a", "b", "E", "x", "z"]),
    literal=st.booleans(),
    confidence=st.sampled_from([0.5, 1.0]),
)


@settings(max_examples=60)
@given(st.lists(edge_facts, max_size=15))
def test_every_graph_is_sorted_and_complete(facts):
    graph = build(*facts, items=[Item("a", "A"), Item("b", "B")], links=[Link("a", "E")])
    rows = list(zip(graph.heads, graph.relation, graph.tails, strict=True))
    assert rows == sorted(rows)
    assert len(graph.labels) == graph.n_nodes
    assert set(graph.relation.tolist()) == set(range(len(graph.relations)))
    assert (graph.heads != graph.tails).all()
    for edge, (_, relation, _) in zip(graph.facts, rows, strict=True):
        assert facts[edge].relation == graph.relations[relation]
    assert "E" not in graph.node_ids
