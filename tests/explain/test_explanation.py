"""Reasons: their words, which are shown first, and that they sum to the score."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import sparse

from tastegraph.core.config import RelationConfig
from tastegraph.core.records import Event
from tastegraph.explain.explainer import Explainer, Reason, reasons_for, shortlist
from tastegraph.explain.wording import EnglishTemplates
from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.models import filters
from tastegraph.models.base import (
    BEHAVIOUR,
    KNOWLEDGE,
    KNOWN,
    NETWORK,
    NEW,
    TEXT,
    SimilarityComponent,
)
from tastegraph.models.hybrid import Blend, HybridModel
from tastegraph.models.kernels import FactorKernel, FeatureKernel, NetworkKernel, TableKernel
from tastegraph.profiles.association import ITSELF, Associations, associate
from tastegraph.profiles.attention import Recency, SequenceAttention, attend
from tastegraph.profiles.interactions import History
from tastegraph.profiles.likers import Likers
from tastegraph.text.relations import phrase_of
from tests.support import serving_world

# Words.


@pytest.mark.parametrize(
    ("relation", "phrase"),
    [
        ("director", "director"),
        ("directed_by", "directed by"),
        ("age-rating", "age rating"),
        ("releaseYear", "release year"),
        ("http://dbpedia.org/ontology/birthPlace", "birth place"),
        ("http://www.w3.org/2004/02/skos/core#prefLabel", "pref label"),
        ("http://example.org/genre/", "genre"),
        ("film.film.directed_by", "directed by"),
        ("schema:productionCompany", "production company"),
        ("P57", "p57"),
        ("plays4Team", "plays4 team"),
        ("___", "___"),
        ("///", "///"),
        ("監督", "監督"),
    ],
)
def test_a_relation_is_read_by_the_last_part_of_its_name(relation, phrase):
    assert phrase_of(relation, {}) == phrase


def test_what_was_told_of_a_relation_goes_first():
    told = {
        "a.b": RelationConfig(phrase="Regie"),
        "c.d": RelationConfig(use=True),
        "e.f": RelationConfig(phrase=""),
    }
    assert phrase_of("a.b", told) == "Regie"
    assert phrase_of("c.d", told) == "d"
    assert phrase_of("e.f", told) == "f"


# Words and paths, in a small world.


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return serving_world.open_engine(tmp_path_factory.mktemp("small"))


def told(engine, liked, target, kind="like", relation=None):
    answer = engine.explain([Event("", "", liked, kind)], target)
    if relation is None:
        return list(answer.reasons)
    known = (reason for reason in answer.reasons if reason.kind == "knowledge")
    return [reason for reason in known if relation in {step.p for step in reason.path}]


def test_a_fact_of_the_target_about_the_liked_item_is_one_step(engine):
    (reason,) = told(engine, "western-0", "western-1", relation="prequel")
    assert reason.text == "its prequel is *Western No. 0*, which you liked"
    (step,) = reason.path
    assert (step.s, step.p, step.o) == ("item:western-1", "prequel", "item:western-0")
    assert (step.s_label, step.o_label) == ("Western No. 1", "Western No. 0")


def test_a_fact_of_the_liked_item_about_the_target_is_read_the_other_way(engine):
    (reason,) = told(engine, "western-1", "western-0", relation="prequel")
    assert reason.text == "prequel of *Western No. 1*, which you liked"
    (step,) = reason.path
    assert (step.s, step.o) == ("item:western-1", "item:western-0")


def test_a_shared_entity_is_two_steps(engine):
    (genre,) = told(engine, "space-0", "space-3", relation="genre")
    assert genre.text == "genre Space opera, like *Space opera No. 0*, which you liked"
    assert [(s.s, s.o, s.o_label) for s in genre.path] == [
        ("item:space-0", "genre:space", "Space opera"),
        ("item:space-3", "genre:space", "Space opera"),
    ]
    (unnamed,) = told(engine, "space-1", "space-3", relation="director")
    assert unnamed.text == "same director as *Space opera No. 1*, which you liked"


def test_an_affinity_is_one_step_from_the_target(engine):
    reasons = [r for r in told(engine, "space-0", "space-3") if r.kind == "affinity"]
    assert reasons
    (genre,) = (r for r in reasons if r.path[0].p == "genre")
    assert [(s.s, s.o) for s in genre.path] == [("item:space-3", "genre:space")]
    assert genre.text == (
        "6 people who like *Space opera No. 0*, which you liked, like something else with the "
        "genre Space opera too"
    )


def test_a_dislike_speaks_against_what_is_alike(engine):
    events = [Event("", "", "space-0", "like"), Event("", "", "western-1", "dislike")]
    answer = engine.explain(events, "western-3")
    against = [r for r in answer.reasons if r.item_id == "western-1"]
    assert {r.kind for r in against} >= {"behaviour", "knowledge"}
    assert all(r.share < 0 for r in against if r.kind == "knowledge")
    (behaviour,) = (r for r in against if r.kind == "behaviour")
    words, past = EnglishTemplates(), ("Western No. 1", events[1])
    if behaviour.share < 0:  # what is like a disliked film has a share below 0
        assert behaviour.text == words.users_like_both(*past, behaviour.support)
    else:
        assert behaviour.text == words.users_like_less(*past, behaviour.support, 7)


def test_of_a_stranger_nothing_is_known(engine):
    (reason,) = engine.explain([], "space-0").reasons
    assert (reason.kind, reason.item_id, reason.path) == ("popularity", None, ())
    assert reason.text == "liked by 6 people; nothing is known of your taste yet"
    assert reason.support == 6


def test_no_reason_is_said_twice(engine):
    said = [(r.text, r.path) for r in told(engine, "western-0", "western-1")]
    assert len(said) == len(set(said))


# Which are shown first.

reason_lists = st.lists(
    st.builds(
        Reason,
        kind=st.sampled_from(["behaviour", "knowledge", "text"]),
        share=st.sampled_from([-1.0, -0.5, 0.0, 0.25, 0.5, 1.0, 4.0]),
        event=st.integers(0, 3),
        events=st.sampled_from([1, 2, 40]),
    ),
    max_size=10,
)


@given(reason_lists, st.integers(0, 6))
def test_what_is_shown_speaks_for_the_item_and_is_of_every_kind(reasons, most):
    shown = shortlist(reasons, most, 0.0)
    speaking = [r for r in reasons if r.share > 0]
    assert len(shown) == min(most, len(speaking))
    assert all(r in speaking for r in shown)
    assert [r.share for r in shown] == sorted((r.share for r in shown), reverse=True)
    kinds = {r.kind for r in speaking}
    assert len({r.kind for r in shown}) == min(most, len(kinds))


def test_one_telling_event_goes_before_forty_of_little_weight():
    alone = Reason("knowledge", 0.5, event=0, feature=1)
    many = Reason("knowledge", 4.0, event=0, feature=2, events=40)
    assert shortlist([many, alone], 1, 4.5) == [alone]
    assert shortlist([alone, many], 2, 4.5) == [many, alone]


def test_a_small_reason_of_another_kind_is_shown_before_a_third_of_the_same():
    reasons = [Reason("behaviour", 3.0 - k, event=k) for k in range(3)]
    text = Reason("text", 0.1, event=0)
    assert shortlist([*reasons, text], 3, 6.1) == [*reasons[:2], text]


def test_less_than_a_hundredth_is_no_reason_unless_there_is_no_other():
    large, small = Reason("behaviour", 3.0, event=0), Reason("text", 0.01, event=0)
    assert shortlist([large, small], 3, 3.01) == [large]
    assert shortlist([small], 3, 3.01) == [small]


# Sums.

N, NODES = 7, 5


def small_model(rng):
    """A random model of every kind of part, over a random graph, some items cold."""
    n_edges = int(rng.integers(0, 30))
    table = rng.integers(0, [N, 2, N + NODES], (n_edges, 3))
    table = np.unique(table[table[:, 0] != table[:, 2]], axis=0).astype(np.int32)
    graph = KnowledgeGraph(
        [f"i{k}" for k in range(N)], [f"n{k}" for k in range(NODES)], [""] * (N + NODES),
        ["r", "s"], table[:, 0], table[:, 1], table[:, 2],
        np.arange(len(table), dtype=np.int64),
        rng.uniform(0.5, 1, len(table)).astype(np.float32),
    )  # fmt: skip
    associations = associate(graph)
    weights = rng.uniform(0.5, 1, 4).astype(np.float32)
    features = FeatureKernel(filters.knowledge_features(associations, weights))
    behaviour = rng.normal(size=(N, N)).astype(np.float32)
    np.fill_diagonal(behaviour, 0)
    left, right, values = rng.normal(size=(3, N, 4)).astype(np.float32)
    portions = rng.normal(size=(2, N, 4)).astype(np.float16) / 2
    attention = SequenceAttention(left, right, values, np.zeros(5, dtype=np.float32))
    parts = {
        BEHAVIOUR: SimilarityComponent(Recency(3.0, 0.5), TableKernel(behaviour)),
        NETWORK: SimilarityComponent(attention, NetworkKernel(values, right, *portions)),
        KNOWLEDGE: SimilarityComponent(Recency(None, 1.0), features),
        TEXT: SimilarityComponent(Recency(10.0, 1.0), FactorKernel(left, left)),
    }
    blend = Blend(
        warm={s: {p: float(rng.uniform(0.1, 1)) for p in parts} for s in ("new", "known")},
        cold={"new": {KNOWLEDGE: 1.0, TEXT: 0.3}, "known": {TEXT: 0.5}},
    )
    warm = rng.random(N) < 0.8
    likers = Likers.of_user_items(sparse.csr_array(rng.random((9, N)) < 0.3))
    people = likers.number(np.arange(N))
    return HybridModel(parts, blend, warm, np.arange(N), people, likers=likers), associations, graph


def small_history(rng):
    size = int(rng.integers(0, 9))
    return History(
        rng.integers(0, N, size).astype(np.int32),
        rng.choice([1.0, 0.5, 0.3, -0.3, -1.0], size).astype(np.float32),
    )


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32))
def test_one_history_and_many_score_alike(seed):
    rng = np.random.default_rng(seed)
    model, _, _ = small_model(rng)
    histories = [small_history(rng) for _ in range(3)]
    for part in model.components.values():
        together = part.kernel.score(attend(histories, part.attention, N))
        for row, history in zip(together, histories, strict=True):
            weights = part.attention(history)
            alone = part.kernel.row(history.items, weights)
            np.testing.assert_allclose(alone, row, atol=1e-4)
            for target in range(N):
                shares = weights * part.kernel.between(history.items, target)
                assert shares.sum() == pytest.approx(row[target], abs=1e-4)


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 5))
def test_the_short_list_is_what_all_reasons_would_give(seed, most):
    rng = np.random.default_rng(seed)
    model, associations, _ = small_model(rng)
    history = small_history(rng)
    ranked = model.rank(history)
    explainer = Explainer(model, associations, ranked)
    for target in set(range(N)) - set(history.items.tolist()):
        shown = explainer.shortlist(target, most)
        wanted = shortlist(explainer.reasons(target), most, float(ranked.scores[target]))
        assert [r.share for r in shown] == pytest.approx([r.share for r in wanted], rel=1e-4)
        assert [r.kind for r in shown] == [r.kind for r in wanted]


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
@example(362880)  # one item is liked and disliked: 1e-8 is left of 4 in float32
@example(1024)
def test_reasons_sum_to_the_score_of_every_item_not_in_the_history(seed):
    rng = np.random.default_rng(seed)
    model, associations, graph = small_model(rng)
    history = small_history(rng)
    ranked = model.rank(history)
    for target in set(range(N)) - set(history.items.tolist()):
        reasons = reasons_for(model, associations, ranked, target)
        score = float(ranked.scores[target])
        assert sum(r.share for r in reasons) == pytest.approx(score, abs=1e-3, rel=1e-3)
        sizes = [abs(r.share) for r in reasons]
        assert all(size < 1e4 for size in sizes)
        assert sizes == sorted(sizes, reverse=True)
        for reason in reasons:
            if reason.kind == "popularity":
                assert (reason.event, reasons) == (None, [reason])
                continue
            start = int(history.items[reason.event])
            assert start != target
            if reason.kind != "knowledge":
                assert (reason.feature, reason.facts) == (None, ())
                continue
            node = int(associations.node[reason.feature])
            assert ITSELF not in reason.facts
            ends = [item for item in (start, target) if item != node]
            for item, fact in zip(ends, reason.facts, strict=True):
                assert {int(graph.heads[fact]), int(graph.tails[fact])} == {item, node}


def known_by_features(table):
    """A model that ranks by these features alone, float32[I, features]."""
    strength = sparse.csr_array(table.astype(np.float32))
    n, width = strength.shape
    blend = {segment: {KNOWLEDGE: 1.0} for segment in ("new", "known")}
    associations = Associations(
        strength,
        facts=np.arange(strength.nnz),
        relation=np.zeros(width, np.int32),
        reverse=np.zeros(width, np.bool_),
        node=np.arange(n, n + width, dtype=np.int32),
    )
    parts = {KNOWLEDGE: SimilarityComponent(Recency(3.0, 1.0), FeatureKernel(strength))}
    model = HybridModel(parts, Blend(blend, blend), np.ones(n, bool), np.arange(n), np.ones(n, int))
    return model, associations


def test_what_shares_nothing_with_any_item_has_no_score():
    """Items 0 and 1 have features that no other item has."""
    for seed in range(20):
        table = np.zeros((8, 12))
        rng = np.random.default_rng(seed)
        table[0, :3], table[1, 3:6], table[2:, 6:] = rng.random(3), rng.random(3), 0.5
        model, associations = known_by_features(table)
        past = History(np.array([0, 1], np.int32), np.array([1, 0.3], np.float32))
        ranked = model.rank(past)
        shares = sum(r.share for r in reasons_for(model, associations, ranked, 0))
        assert shares == pytest.approx(ranked.scores[0], abs=1e-4)


def test_an_item_that_is_in_the_history_more_than_once_can_be_explained():
    for seed in range(50):
        rng = np.random.default_rng(seed)
        model, associations = known_by_features(rng.random((8, 6)) * (rng.random((8, 6)) < 0.4))
        weights = rng.choice([1, 0.3, -0.5], 9).astype(np.float32)
        ranked = model.rank(History(rng.integers(0, 3, 9).astype(np.int32), weights))
        for target in range(3):
            explainer = Explainer(model, associations, ranked)
            reasons, shown = explainer.reasons(target), explainer.shortlist(target, 3)
            score = float(ranked.scores[target])
            assert sum(r.share for r in reasons) == pytest.approx(score, abs=1e-3)
            assert all(r.share > 0 for r in shown)
            kinds = [r for r in reasons if r.share > 1e-3]
            assert min(len(kinds), 1) <= len(shown) <= min(len(reasons), 3)


def test_what_is_large_is_not_crowded_out_by_what_is_too_small_to_show():
    """Feature 0 is shared with 200 events, each worth 1; features 1 to 3 with one, worth 1.5."""
    rows = np.repeat(np.arange(204), [1] * 203 + [4])
    columns = np.array([0] * 200 + [1, 2, 3] + [0, 1, 2, 3])
    values = np.array([1.0] * 200 + [1.5] * 3 + [1.0] * 4, dtype=np.float32)
    features = sparse.csr_array((values, (rows, columns)), shape=(204, 4))
    associations = Associations(
        strength=features,
        facts=np.arange(207),
        relation=np.zeros(4, np.int32),
        reverse=np.zeros(4, bool),
        node=np.arange(204, 208, dtype=np.int32),
    )
    weights = {who: {KNOWLEDGE: 1.0} for who in (KNOWN, NEW)}
    model = HybridModel(
        components={KNOWLEDGE: SimilarityComponent(Recency(), FeatureKernel(features))},
        blend=Blend(weights, weights),
        warm=np.ones(204, bool),
        rows=np.arange(204),
        popularity=np.ones(204, np.int64),
    )
    history = History(np.arange(203, dtype=np.int32), np.ones(203, np.float32))
    ranked = model.rank(history)
    (shown,) = Explainer(model, associations, ranked).shortlist(203, 3)
    assert (shown.feature, shown.events) == (0, 200)
    assert shown.share == pytest.approx(ranked.scores[203] * 200 / 204.5, rel=1e-4)
