"""Names, candidates, confidence, and which entity an item or a mention is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tastegraph.core.arrays import binary
from tastegraph.core.config import GraphConfig
from tastegraph.core.records import LABEL, Fact, Item, Link
from tastegraph.kg.linking.calibration import expected_calibration_error, threshold_for
from tastegraph.kg.linking.candidates import BEARERS, LIKE, Candidates, NameIndex
from tastegraph.kg.linking.entities import FIRST_YEAR, Entities
from tastegraph.kg.linking.features import NAMES, Features, lead, ranks
from tastegraph.kg.linking.linker import FEWEST, Linker
from tastegraph.kg.linking.queries import Mention, item_query, mention_query
from tastegraph.kg.linking.scoring import plausible
from tastegraph.kg.names import (  # fmt: skip
    name_in,
    normalised,
    numbers,
    parted,
    readings,
    terms,
    years,
)
from tests.support.limits import within

DBR = "http://dbpedia.org/resource/"


def entities(*facts):
    return Entities(facts, GraphConfig().naming_relations)


def film(title, year, item_id=None, **attributes):
    return Item(item_id or title, f"{title} ({year})", attributes=attributes)


# Names


@pytest.mark.parametrize(
    ("identifier", "name"),
    [
        (DBR + "Crash_(1996_film)", "Crash (1996 film)"),
        (DBR + "Star_Trek:_Insurrection", "Star Trek: Insurrection"),
        (DBR + "O_Brother,_Where_Art_Thou%3F", "O Brother, Where Art Thou?"),
        ("http://example.org/films#Alien", "Alien"),
        ("http://example.org/Alien/", "Alien"),
        ("director:Ridley Scott", "Ridley Scott"),
        ("dbr:Face/Off", "Face/Off"),
        ("urn:film:Alien", "Alien"),
        ("Alien: Resurrection", "Alien: Resurrection"),
        ("m.0abc", "m.0abc"),
    ],
)
def test_an_id_says_a_name(identifier, name):
    assert name_in(identifier) == name


@pytest.mark.parametrize(
    ("title", "names", "qualifiers"),
    [
        ("Matrix, The (1999)", ("The Matrix",), ("1999",)),
        ("Avventura, L' (1960)", ("L'Avventura",), ("1960",)),
        ("Shop, The (Obchod) (1965)", ("The Shop", "Obchod"), ("Obchod", "1965")),
        ("Seven (a.k.a. Se7en)", ("Seven", "Se7en"), ("a.k.a. Se7en",)),
        ("Good, Bad and Ugly", ("Good, Bad and Ugly",), ()),
        ("Room, 237", ("Room, 237",), ()),
        ("(1999)", ("(1999)",), ()),
        ("霸王别姬 (1993)", ("霸王别姬",), ("1993",)),
    ],
)
def test_a_title_gives_its_names(title, names, qualifiers):
    assert readings(title) == (names, qualifiers)


def test_what_else_names_say():
    assert years(["1995 films", "2001: A Space Odyssey", "12345", "1995-03-02", "1990s"]) == {
        1995, 2001, 1990,
    }  # fmt: skip
    assert numbers(normalised("Rocky II")) == {"2"} == numbers(normalised("Rocky 2"))
    assert numbers(normalised("X Men")) == set() == numbers(normalised("I, Robot"))
    assert terms("Crème brûlée!") == {"creme", "brulee"}
    assert terms("王家卫 2046") == {"王家", "家卫", "2046"}
    assert parted("Crash (1996 film) ") == ("Crash", "1996 film")


@pytest.mark.slow
@given(st.text(max_size=60))
def test_every_title_can_be_read(title):
    names, _ = readings(title)
    assert names
    for name in (title, *names):
        assert normalised(normalised(name)) == normalised(name)
        assert len(terms(name)) <= len(name) * 20
    name_in(title)


@pytest.mark.parametrize("hostile", ["(" * 50_000, " " * 50_000 + "(", "a:" + "x" * 50_000 + " /"])
def test_hostile_names_take_no_time(hostile):
    """A step for every pair of characters takes minutes."""
    with within(2.0):
        names, _ = readings(hostile)
        inside = name_in(hostile)
    assert names
    assert len(inside) <= len(hostile)


# Candidates


def test_the_names_most_like_a_query_are_found_in_order():
    found, cosine = NameIndex(["Alien", "Aliens", "Heat"]).nearest(["ALIEN", "zzz"], 3)
    assert found.tolist() == [[0, 1, -1], [-1, -1, -1]]
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
    assert [one.entity_id for one in linked[:-1]] == [f"film/{i}" for i in range(len(CHINESE))]
    assert linked[-1].entity_id is None


def test_bearers_of_the_very_name_are_all_candidates_up_to_a_bound():
    facts = [Fact(f"e{i}", LABEL, "Episode (2001)", literal=True) for i in range(BEARERS + 9)]
    graph = entities(*facts, Fact(f"e{BEARERS + 8}", "part_of", "series"))
    candidates = Candidates(graph)
    assert candidates.bearers("episode") == BEARERS
    pairs = candidates.of([item_query(Item("x", "Episode"))])
    assert len(pairs.query) == BEARERS
    assert graph.numbers[f"e{BEARERS + 8}"] in pairs.entity


def test_vectors_find_what_names_do_not():
    graph = entities(
        Fact("evil", LABEL, "Evil Angels", literal=True),
        *(Fact(f"x{i}", LABEL, f"Something {i}", literal=True) for i in range(2 * LIKE)),
    )

    def encode(texts):
        close = np.array(["Evil" in t or "Cry" in t for t in texts])
        return np.stack([close, ~close], axis=1).astype(np.float32)

    query = [item_query(Item("a", "A Cry in the Dark"))]
    assert 0 not in Candidates(graph).of(query).entity
    pairs = Candidates(graph, encode).of(query)
    assert pairs.cosine[pairs.entity.tolist().index(0)] == 1
    assert len(set(pairs.entity.tolist())) == len(pairs.entity)


# Entities and features


def test_entities_know_names_neighbours_ties_and_years():
    graph = entities(
        Fact("crash", "rdfs:label", "Crash", literal=True, language="en"),
        Fact("crash", "alias", "Collision (film)", literal=True),
        Fact("crash", "director", DBR + "David_Cronenberg"),
        Fact("crash", "subject", DBR + "1996_films"),
        Fact("crash", "released", "1996-10-04", literal=True),
        Fact("item:7", "subject", DBR + "1996_films"),
        Fact("item:7", "label", "passed over", literal=True),
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


def test_features_tell_a_remake_from_the_first():
    graph = entities(
        Fact(DBR + "Crash_(1996_film)", "subject", DBR + "1996_drama_films"),
        Fact(DBR + "Crash_(2004_film)", "subject", DBR + "2004_drama_films"),
    )
    candidates = Candidates(graph)
    queries = [item_query(film("Crash", 1996, genre=("Drama",)))]
    pairs = candidates.of(queries)
    table = Features(graph, candidates).of(queries, pairs)
    rows = {
        graph.ids[e]: dict(zip(NAMES, table[p], strict=False)) for p, e in enumerate(pairs.entity)
    }
    first, second = rows[DBR + "Crash_(1996_film)"], rows[DBR + "Crash_(2004_film)"]
    assert first["exact"] == second["exact"] == 1
    assert (first["qualifier_year"], second["qualifier_year"]) == (1, -1)
    assert (first["near_year"], second["near_year"]) == (1, 0)
    assert (first["year_lead"], second["year_lead"]) == (1, -1)
    assert first["bearers"] == pytest.approx(np.log(3))
    # "1996" is said of one film and its category, "drama" of both films: they weigh the same.
    assert first["context"] == pytest.approx(1)
    assert second["context"] == pytest.approx(0.5)


def test_a_lead_is_over_the_best_other():
    group = np.array([0, 0, 0, 1, 2, 2])
    values = np.array([1.0, 3.0, 2.0, 5.0, 4.0, 4.0])
    assert lead(group, values).tolist() == [-2, 1, -1, 5, 0, 0]
    assert ranks(group, values).tolist() == [2, 0, 1, 0, 0, 1]
    assert lead(group[:0], values[:0]).tolist() == ranks(group[:0], values[:0]).tolist() == []


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-3, 3)), max_size=30))
def test_leads_and_ranks_by_definition(rows):
    rows = sorted(rows, key=lambda row: row[0])
    group = np.array([g for g, _ in rows], dtype=np.int64)
    values = np.array([float(v) for _, v in rows])
    for i, (leads, rank) in enumerate(zip(lead(group, values), ranks(group, values), strict=True)):
        others = [values[j] for j in range(len(rows)) if j != i and group[j] == group[i]]
        assert leads == (values[i] - max(others) if others else values[i])
        before = [j for j in range(len(rows)) if group[j] == group[i]]
        assert rank == sorted(before, key=lambda j: (-values[j], j)).index(i)


def test_ties_of_linked_entities_are_plausible():
    ties = binary([0, 1, 2, 3], [0, 0, 1, 1], (4, 2))
    found = plausible(ties, np.array([0]))
    # Smoothed: P(tie 0 | linked) = 2/3, P(tie 1 | linked) = 1/3; among the others 2/5 and 3/5.
    assert found[1] == pytest.approx(np.log((2 / 3) * (2 / 3) / ((2 / 5) * (2 / 5))))
    assert found[2] == pytest.approx(np.log((1 / 3) * (1 / 3) / ((3 / 5) * (3 / 5))))
    assert plausible(ties, np.array([], dtype=int)).tolist() == [0, 0, 0, 0]


# Confidence


def test_expected_calibration_error_by_hand():
    confidence = np.array([0.95, 0.85, 0.95, 0.35])
    right = np.array([True, True, False, False])
    # (0.9, 1]: two, mean .95, half right: .45; (0.8, .9]: .15; (0.3, .4]: .35.
    assert expected_calibration_error(confidence, right) == pytest.approx(
        (2 * 0.45 + 0.15 + 0.35) / 4
    )
    assert expected_calibration_error(np.array([0.0, 1.0]), np.array([False, True])) == 0
    assert expected_calibration_error(np.zeros(0), np.zeros(0, bool)) == 0


def test_the_threshold_is_the_least_that_is_precise_enough():
    confidence = np.array([0.9, 0.8, 0.7, 0.7, 0.6])
    right = np.array([True, True, False, True, True])
    assert threshold_for(0.8, confidence, right) == 0.6
    assert threshold_for(0.9, confidence, right) == 0.8
    assert threshold_for(0.9, confidence, ~right) == float("inf")


@given(st.lists(st.tuples(st.integers(0, 10), st.booleans()), min_size=1), st.floats(0.1, 1))
def test_a_threshold_keeps_its_promise(rows, precision):
    confidence = np.array([c / 10 for c, _ in rows])
    right = np.array([r for _, r in rows])
    threshold = threshold_for(precision, confidence, right)
    kept = right[confidence >= threshold]
    if len(kept):
        assert kept.mean() >= precision
    else:
        assert threshold == float("inf")
    for lower in np.unique(confidence[confidence < threshold]):
        assert right[confidence >= lower].mean() < precision


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
def test_it_learns_links_and_says_nil():
    facts, items, links = world()
    gone = {link.entity_id for link in links[::20]}
    graph = entities(*(fact for fact in facts if fact.subject not in gone))
    linker = Linker(graph).fit(links[::2], items)
    linked = linker.link(items)
    right = [one.entity_id == link.entity_id for one, link in zip(linked, links, strict=True)]
    made = [one.entity_id is not None for one in linked]
    assert sum(right) / sum(made) > 0.97
    assert sum(right) / (len(links) - len(gone)) > 0.95
    absent = [one for one, link in zip(linked, links, strict=True) if link.entity_id in gone]
    assert sum(one.entity_id is None for one in absent) >= len(absent) - 1
    assert [one.item_id for one in linked] == [item.item_id for item in items]
    assert linker.link([]) == []
    again = Linker(graph).fit(links[::2], items)
    assert again.threshold == linker.threshold
    assert again.link(items) == linked


@pytest.mark.slow
def test_without_known_links_it_links_what_is_sure():
    facts, items, links = world()
    graph = entities(*facts)
    few = Linker(graph).fit(links[: FEWEST - 1], items)
    linked = Linker(graph).link(items)
    assert few.link(items) == linked
    assert [one.entity_id for one in linked] == [link.entity_id for link in links]
    (unknown,) = Linker(graph).link([film("Velvet Mirage", 1985)])
    assert unknown.entity_id is None


def test_an_unsure_item_shows_its_candidates():
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


def test_one_to_one_gives_an_entity_to_the_surest():
    graph = entities(Fact(DBR + "Solaris_(1972_film)", "director", DBR + "Andrei_Tarkovsky"))
    items = [Item("remake", "Solaris"), film("Solaris", 1972, "first")]
    both = Linker(graph).link(items)
    assert [one.entity_id for one in both] == [DBR + "Solaris_(1972_film)"] * 2
    one = Linker(graph, one_to_one=True).link(items)
    assert [linked.entity_id for linked in one] == [None, DBR + "Solaris_(1972_film)"]


def test_a_mention_is_told_by_what_is_said_around_it():
    graph = entities(
        Fact("q1", LABEL, "Paris", literal=True),
        Fact("q1", "capital_of", DBR + "France"),
        Fact("q2", LABEL, "Paris", literal=True),
        Fact("q2", "county_seat_of", DBR + "Texas"),
        *(Fact(f"{DBR}Town_{i}", "in", DBR + "Texas") for i in range(9)),
    )
    mentions = [Mention("Paris", "the capital of France"), Mention("paris", "a town in Texas")]
    linked = Linker(graph).link_mentions(mentions)
    assert [one.candidates[0].entity_id for one in linked] == ["q1", "q2"]
    assert [one.item_id for one in linked] == ["0", "1"]
    assert mention_query("0", Mention("Crash (film)", "of 1996")).years == {1996}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=12)), max_size=4))
def test_any_text_can_be_asked(mentions):
    graph = entities(
        Fact("a", LABEL, "Alien", literal=True), Fact("a", "year", "1979", literal=True)
    )
    linked = Linker(graph).link_mentions([Mention(*mention) for mention in mentions])
    assert len(linked) == len(mentions)
    assert all(0 <= one.confidence <= 1 for one in linked)


def test_an_empty_graph_links_nothing():
    (linked,) = Linker(entities()).link([Item("a", "Alien")])
    assert (linked.entity_id, linked.confidence, linked.candidates) == (None, 0, ())


def test_links_that_teach_nothing_change_nothing():
    graph = entities(*(Fact(f"e{i}", LABEL, f"Name {i}", literal=True) for i in range(99)))
    items = [Item(str(i), f"Title {i}") for i in range(99)]
    gone = Linker(graph).fit([Link(item.item_id, "gone") for item in items], items)
    assert gone.link(items) == Linker(graph).link(items)
    assert Linker(graph).fit([], items).link([]) == []
