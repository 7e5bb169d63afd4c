"""Linking: candidates, features, calibration, and the entity of an item or a mention."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tastegraph.core.arrays import binary
from tastegraph.core.config import GraphConfig
from tastegraph.core.records import LABEL, Fact, Item, Link
from tastegraph.kg.linking.calibration import expected_calibration_error, threshold_for
from tastegraph.kg.linking.candidates import (
    CANDIDATE_NEIGHBOURS,
    MAX_NAMESAKES,
    CandidateGenerator,
    NameIndex,
)
from tastegraph.kg.linking.entities import FIRST_YEAR, EntityIndex
from tastegraph.kg.linking.features import LINK_FEATURES, PairFeatures, lead, ranks
from tastegraph.kg.linking.linker import MIN_TRAINING_PAIRS, Linker
from tastegraph.kg.linking.queries import MentionInContext, item_query, mention_query
from tastegraph.kg.linking.scoring import plausibility

DBR = "http://dbpedia.org/resource/"


def entities(*facts):
    return EntityIndex(facts, GraphConfig().naming_relations)


def film(title, year, item_id=None, **attributes):
    return Item(item_id or title, f"{title} ({year})", attributes=attributes)


# Candidates


def test_the_name_index_returns_the_most_similar_names_in_order():
    neighbours, cosine = NameIndex(["Alien", "Aliens", "Heat"]).nearest(["ALIEN", "zzz"], 3)
    assert neighbours.tolist() == [[0, 1, -1], [-1, -1, -1]]
    assert cosine[0, 0] == pytest.approx(1)
    assert cosine[1].tolist() == [0, 0, 0]


CHINESE = (
    "霸王别姬", "花样年华", "重庆森林", "卧虎藏龙", "让子弹飞", "大话西游", "活着", "英雄",
    "无间道", "流浪地球", "阳光灿烂的日子", "我不是药神", "饮食男女",
)  # fmt: skip


def test_chinese_names_are_linked():
    graph = entities(
        *(Fact(f"film/{i}", LABEL, name, literal=True) for i, name in enumerate(CHINESE)),
        *(Fact(f"film/{i}", "导演", "person/1") for i in range(len(CHINESE))),
        Fact("person/1", LABEL, "王家卫", literal=True),
    )
    items = [Item(str(i), f"《{name}》") for i, name in enumerate(CHINESE)]
    linked = Linker(graph).link([*items, Item("none", "少林寺")])
    assert [result.entity_id for result in linked[:-1]] == [
        f"film/{i}" for i in range(len(CHINESE))
    ]
    assert linked[-1].entity_id is None


def test_namesakes_are_candidates_up_to_a_bound():
    facts = [Fact(f"e{i}", LABEL, "Episode (2001)", literal=True) for i in range(MAX_NAMESAKES + 9)]
    graph = entities(*facts, Fact(f"e{MAX_NAMESAKES + 8}", "part_of", "series"))
    candidates = CandidateGenerator(graph)
    assert candidates.n_namesakes("episode") == MAX_NAMESAKES
    pairs = candidates.pairs([item_query(Item("x", "Episode"))])
    assert len(pairs.query) == MAX_NAMESAKES
    assert graph.numbers[f"e{MAX_NAMESAKES + 8}"] in pairs.entity


def test_vectors_find_candidates_that_names_do_not():
    graph = entities(
        Fact("evil", LABEL, "Evil Angels", literal=True),
        *(
            Fact(f"x{i}", LABEL, f"Something {i}", literal=True)
            for i in range(2 * CANDIDATE_NEIGHBOURS)
        ),
    )

    def encode(texts):
        close = np.array(["Evil" in t or "Cry" in t for t in texts])
        return np.stack([close, ~close], axis=1).astype(np.float32)

    query = [item_query(Item("a", "A Cry in the Dark"))]
    assert 0 not in CandidateGenerator(graph).pairs(query).entity
    pairs = CandidateGenerator(graph, encode).pairs(query)
    assert pairs.cosine[pairs.entity.tolist().index(0)] == 1
    assert len(set(pairs.entity.tolist())) == len(pairs.entity)


# Entities and features


def test_the_entity_index_has_names_neighbours_ties_and_years():
    graph = entities(
        Fact("crash", "rdfs:label", "Crash", literal=True, language="en"),
        Fact("crash", "alias", "Collision (film)", literal=True),
        Fact("crash", "director", DBR + "David_Cronenberg"),
        Fact("crash", "subject", DBR + "1996_films"),
        Fact("crash", "released", "1996-10-04", literal=True),
        Fact("item:7", "subject", DBR + "1996_films"),
        Fact("item:7", "label", "skipped", literal=True),
        Fact("crash", "rdf:type", "Film"),
    )
    assert graph.ids == [
        "crash", DBR + "David_Cronenberg", DBR + "1996_films", "Film",
    ]  # fmt: skip
    assert graph.names[0] == ("Crash", "Collision (film)")
    assert graph.names[1] == ("David Cronenberg",)
    assert graph.degrees.tolist() == [4, 1, 1, 1]
    assert graph.years[[0]].toarray()[0, 1996 - FIRST_YEAR] == 2
    assert graph.ties.sum(axis=1).tolist()[0] == 6  # four relations, one type, one qualifier
    vocabulary, context = graph.context()
    assert context[[0]].toarray()[0, vocabulary["cronenberg"]]
    assert not context[[1]].toarray()[0, vocabulary["cronenberg"]]


def test_features_separate_a_remake_from_the_original():
    graph = entities(
        Fact(DBR + "Crash_(1996_film)", "subject", DBR + "1996_drama_films"),
        Fact(DBR + "Crash_(2004_film)", "subject", DBR + "2004_drama_films"),
    )
    candidates = CandidateGenerator(graph)
    queries = [item_query(film("Crash", 1996, genre=("Drama",)))]
    pairs = candidates.pairs(queries)
    table = PairFeatures(graph, candidates).table(queries, pairs)
    rows = {
        graph.ids[e]: dict(zip(LINK_FEATURES, table[p], strict=False))
        for p, e in enumerate(pairs.entity)
    }
    original, remake = rows[DBR + "Crash_(1996_film)"], rows[DBR + "Crash_(2004_film)"]
    assert original["exact"] == remake["exact"] == 1
    assert (original["qualifier_year"], remake["qualifier_year"]) == (1, -1)
    assert (original["near_year"], remake["near_year"]) == (1, 0)
    assert (original["year_lead"], remake["year_lead"]) == (1, -1)
    assert original["bearers"] == pytest.approx(np.log(3))
    # "1996" occurs at one film and its category, "drama" at both films: equal weights.
    assert original["context"] == pytest.approx(1)
    assert remake["context"] == pytest.approx(0.5)


def test_lead_over_the_best_other_candidate():
    group = np.array([0, 0, 0, 1, 2, 2])
    values = np.array([1.0, 3.0, 2.0, 5.0, 4.0, 4.0])
    assert lead(group, values).tolist() == [-2, 1, -1, 5, 0, 0]
    assert ranks(group, values).tolist() == [2, 0, 1, 0, 0, 1]
    assert lead(group[:0], values[:0]).tolist() == ranks(group[:0], values[:0]).tolist() == []


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-3, 3)), max_size=30))
def test_leads_and_ranks_follow_their_definition(rows):
    rows = sorted(rows, key=lambda row: row[0])
    group = np.array([g for g, _ in rows], dtype=np.int64)
    values = np.array([float(v) for _, v in rows])
    for i, (leads, rank) in enumerate(zip(lead(group, values), ranks(group, values), strict=True)):
        others = [values[j] for j in range(len(rows)) if j != i and group[j] == group[i]]
        assert leads == (values[i] - max(others) if others else values[i])
        members = [j for j in range(len(rows)) if group[j] == group[i]]
        assert rank == sorted(members, key=lambda j: (-values[j], j)).index(i)


def test_plausibility_by_hand():
    ties = binary([0, 1, 2, 3], [0, 0, 1, 1], (4, 2))
    log_odds = plausibility(ties, np.array([0]))
    # Smoothed: P(tie 0 | linked) = 2/3, P(tie 1 | linked) = 1/3; among the others 2/5 and 3/5.
    assert log_odds[1] == pytest.approx(np.log((2 / 3) * (2 / 3) / ((2 / 5) * (2 / 5))))
    assert log_odds[2] == pytest.approx(np.log((1 / 3) * (1 / 3) / ((3 / 5) * (3 / 5))))
    assert plausibility(ties, np.array([], dtype=int)).tolist() == [0, 0, 0, 0]


# Confidence


def test_expected_calibration_error_by_hand():
    confidence = np.array([0.95, 0.85, 0.95, 0.35])
    correct = np.array([True, True, False, False])
    # (0.9, 1]: two, mean .95, half right: .45; (0.8, .9]: .15; (0.3, .4]: .35.
    assert expected_calibration_error(confidence, correct) == pytest.approx(
        (2 * 0.45 + 0.15 + 0.35) / 4
    )
    assert expected_calibration_error(np.array([0.0, 1.0]), np.array([False, True])) == 0
    assert expected_calibration_error(np.zeros(0), np.zeros(0, bool)) == 0


def test_the_threshold_is_the_lowest_with_enough_precision():
    confidence = np.array([0.9, 0.8, 0.7, 0.7, 0.6])
    correct = np.array([True, True, False, True, True])
    assert threshold_for(0.8, confidence, correct) == 0.6
    assert threshold_for(0.9, confidence, correct) == 0.8
    assert threshold_for(0.9, confidence, ~correct) == float("inf")


@given(st.lists(st.tuples(st.integers(0, 10), st.booleans()), min_size=1), st.floats(0.1, 1))
def test_a_threshold_guarantees_its_precision(rows, precision):
    confidence = np.array([c / 10 for c, _ in rows])
    correct = np.array([r for _, r in rows])
    threshold = threshold_for(precision, confidence, correct)
    accepted = correct[confidence >= threshold]
    if len(accepted):
        assert accepted.mean() >= precision
    else:
        assert threshold == float("inf")
    for lower in np.unique(confidence[confidence < threshold]):
        assert correct[confidence >= lower].mean() < precision


# The linker

WORDS = (
    "amber", "basalt", "cedar", "delta", "ember", "falcon", "garnet", "harbor", "indigo", "jasper",
    "krypton", "lantern", "meadow", "nectar", "onyx", "prairie", "quartz", "raven", "saffron",
    "thicket",
)  # fmt: skip


def world():
    """200 films, remade ten years later; a soundtrack each; people; and items for some films."""
    facts, items, links = [], [], []
    for i, first in enumerate(WORDS):
        for j, second in enumerate(WORDS[:10]):
            name = f"{first.title()} {second.title()}"
            for year in (1980 + i, 1990 + i):
                entity = f"{DBR}{name}_({year}_film)".replace(" ", "_")
                facts += [
                    Fact(entity, "director", f"{DBR}Director_{i}"),
                    Fact(entity, "subject", f"{DBR}{year}_films"),
                ]
                item_id = f"{i}.{j}.{year}"
                items.append(film(name, year, item_id))
                links.append(Link(item_id, entity))
            facts.append(
                Fact(f"{DBR}{name}_(soundtrack)".replace(" ", "_"), "artist", f"{DBR}A{j}")
            )
    return facts, items, links


@pytest.mark.slow
def test_a_fitted_linker_links_and_refuses_missing_entities():
    facts, items, links = world()
    missing = {link.entity_id for link in links[::20]}
    graph = entities(*(fact for fact in facts if fact.subject not in missing))
    linker = Linker(graph).fit(links[::2], items)
    linked = linker.link(items)
    pairs = list(zip(linked, links, strict=True))
    n_correct = sum(result.entity_id == link.entity_id for result, link in pairs)
    n_linked = sum(result.entity_id is not None for result in linked)
    assert n_correct / n_linked > 0.97
    assert n_correct / (len(links) - len(missing)) > 0.95
    absent = [result for result, link in pairs if link.entity_id in missing]
    assert sum(result.entity_id is None for result in absent) >= len(absent) - 1
    assert [result.item_id for result in linked] == [item.item_id for item in items]
    assert linker.link([]) == []
    again = Linker(graph).fit(links[::2], items)
    assert again.threshold == linker.threshold
    assert again.link(items) == linked


@pytest.mark.slow
def test_without_known_links_unambiguous_items_are_linked():
    facts, items, links = world()
    graph = entities(*facts)
    few = Linker(graph).fit(links[: MIN_TRAINING_PAIRS - 1], items)
    linked = Linker(graph).link(items)
    assert few.link(items) == linked
    assert [result.entity_id for result in linked] == [link.entity_id for link in links]
    (unknown,) = Linker(graph).link([film("Velvet Mirage", 1985)])
    assert unknown.entity_id is None


def test_an_unlinked_item_has_candidates_for_review():
    graph = entities(
        Fact(DBR + "Solaris_(1972_film)", "director", DBR + "Andrei_Tarkovsky"),
        Fact(DBR + "Solaris_(2002_film)", "director", DBR + "Steven_Soderbergh"),
    )
    linker = Linker(graph)
    linker.threshold = 1.0
    (linked,) = linker.link([film("Solaris", 1972)])
    assert linked.entity_id is None
    assert linked.candidates[0].entity_id == DBR + "Solaris_(1972_film)"
    assert linked.confidence == linked.candidates[0].confidence > linked.candidates[1].confidence


def test_a_mention_is_resolved_by_its_context():
    graph = entities(
        Fact("q1", LABEL, "Paris", literal=True),
        Fact("q1", "capital_of", DBR + "France"),
        Fact("q2", LABEL, "Paris", literal=True),
        Fact("q2", "county_seat_of", DBR + "Texas"),
        *(Fact(f"{DBR}Town_{i}", "in", DBR + "Texas") for i in range(9)),
    )
    mentions = [
        MentionInContext("Paris", "the capital of France"),
        MentionInContext("paris", "a town in Texas"),
    ]
    linked = Linker(graph).link_mentions(mentions)
    assert [result.candidates[0].entity_id for result in linked] == ["q1", "q2"]
    assert [result.item_id for result in linked] == ["0", "1"]
    assert mention_query("0", MentionInContext("Crash (film)", "of 1996")).years == {1996}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=12)), max_size=4))
def test_any_text_can_be_linked(mentions):
    graph = entities(
        Fact("a", LABEL, "Alien", literal=True), Fact("a", "year", "1979", literal=True)
    )
    linked = Linker(graph).link_mentions([MentionInContext(*mention) for mention in mentions])
    assert len(linked) == len(mentions)
    assert all(0 <= result.confidence <= 1 for result in linked)


def test_an_empty_graph_links_nothing():
    (linked,) = Linker(entities()).link([Item("a", "Alien")])
    assert (linked.entity_id, linked.confidence, linked.candidates) == (None, 0, ())


def test_too_few_training_pairs_change_nothing():
    graph = entities(*(Fact(f"e{i}", LABEL, f"Name {i}", literal=True) for i in range(99)))
    items = [Item(str(i), f"Title {i}") for i in range(99)]
    unfitted = Linker(graph).fit([Link(item.item_id, "gone") for item in items], items)
    assert unfitted.link(items) == Linker(graph).link(items)
    assert Linker(graph).fit([], items).link([]) == []
